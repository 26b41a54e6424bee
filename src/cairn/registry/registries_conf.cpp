// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/registries_conf.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/toml/toml.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::registry {
namespace {

constexpr std::uint64_t file_limit_bytes = std::uint64_t{1} << 20;

bool flag_of(const oci::Json& table, std::string_view key)
{
  const auto value = table.find(key);
  return value && value->boolean();
}

PullBy pull_by(const oci::Json& mirror)
{
  const auto by = mirror.text("pull-from-mirror");
  if (by.empty() || by == "all") return PullBy::any;
  if (by == "digest-only") return PullBy::digest;
  if (by == "tag-only") return PullBy::tag;
  mirror.at("pull-from-mirror").fail("is none of all, digest-only, tag-only");
}

/// Whether `prefix` covers `name`: whole parts, or `*.example.com`.
bool covers(std::string_view prefix, const Name& name)
{
  const auto path = name.path();
  if (prefix.starts_with("*.")) {
    const auto slash = prefix.find('/');
    return slash == std::string_view::npos && name.host.ends_with(prefix.substr(1));
  }
  if (!path.starts_with(prefix)) return false;
  return path.size() == prefix.size() || path[prefix.size()] == '/' ||
         (prefix.find('/') == std::string_view::npos && path[prefix.size()] == ':');
}

/// `name` with `prefix` replaced by `location`.
Name moved(const Name& name, std::string_view prefix, const std::string& location)
{
  if (location.empty()) return name;
  const auto rest = prefix.starts_with("*.") ? name.path().substr(name.host.size()) : name.path().substr(prefix.size());
  auto out = Name::parse(location + rest);
  out.tag = name.tag;
  out.digest = name.digest;
  return out;
}

}  // namespace

void RegistriesConf::add(const std::filesystem::path& file)
{
  const auto what = printable(file.native());
  const auto json = toml::as_json(read_small_file(std::filesystem::canonical(file), file_limit_bytes), what);
  const auto document = oci::JsonDocument::parse(json, what);
  const auto root = document.root();
  // Version 1: [registries.search] and its kin.
  if (root.find("registries"))
    throw Error(Errc::unsupported, fmt::format("{}: written in version 1 of registries.conf; this cairn reads version 2", what));
  if (const auto search = root.find("unqualified-search-registries")) search_ = search->strings();
  if (const auto aliases = root.find("aliases"))
    for (const auto alias : aliases->object()) aliases_[std::string(alias.key())] = alias.string();
  const auto tables = root.find("registry");
  if (!tables) return;
  for (const auto table : tables->array()) {
    Registry registry;
    registry.location = table.text("location");
    registry.prefix = table.text("prefix");
    if (registry.prefix.empty()) registry.prefix = registry.location;
    if (registry.prefix.empty()) table.fail("has neither 'prefix' nor 'location'");
    registry.insecure = flag_of(table, "insecure");
    registry.blocked = flag_of(table, "blocked");
    registry.digest_mirrors_only = flag_of(table, "mirror-by-digest-only");
    if (const auto mirrors = table.find("mirror"))
      for (const auto mirror : mirrors->array()) {
        registry.mirrors.push_back({mirror.text("location"), flag_of(mirror, "insecure"), pull_by(mirror)});
        if (registry.mirrors.back().location.empty()) mirror.fail("has no 'location'");
      }
    registries_[registry.prefix] = registry;
  }
}

RegistriesConf RegistriesConf::load(const std::filesystem::path& file, const std::filesystem::path& directory)
{
  RegistriesConf conf;
  std::error_code ignored;
  if (!file.empty() && std::filesystem::exists(file, ignored)) conf.add(file);
  if (directory.empty() || !std::filesystem::is_directory(directory, ignored)) return conf;
  std::vector<std::filesystem::path> more;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.path().extension() == ".conf") more.push_back(entry.path());
  std::ranges::sort(more);
  for (const auto& one : more) conf.add(one);
  return conf;
}

Name RegistriesConf::resolve(std::string_view text) const
{
  if (Name::names_host(text)) return Name::parse(text);
  const auto end = std::min(text.find('@'), text.rfind(':') == std::string_view::npos ? text.size() : text.rfind(':'));
  const auto plain = std::string(text.substr(0, std::min(end, text.find('@'))));
  const auto tail = std::string(text.substr(plain.size()));
  if (const auto alias = aliases_.find(plain); alias != aliases_.end()) return Name::parse(alias->second + tail);
  if (!search_.empty() && search_.front() != hub_host) return Name::parse(search_.front() + '/' + std::string(text));
  return Name::parse(text);
}

const RegistriesConf::Registry* RegistriesConf::find(const Name& name) const
{
  const Registry* best = nullptr;
  for (const auto& [prefix, registry] : registries_)
    if (covers(prefix, name) && (best == nullptr || prefix.size() > best->prefix.size())) best = &registry;
  if (best != nullptr && best->blocked)
    throw Error(Errc::permission, fmt::format("{}: registries.conf blocks {}", name.str(), printable(best->prefix)));
  return best;
}

std::vector<Endpoint> RegistriesConf::pull_from(const Name& name) const
{
  std::vector<Endpoint> out;
  const auto* registry = find(name);
  if (registry == nullptr) return {{name}};
  for (const auto& mirror : registry->mirrors) {
    const bool by_digest = name.digest.has_value();
    const auto by = registry->digest_mirrors_only ? PullBy::digest : mirror.by;
    if (by == PullBy::any || (by == PullBy::digest) == by_digest)
      out.push_back({moved(name, registry->prefix, mirror.location), mirror.insecure, true});
  }
  out.push_back({moved(name, registry->prefix, registry->location), registry->insecure});
  return out;
}

Endpoint RegistriesConf::push_to(const Name& name) const
{
  const auto* registry = find(name);
  if (registry == nullptr) return {name};
  return {moved(name, registry->prefix, registry->location), registry->insecure};
}

}  // namespace cairn::registry
