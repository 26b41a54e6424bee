// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/registries_conf.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>

#include <fmt/format.h>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include <algorithm>

namespace cairn::registry {
namespace {

constexpr std::uint64_t file_limit_bytes = std::uint64_t{1} << 20;

std::string at(const std::filesystem::path& file, const toml::source_region& where)
{
  return fmt::format("{}:{}:{}", printable(file.native()), where.begin.line, where.begin.column);
}

[[noreturn]] void fail(const std::filesystem::path& file, const toml::node& node, std::string_view problem)
{
  throw Error(Errc::bad_input, fmt::format("{}: {}", at(file, node.source()), problem));
}

std::string text_of(const toml::table& table, std::string_view key, const std::filesystem::path& file)
{
  const auto* node = table.get(key);
  if (node == nullptr) return {};
  const auto value = node->value_exact<std::string>();
  if (!value) fail(file, *node, fmt::format("'{}' is not a string", key));
  return *value;
}

bool flag_of(const toml::table& table, std::string_view key, const std::filesystem::path& file)
{
  const auto* node = table.get(key);
  if (node == nullptr) return false;
  const auto value = node->value_exact<bool>();
  if (!value) fail(file, *node, fmt::format("'{}' is neither true nor false", key));
  return *value;
}

/// The tables of an array of tables.
std::vector<const toml::table*> tables_of(const toml::table& table, std::string_view key, const std::filesystem::path& file)
{
  std::vector<const toml::table*> out;
  const auto* node = table.get(key);
  if (node == nullptr) return out;
  const auto* array = node->as_array();
  if (array == nullptr) fail(file, *node, fmt::format("'{}' is not an array of tables", key));
  for (const auto& element : *array) {
    if (!element.is_table()) fail(file, element, fmt::format("'{}' holds something that is no table", key));
    out.push_back(element.as_table());
  }
  return out;
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
  toml::table root;
  try {
    root = toml::parse(read_small_file(std::filesystem::canonical(file), file_limit_bytes), printable(file.native()));
  } catch (const toml::parse_error& error) {
    throw Error(Errc::bad_input, fmt::format("{}: {}", at(file, error.source()), error.description()));
  }
  if (const auto* old = root.get("registries")) {
    // Version 1: [registries.search] and its kin.
    throw Error(Errc::unsupported,
                fmt::format("{}: written in version 1 of registries.conf; this cairn reads version 2", at(file, old->source())));
  }
  if (const auto* search = root.get("unqualified-search-registries")) {
    if (!search->is_array()) fail(file, *search, "'unqualified-search-registries' is not an array");
    search_.clear();
    for (const auto& element : *search->as_array()) {
      const auto host = element.value_exact<std::string>();
      if (!host) fail(file, element, "'unqualified-search-registries' holds something that is no string");
      search_.push_back(*host);
    }
  }
  if (const auto* aliases = root.get("aliases")) {
    if (!aliases->is_table()) fail(file, *aliases, "'aliases' is not a table");
    for (const auto& [key, value] : *aliases->as_table()) {
      const auto target = value.value_exact<std::string>();
      if (!target) fail(file, value, "an alias is not a string");
      aliases_[std::string(key.str())] = *target;
    }
  }
  for (const auto* table : tables_of(root, "registry", file)) {
    Registry registry;
    registry.location = text_of(*table, "location", file);
    registry.prefix = text_of(*table, "prefix", file);
    if (registry.prefix.empty()) registry.prefix = registry.location;
    if (registry.prefix.empty()) fail(file, *table, "a [[registry]] with neither 'prefix' nor 'location'");
    if (registry.prefix.starts_with("*.")) registry.location = text_of(*table, "location", file);
    registry.insecure = flag_of(*table, "insecure", file);
    registry.blocked = flag_of(*table, "blocked", file);
    registry.digest_mirrors_only = flag_of(*table, "mirror-by-digest-only", file);
    for (const auto* mirror : tables_of(*table, "mirror", file)) {
      const auto by = text_of(*mirror, "pull-from-mirror", file);
      if (!by.empty() && by != "all" && by != "digest-only" && by != "tag-only")
        fail(file, *mirror, "'pull-from-mirror' is none of all, digest-only, tag-only");
      registry.mirrors.push_back({text_of(*mirror, "location", file), flag_of(*mirror, "insecure", file),
                                  by == "digest-only" ? PullBy::digest
                                  : by == "tag-only"  ? PullBy::tag
                                                      : PullBy::any});
      if (registry.mirrors.back().location.empty()) fail(file, *mirror, "a [[registry.mirror]] without 'location'");
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
