// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/credentials.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/lock.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/registry/base64.hpp>
#include <cairn/registry/helper.hpp>
#include <cairn/registry/name.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include <sys/stat.h>

namespace cairn::registry {
namespace {

constexpr std::uint64_t file_limit_bytes = std::uint64_t{1} << 20;
/// Docker's own name for its registry, in files and helpers.
constexpr const char* hub_key = "https://index.docker.io/v1/";

bool is_there(const std::filesystem::path& file)
{
  std::error_code ignored;
  return !file.empty() && std::filesystem::exists(file, ignored);
}

/// `https://host/v1/` and the like, as old Docker wrote them, mean the host.
std::string host_of_key(std::string_view key)
{
  for (const std::string_view scheme : {"https://", "http://"})
    if (key.starts_with(scheme)) {
      key.remove_prefix(scheme.size());
      key = key.substr(0, key.find('/'));
    }
  while (key.ends_with('/')) key.remove_suffix(1);
  if (key == "index.docker.io" || key == hub_server) key = hub_host;
  return std::string(key);
}

std::string server_name(const std::string& host) { return host == hub_host ? hub_key : host; }

std::string host_of(const std::string& path) { return path.substr(0, path.find('/')); }

/// A file of credentials, read.
class AuthFile {
public:
  explicit AuthFile(const std::filesystem::path& path)
      : path_(path),
        document_(oci::JsonDocument::parse(read_small_file(std::filesystem::canonical(path), file_limit_bytes), printable(path.native())))
  {
    if (document_.root().kind() != oci::Json::Kind::object) document_.root().fail("not an object");
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 0077) != 0)
      log::warn("{}: others may read it; chmod 600 keeps its passwords", printable(path.native()));
  }

  [[nodiscard]] std::optional<std::string> helper(const std::string& host) const
  {
    if (const auto helpers = root().find("credHelpers"))
      for (const auto& key : {host, server_name(host)})
        if (const auto helper = helpers->find(key)) return std::string(helper->string());
    return std::nullopt;
  }
  [[nodiscard]] std::optional<std::string> store() const
  {
    const auto store = root().find("credsStore");
    return store && !store->string().empty() ? std::optional(std::string(store->string())) : std::nullopt;
  }
  /// ~/.dockercfg has the entries at its top.
  [[nodiscard]] std::optional<oci::Json> auths() const { return path_.filename() == ".dockercfg" ? root() : root().find("auths"); }

  [[nodiscard]] std::optional<Credentials> find(const std::string& path) const
  {
    const auto entries = auths();
    if (!entries) return std::nullopt;
    for (auto wanted = path;;) {
      for (const oci::Json entry : entries->object())
        if (entry.key() == wanted || (wanted == host_of(path) && host_of_key(entry.key()) == wanted))
          if (auto found = read(entry)) return found;
      const auto slash = wanted.rfind('/');
      if (slash == std::string::npos) return std::nullopt;
      wanted.resize(slash);
    }
  }
  [[nodiscard]] oci::Json root() const { return document_.root(); }

private:
  [[nodiscard]] std::optional<Credentials> read(const oci::Json& entry) const
  {
    Credentials out;
    out.origin = printable(path_.native());
    if (const auto auth = entry.find("auth"); auth && !auth->string().empty()) {
      auto text = from_base64(auth->string());
      if (!text) auth->fail("not base64");
      while (text->ends_with('\0')) text->pop_back();
      const auto colon = text->find(':');
      if (colon == std::string::npos) auth->fail("no colon between user and password");
      out.user = text->substr(0, colon);
      out.password = Secret(text->substr(colon + 1));
    } else if (const auto user = entry.find("username")) {
      out.user = std::string(user->string());
      if (const auto password = entry.find("password")) out.password = Secret(std::string(password->string()));
    }
    if (const auto token = entry.find("identitytoken"); token && !token->string().empty())
      out.identity_token = Secret(std::string(token->string()));
    if (out.user.empty() && out.identity_token.empty()) return std::nullopt;
    return out;
  }

  std::filesystem::path path_;
  oci::JsonDocument document_;
};

/// Replace `auths` of `file` by what `edit` writes into an open object; other members stay.
void edit_auths(const std::filesystem::path& file, const std::function<void(oci::JsonWriter&, const std::optional<oci::Json>&)>& edit,
                const Task& task)
{
  std::error_code problem;
  if (file.has_parent_path() && std::filesystem::create_directories(file.parent_path(), problem))
    std::filesystem::permissions(file.parent_path(), std::filesystem::perms::owner_all, problem);
  const FileLock lock(file.native() + ".lock", LockMode::exclusive, task);
  const auto old = is_there(file) ? std::optional<AuthFile>(file) : std::nullopt;
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object();
  if (old)
    for (const oci::Json member : old->root().object())
      if (member.key() != "auths") json.key(member.key()).value(member);
  json.begin_object("auths");
  edit(json, old ? old->root().find("auths") : std::nullopt);
  json.end_object().end_object();
  const auto target = is_there(file) ? std::filesystem::canonical(file) : file;
  write_file_atomically(target, json.finish() + '\n', Flush::yes, 0600);
}

