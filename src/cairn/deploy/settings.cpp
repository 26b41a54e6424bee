// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/settings.hpp>

#include <cairn/base/error.hpp>
#include <cairn/recipe/yaml.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace cairn::deploy {
namespace {

using recipe::Yaml;

std::string text(const Yaml& map, std::string_view key, std::string otherwise = {})
{
  const auto value = map.find(key);
  return value ? value->word() : std::move(otherwise);
}

bool flag(const Yaml& map, std::string_view key)
{
  const auto value = map.find(key);
  return value && value->boolean();
}

std::vector<std::string> texts(const Yaml& map, std::string_view key)
{
  const auto value = map.find(key);
  return value ? value->strings() : std::vector<std::string>{};
}

/// What most objects may be called (RFC 1123 label).
std::string object_name(const Yaml& value)
{
  const auto& name = value.word();
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (name.size() > 63 || !std::ranges::all_of(name, good) || name.front() == '-' || name.back() == '-')
    value.fail(fmt::format("{} is no object name: at most 63 of a-z, 0-9 and '-', which neither begins nor ends it", printable(name)));
  return name;
}

std::string object_name(const Yaml& map, std::string_view key, std::string otherwise = {})
{
  const auto value = map.find(key);
  return value ? object_name(*value) : std::move(otherwise);
}

std::string quantity(const Yaml& map, std::string_view key, std::string otherwise)
{
  const auto value = map.find(key);
  if (!value) return otherwise;
  const auto& word = value->word();
  const auto digits = std::min(word.find_first_not_of("0123456789."), word.size());
  static const std::set<std::string_view> units{"", "m", "k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "Pi"};
  if (digits == 0 || word.front() == '.' || !units.contains(std::string_view(word).substr(digits)))
    value->fail(fmt::format("{} is no quantity, as in '100Gi'", printable(word)));
  return word;
}

ClaimSettings read_claim(const Yaml& map, ClaimSettings otherwise)
{
  return {object_name(map, "claim", otherwise.name), quantity(map, "size", otherwise.size),
          text(map, "storage-class", otherwise.storage_class)};
}

std::string last_part(std::string_view reference)
{
  reference = reference.substr(0, reference.find('@'));
  const auto slash = reference.rfind('/');
  auto name = std::string(slash == std::string_view::npos ? reference : reference.substr(slash + 1));
  name.resize(std::min(name.find(':'), name.size()));
  std::ranges::replace_if(name, [](char c) { return c == '_' || c == '.'; }, '-');
  return name;
}

std::string tag_of(std::string_view reference)
{
  reference = reference.substr(0, reference.find('@'));
  const auto colon = reference.rfind(':');
  if (colon == std::string_view::npos || reference.find('/', colon) != std::string_view::npos) return "latest";
  return std::string(reference.substr(colon + 1));
}

ImageSettings read_image(const Yaml& map)
{
  map.check_keys({"reference", "name", "tag", "display-name", "description", "url", "commit", "order", "recommended", "tag-object",
                  "accelerators", "dependencies"});
  ImageSettings out;
  const auto reference = map.at("reference");
  out.reference = reference.word();
  out.place = reference.place();
  if (!out.reference.contains('/'))
    reference.fail(fmt::format("{} names no registry; write host/repository:tag", printable(out.reference)));
  out.name = object_name(map, "name", last_part(out.reference));
  out.tag = text(map, "tag", tag_of(out.reference));
  out.display_name = text(map, "display-name", out.name);
  out.description = text(map, "description");
  out.url = text(map, "url");
  out.commit = text(map, "commit");
  if (const auto order = map.find("order")) out.order = order->uint64(0, 100000);
  out.is_recommended = flag(map, "recommended");
  out.is_tag_object = flag(map, "tag-object");
  out.accelerators = texts(map, "accelerators");
  out.dependencies = texts(map, "dependencies");
  return out;
}

LibrarySettings read_library(const Yaml& map)
{
  map.check_keys(
      {"reference", "target", "mount", "claim", "size", "storage-class", "cairn-image", "pull-secret", "keep", "run-as-user", "populator"});
  LibrarySettings out;
  out.reference = map.at("reference").word();
  out.place = map.at("reference").place();
  out.target = text(map, "target");
  if (!out.target.empty() && !out.target.starts_with('/')) map.at("target").fail("is not absolute");
  if (const auto mount = map.find("mount")) {
    if (mount->word() != "claim" && mount->word() != "image")
      mount->fail(fmt::format("{} is neither 'claim' nor 'image'", printable(mount->word())));
    out.mount = mount->word() == "image" ? LibraryMount::image : LibraryMount::claim;
  }
  out.claim = read_claim(map, out.claim);
  out.cairn_image = text(map, "cairn-image");
  out.pull_secret = object_name(map, "pull-secret");
  if (const auto keep = map.find("keep")) out.keep = keep->uint64(1, 1000);
  if (const auto user = map.find("run-as-user")) {
    out.run_as_user = user->uint64(1, 4294967294);
  }
  if (const auto populator = map.find("populator")) {
    populator->check_keys({"api-group", "kind", "name"});
    out.populator = {populator->at("api-group").word(), populator->at("kind").word(), object_name(populator->at("name"))};
  } else if (out.cairn_image.empty() && out.mount == LibraryMount::claim) {
    map.fail("misses 'cairn-image', the image of cairn that the Job runs");
  }
  return out;
}

NotebookSettings read_notebook(const Yaml& map)
{
  map.check_keys({"name", "display-name", "user", "size-name", "claim", "size", "storage-class", "shm", "cpu", "cpu-limit", "memory"});
  NotebookSettings out;
  out.name = object_name(map.at("name"));
  out.display_name = text(map, "display-name", out.name);
  out.user = text(map, "user");
  out.size = text(map, "size-name", out.size);
  out.home = read_claim(map, {out.name, "20Gi", ""});
  out.shm = quantity(map, "shm", out.shm);
  out.cpu = quantity(map, "cpu", out.cpu);
  out.cpu_limit = quantity(map, "cpu-limit", out.cpu_limit);
  out.memory = quantity(map, "memory", out.memory);
  return out;
}

ShareSettings read_share(const Yaml& map)
{
  map.check_keys({"claim", "size", "storage-class", "path", "users", "read-only"});
  ShareSettings out;
  out.claim = {object_name(map.at("claim")), quantity(map, "size", "100Gi"), text(map, "storage-class")};
  const auto path = map.find("path");
  out.path = path ? path->word() : fmt::format("shares/{}", out.claim.name);
  if (path && (out.path.front() == '/' || std::filesystem::path(out.path).lexically_normal().native().starts_with("..")))
    path->fail("leads out of the home; write a path below it, as in 'shares/climate'");
  if (const auto users = map.find("users"); users && !(users->kind() == Yaml::Kind::scalar && users->string() == "everyone")) {
    out.users = users->strings();
    if (out.users.empty()) users->fail("is empty; write 'everyone' or a list of names");
  }
  out.is_read_only = flag(map, "read-only");
  return out;
}

SecretSource read_secret(const Yaml& map, std::string_view key)
{
  const auto value = map.at(key);
  if (value.kind() == Yaml::Kind::scalar) value.fail("a secret does not belong into a file like this; write {env: NAME} or {file: PATH}");
  value.check_keys({"env", "file"});
  SecretSource out{text(value, "env"), text(value, "file")};
  if (out.variable.empty() == out.file.empty()) value.fail("write either {env: NAME} or {file: PATH}");
  return out;
}

DataConnectionSettings read_connection(const Yaml& map)
{
  map.check_keys({"name", "display-name", "endpoint", "region", "bucket", "access-key-id", "secret-access-key"});
  DataConnectionSettings out;
  out.name = object_name(map.at("name"));
  out.display_name = text(map, "display-name", out.name);
  out.endpoint = map.at("endpoint").word();
  out.region = text(map, "region", "us-east-1");
  out.bucket = text(map, "bucket");
  out.access_key_id = read_secret(map, "access-key-id");
  out.secret_access_key = read_secret(map, "secret-access-key");
  return out;
}

std::string stream_tag(const Yaml& value)
{
  const auto& word = value.word();
  const auto colon = word.find(':');
  if (colon == 0 || colon == std::string::npos || colon + 1 == word.size() || word.contains('/'))
    value.fail(fmt::format("{} is no ImageStream tag, as in 'notebook:1.4'", printable(word)));
  return word;
}

BuildSettings read_build(const Yaml& map)
{
  map.check_keys({"git", "ref", "context", "containerfile", "from", "output"});
  BuildSettings out;
  out.git = map.at("git").word();
  out.ref = text(map, "ref");
  out.context = text(map, "context");
  out.containerfile = text(map, "containerfile", out.containerfile);
  out.from = stream_tag(map.at("from"));
  out.output = stream_tag(map.at("output"));
  return out;
}

BuilderSettings read_builder(const Yaml& map)
{
  map.check_keys({"image", "cpu", "memory", "size"});
  BuilderSettings out;
  out.image = map.at("image").word();
  out.cpu = quantity(map, "cpu", out.cpu);
  out.memory = quantity(map, "memory", out.memory);
  out.size = quantity(map, "size", out.size);
  return out;
}

std::vector<EnvironmentSettings> read_environments(const Yaml& map)
{
  std::vector<EnvironmentSettings> out;
  for (const auto& [name, one] : map.map()) {
    one.check_keys({"namespace", "storage-class", "library-size", "image"});
    if (name.empty() || name == "." || name == ".." || name.contains('/'))
      map.fail(fmt::format("{} cannot name a directory", printable(name)));
    out.push_back({name, object_name(one, "namespace"), text(one, "storage-class"), quantity(one, "library-size", ""), text(one, "image")});
  }
  std::ranges::sort(out, {}, &EnvironmentSettings::name);
  return out;
}

Settings from(const Yaml& root)
{
  root.check_keys({"namespace", "argocd-waves", "image", "library", "notebook", "shares", "data-connection", "build", "builder",
                   "jupyterhub-profiles", "environments"});
  Settings out;
  out.space = object_name(root, "namespace");
  out.has_waves = flag(root, "argocd-waves");
  out.has_profiles = flag(root, "jupyterhub-profiles");
  if (const auto map = root.find("image")) out.image = read_image(*map);
  if (const auto map = root.find("library")) out.library = read_library(*map);
  if (const auto map = root.find("notebook")) out.notebook = read_notebook(*map);
  if (const auto list = root.find("shares"))
    for (const auto& one : list->list()) out.shares.push_back(read_share(one));
  if (const auto map = root.find("data-connection")) out.data_connection = read_connection(*map);
  if (const auto map = root.find("build")) out.build = read_build(*map);
  if (const auto map = root.find("builder")) out.builder = read_builder(*map);
  if (const auto map = root.find("environments")) out.environments = read_environments(*map);
  if (out.notebook && !out.image) root.at("notebook").fail("needs `image`, which it runs");
  if (out.notebook && out.space.empty()) root.at("notebook").fail("needs `namespace`, which is in its address");
  if (out.builder && !out.library) root.at("builder").fail("needs `library`, whose volume it writes");
  if (out.has_profiles && !out.image) root.at("jupyterhub-profiles").fail("needs `image`, which profiles are for");
  return out;
}

}  // namespace

Settings Settings::parse(std::string_view text, std::string what)
{
  auto out = from(recipe::YamlDocument::parse(text, what).root());
  out.path = std::move(what);
  return out;
}

Settings Settings::read(const std::filesystem::path& path)
{
  auto out = from(recipe::YamlDocument::read(path).root());
  out.path = path;
  return out;
}

}  // namespace cairn::deploy
