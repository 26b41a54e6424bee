// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/document.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace cairn::library {
namespace {

using oci::Json;
using oci::JsonWriter;
using oci::UnknownKeys;

constexpr std::array kinds{UnitKind::software, UnitKind::shared, UnitKind::rest};

std::vector<std::string> strings(const Json& object, std::string_view key)
{
  const auto found = object.find(key);
  return found ? found->strings() : std::vector<std::string>{};
}

std::string text(const Json& object, std::string_view key)
{
  const auto found = object.find(key);
  return found ? std::string(found->string()) : std::string{};
}

bool flag(const Json& object, std::string_view key, bool otherwise)
{
  const auto found = object.find(key);
  return found ? found->boolean() : otherwise;
}

void write(JsonWriter& json, const FragmentInfo& fragment)
{
  json.begin_object().member("unit", fragment.unit);
  if (!fragment.live) json.member("live", false);
  json.member("plainDigest", fragment.plain_digest).member("plainSize", fragment.plain_bytes);
  json.member("digest", fragment.packed_digest).member("size", fragment.packed_bytes).member("offset", fragment.offset);
  json.begin_array("roots");
  // A directory is written with a slash at its end.
  for (const auto& root : fragment.roots) json.value(root.is_directory ? root.path + "/" : root.path);
  json.end_array().end_object();
}

FragmentInfo read_fragment(const Json& json)
{
  json.check_keys({"unit", "live", "plainDigest", "plainSize", "digest", "size", "offset", "roots"}, UnknownKeys::accept);
  FragmentInfo fragment;
  fragment.unit = json.at("unit").string();
  fragment.live = flag(json, "live", true);
  fragment.plain_digest = json.at("plainDigest").digest();
  fragment.plain_bytes = json.at("plainSize").uint64();
  fragment.packed_digest = json.at("digest").digest();
  fragment.packed_bytes = json.at("size").uint64();
  fragment.offset = json.at("offset").uint64();
  for (auto& path : json.at("roots").strings()) {
    const bool is_directory = path.ends_with('/');
    if (is_directory) path.pop_back();
    fragment.roots.push_back({std::move(path), is_directory});
  }
  return fragment;
}

void write(JsonWriter& json, const LayerInfo& layer)
{
  json.begin_object().member("digest", layer.digest).member("size", layer.size_bytes);
  json.member("diffId", layer.diff_id).member("plainSize", layer.plain_bytes);
  json.begin_object("compression").member("codec", name(layer.compression.codec)).member("level", layer.compression.level).end_object();
  json.begin_array("fragments");
  for (const auto& fragment : layer.fragments) write(json, fragment);
  json.end_array();
  json.member_unless_empty("opaque", layer.opaque).member_unless_empty("removed", layer.removed);
  if (layer.reason) json.member("reason", name(*layer.reason));
  json.end_object();
}

LayerInfo read_layer(const Json& json)
{
  LayerInfo layer;
  layer.digest = json.at("digest").digest();
  layer.size_bytes = json.at("size").uint64();
  layer.diff_id = json.at("diffId").digest();
  layer.plain_bytes = json.at("plainSize").uint64();
  const auto compression = json.at("compression");
  const auto codec = codec_from(compression.at("codec").string());
  if (!codec) compression.at("codec").fail("unknown codec");
  layer.compression = {*codec, static_cast<int>(compression.at("level").uint64(100))};
  for (const auto fragment : json.at("fragments").array()) {
    layer.fragments.push_back(read_fragment(fragment));
    const auto& read = layer.fragments.back();
    if (read.offset > layer.size_bytes || read.packed_bytes > layer.size_bytes - read.offset)
      fragment.fail(fmt::format("the range of {} bytes from {} lies outside its layer of {}", read.packed_bytes, read.offset, layer.size_bytes));
  }
  layer.opaque = strings(json, "opaque");
  layer.removed = strings(json, "removed");
  layer.reason = layer_reason_from(text(json, "reason"));
  return layer;
}

void write(JsonWriter& json, const Requirement& requirement)
{
  if (requirement.empty()) return;
  json.begin_object("requires").member_unless_empty("cpu", requirement.cpu).member_unless_empty("gpu", requirement.gpu).end_object();
}

Requirement read_requirement(const Json& module)
{
  const auto found = module.find("requires");
  return found ? Requirement{text(*found, "cpu"), text(*found, "gpu")} : Requirement{};
}

void write(JsonWriter& json, const UnitInfo& unit)
{
  json.begin_object().member("name", unit.name).member("kind", name(unit.kind));
  if (!unit.modules.empty()) {
    json.begin_array("modules");
    for (const auto& module : unit.modules) {
      json.begin_object().member("name", module.name).member("path", module.path).member("modulepath", module.modulepath);
      if (module.hidden) json.member("hidden", true);
      json.member_unless_empty("description", module.description).member_unless_empty("url", module.url);
      json.member_unless_empty("category", module.category).member_unless_empty("extensions", module.extensions);
      write(json, module.requirement);
      json.end_object();
    }
    json.end_array();
  }
  json.member_unless_empty("dependencies", unit.dependencies).member_unless_empty("missing", unit.missing);
  json.member("files", unit.files).member("contentSize", unit.content_bytes).end_object();
}

UnitInfo read_unit(const Json& json)
{
  UnitInfo unit;
  unit.name = json.at("name").string();
  const auto kind_text = json.at("kind").string();
  const auto kind = std::ranges::find(kinds, kind_text, [](UnitKind k) { return name(k); });
  if (kind == kinds.end()) json.at("kind").fail("unknown kind of unit");
  unit.kind = *kind;
  if (const auto modules = json.find("modules"))
    for (const auto module : modules->array())
      unit.modules.push_back({std::string(module.at("name").string()), std::string(module.at("path").string()),
                              std::string(module.at("modulepath").string()), flag(module, "hidden", false), text(module, "description"),
                              text(module, "url"), text(module, "category"), strings(module, "extensions"), read_requirement(module)});
  unit.dependencies = strings(json, "dependencies");
  unit.missing = strings(json, "missing");
  unit.files = json.at("files").uint64();
  unit.content_bytes = json.at("contentSize").uint64();
  return unit;
}

void check(const Document& document, const std::string& what)
{
  const auto bad = [&](const std::string& why) { throw Error(Errc::bad_input, fmt::format("{}: {}", what, why)); };
  std::map<std::string_view, std::size_t> live;
  for (const auto& layer : document.layers)
    for (const auto& fragment : layer.fragments)
      if (fragment.live) ++live[fragment.unit];
  for (const auto& unit : document.units)
    if (const auto found = live.find(unit.name); found == live.end() || found->second != 1)
      bad(fmt::format("unit {} has {} live fragments, expected 1", printable(unit.name), found == live.end() ? 0 : found->second));
  if (live.size() != document.units.size()) bad("a live fragment belongs to no unit");
  if (!std::ranges::is_sorted(document.units, {}, &UnitInfo::name)) bad("units are not sorted by name");
}

}  // namespace