std::optional<std::string> helper_for(const std::filesystem::path& file, const std::string& host)
{
  if (!is_there(file)) return std::nullopt;
  const AuthFile auth(file);
  auto helper = auth.helper(host);
  return helper ? helper : auth.store();
}

}  // namespace

Credentials Credentials::parse(std::string_view text)
{
  const auto colon = text.find(':');
  if (colon == 0 || text.empty()) throw Error(Errc::bad_input, "--creds: no user name; give USER or USER:PASSWORD");
  Credentials out;
  out.user = std::string(text.substr(0, colon));
  if (colon != std::string_view::npos) out.password = Secret(std::string(text.substr(colon + 1)));
  out.origin = "--creds";
  return out;
}

std::vector<std::filesystem::path> AuthPlaces::files() const
{
  if (!authfile.empty()) return {authfile};
  std::vector<std::filesystem::path> out;
  if (!runtime_dir.empty()) out.push_back(runtime_dir / "containers" / "auth.json");
  if (!config_home.empty()) out.push_back(config_home / "containers" / "auth.json");
  else if (!home.empty()) out.push_back(home / ".config" / "containers" / "auth.json");
  if (!docker_config.empty()) out.push_back(docker_config / "config.json");
  else if (!home.empty()) out.push_back(home / ".docker" / "config.json");
  if (!home.empty()) out.push_back(home / ".dockercfg");
  return out;
}

std::filesystem::path AuthPlaces::writable() const
{
  const auto all = files();
  if (all.empty()) throw Error(Errc::bad_input, "no place for credentials, since HOME is not set: give --authfile FILE");
  return all.front();
}

std::optional<Credentials> find_credentials(const AuthPlaces& places, const std::string& path, const Task& task)
{
  const auto host = host_of(path);
  if (!places.authfile.empty() && !is_there(places.authfile))
    throw Error(Errc::not_found, fmt::format("{}: no such file of credentials", printable(places.authfile.native())));
  for (const auto& file : places.files()) {
    if (!is_there(file)) continue;
    const AuthFile auth(file);
    if (const auto helper = auth.helper(host))
      if (auto found = ask_helper(*helper, server_name(host), places.helper_deadline, task)) return found;
    if (auto found = auth.find(path)) return found;
    if (const auto store = auth.store())
      if (auto found = ask_helper(*store, server_name(host), places.helper_deadline, task)) return found;
  }
  return std::nullopt;
}

std::string store_credentials(const AuthPlaces& places, const std::string& key, const Credentials& credentials, const Task& task)
{
  const auto file = places.writable();
  if (const auto helper = helper_for(file, host_of(key))) {
    tell_helper(*helper, server_name(key), credentials, places.helper_deadline, task);
    return "docker-credential-" + *helper;
  }
  edit_auths(
      file,
      [&](oci::JsonWriter& json, const std::optional<oci::Json>& old) {
        if (old)
          for (const oci::Json entry : old->object())
            if (entry.key() != key) json.key(entry.key()).value(entry);
        json.begin_object(key);
        json.member("auth", to_base64(credentials.user + ':' + credentials.password.reveal()));
        json.member_unless_empty("identitytoken", credentials.identity_token.reveal());
        json.end_object();
      },
      task);
  return printable(file.native());
}

bool erase_credentials(const AuthPlaces& places, const std::string& key, const Task& task)
{
  const auto file = places.writable();
  bool erased = false;
  if (const auto helper = helper_for(file, host_of(key))) erased = erase_in_helper(*helper, server_name(key), places.helper_deadline, task);
  if (!std::ranges::count(stored_keys(places), key)) return erased;
  edit_auths(
      file,
      [&](oci::JsonWriter& json, const std::optional<oci::Json>& old) {
        for (const oci::Json entry : old->object())
          if (entry.key() != key) json.key(entry.key()).value(entry);
      },
      task);
  return true;
}

std::vector<std::string> stored_keys(const AuthPlaces& places)
{
  std::vector<std::string> keys;
  const auto file = places.writable();
  if (!is_there(file)) return keys;
  const AuthFile auth(file);
  if (const auto entries = auth.auths())
    for (const oci::Json entry : entries->object()) keys.emplace_back(entry.key());
  return keys;
}

}  // namespace cairn::registry