std::string_view name(UnitKind kind)
{
  switch (kind) {
    case UnitKind::software: return "software";
    case UnitKind::shared: return "shared";
    case UnitKind::rest: return "rest";
  }
  return "rest";
}

Document Document::parse(std::string_view json_text, const std::string& what)
{
  const auto json = oci::JsonDocument::parse(json_text, what);
  const auto root = json.root();
  const auto format = root.at("format").uint64();
  if (format > document_format)
    throw Error(Errc::unsupported, fmt::format("{}: format {} is newer than {}, the newest this version reads; use a newer cairn", what, format, document_format));
  Document document;
  document.target = root.at("target").string();
  document.budget_layers = root.at("budget").uint64(100'000);
  document.modulepath = strings(root, "modulepath");
  for (const auto layer : root.at("layers").array()) document.layers.push_back(read_layer(layer));
  for (const auto unit : root.at("units").array()) document.units.push_back(read_unit(unit));
  if (const auto aliases = root.find("aliases"))
    for (const auto alias : aliases->array()) document.aliases.push_back({std::string(alias.at("name").string()), std::string(alias.at("target").string())});
  document.featured = strings(root, "featured");
  document.rest = strings(root, "rest");
  document.dropped = strings(root, "dropped");
  check(document, what);
  return document;
}

std::string Document::json() const
{
  JsonWriter json;
  json.begin_object().member("format", document_format).member("target", target).member("budget", budget_layers);
  json.member("modulepath", modulepath);
  json.begin_array("layers");
  for (const auto& layer : layers) write(json, layer);
  json.end_array().begin_array("units");
  for (const auto& unit : units) write(json, unit);
  json.end_array();
  if (!aliases.empty()) {
    json.begin_array("aliases");
    for (const auto& alias : aliases) json.begin_object().member("name", alias.name).member("target", alias.target).end_object();
    json.end_array();
  }
  json.member_unless_empty("featured", featured).member_unless_empty("rest", rest).member_unless_empty("dropped", dropped);
  json.end_object();
  return json.finish();
}

std::optional<Document::Place> Document::find(std::string_view unit_name) const
{
  for (std::size_t i = 0; i < layers.size(); ++i)
    for (std::size_t j = 0; j < layers[i].fragments.size(); ++j)
      if (layers[i].fragments[j].live && layers[i].fragments[j].unit == unit_name) return Place{i, j};
  return std::nullopt;
}

const UnitInfo* Document::unit(std::string_view unit_name) const
{
  const auto found = std::ranges::lower_bound(units, unit_name, {}, &UnitInfo::name);
  return found != units.end() && found->name == unit_name ? &*found : nullptr;
}

}  // namespace cairn::library
