// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/generation.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/volume/small_file.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <fcntl.h>

namespace cairn::volume {
namespace {

constexpr std::size_t key_digits = 32;
constexpr std::size_t id_digits = 16;
constexpr std::size_t least_id_digits = 4;

library::RootPath root_from(std::string_view text)
{
  const bool directory = text.ends_with('/');
  return {std::string(text.substr(0, text.size() - (directory ? 1 : 0))), directory};
}

std::string root_text(const library::RootPath& root) { return root.is_directory ? root.path + "/" : root.path; }

PouredUnit read_unit(const oci::Json& json)
{
  PouredUnit unit;
  unit.name = json.at("name").string();
  unit.key = json.at("key").string();
  if (unit.key.size() != key_digits || unit.key.find_first_not_of("0123456789abcdef") != std::string::npos)
    json.at("key").fail("is no key of a unit");
  unit.plain_digest = json.at("plainDigest").digest();
  unit.plain_bytes = json.at("plainSize").uint64();
  unit.files = json.at("files").uint64();
  unit.content_bytes = json.at("contentSize").uint64();
  for (const auto& root : json.at("roots").strings()) unit.roots.push_back(root_from(root));
  return unit;
}

}  // namespace

std::string unit_key(const library::FragmentInfo& fragment)
{
  auto text = fmt::format("unit 1\n{}\n", fragment.plain_digest.str());
  for (const auto& root : fragment.roots) text += root_text(root) + "\n";
  return sha256(text).hex().substr(0, key_digits);
}

std::string generation_id(const Digest& manifest, const std::vector<std::string>& modules)
{
  auto sorted = modules;
  std::ranges::sort(sorted);
  auto text = fmt::format("generation 1\n{}\n", manifest.str());
  for (const auto& module : sorted) text += module + "\n";
  return sha256(text).hex().substr(0, id_digits);
}

std::string Generation::json() const
{
  oci::JsonWriter json;
  json.begin_object().member("format", 1).member("id", id).member("manifest", manifest).member("library", library);
  json.member("target", target).member("architecture", architecture).member_unless_empty("modules", modules);
  json.member("modulepath", modulepath).member("created", created).begin_array("units");
  for (const auto& unit : units) {
    std::vector<std::string> roots;
    for (const auto& root : unit.roots) roots.push_back(root_text(root));
    json.begin_object().member("name", unit.name).member("key", unit.key).member("plainDigest", unit.plain_digest);
    json.member("plainSize", unit.plain_bytes).member("files", unit.files).member("contentSize", unit.content_bytes);
    json.member("roots", roots).end_object();
  }
  json.end_array().end_object();
  return json.finish();
}

Generation Generation::parse(std::string_view text, const std::string& what)
{
  const auto document = oci::JsonDocument::parse(text, what);
  const auto root = document.root();
  if (root.at("format").uint64() != 1) root.at("format").fail("is newer than this cairn knows; use a newer one");
  Generation generation;
  generation.id = root.at("id").string();
  generation.manifest = root.at("manifest").digest();
  generation.library = root.at("library").string();
  generation.target = root.at("target").string();
  generation.architecture = root.at("architecture").string();
  if (const auto modules = root.find("modules")) generation.modules = modules->strings();
  generation.modulepath = root.at("modulepath").strings();
  generation.created = root.at("created").int64();
  for (const auto unit : root.at("units").array()) generation.units.push_back(read_unit(unit));
  return generation;
}

const PouredUnit* Generation::unit(std::string_view name) const
{
  const auto found = std::ranges::lower_bound(units, name, {}, &PouredUnit::name);
  return found != units.end() && found->name == name ? &*found : nullptr;
}

std::optional<Generation> read_generation(const Layout& layout, const std::string& id)
{
  const auto name = id + ".json";
  const auto shown = layout.shown("generations/" + name);
  const auto text = read_file(layout.generations(), name, shown);
  if (!text) return std::nullopt;
  try {
    return Generation::parse(*text, printable(shown.native()));
  } catch (const Error& error) {
    throw Error(Errc::corrupt, error.what());
  }
}

std::vector<Generation> generations(const Layout& layout)
{
  std::vector<Generation> found;
  const auto shown = layout.shown("generations");
  const auto dir = open_beneath(layout.generations(), "", O_RDONLY | O_DIRECTORY, shown);
  for (const auto& entry : list_directory(dir.get(), shown)) {
    if (!entry.name.ends_with(".json") || entry.name.starts_with('.')) continue;
    if (auto generation = read_generation(layout, entry.name.substr(0, entry.name.size() - 5))) found.push_back(std::move(*generation));
  }
  return found;
}

Generation find_generation(const Layout& layout, const std::string& id)
{
  std::vector<Generation> matching;
  std::string names;
  for (auto& generation : generations(layout)) {
    names += (names.empty() ? "" : ", ") + generation.id;
    if (id.size() >= least_id_digits && generation.id.starts_with(id)) matching.push_back(std::move(generation));
  }
  if (matching.size() == 1) return std::move(matching.front());
  throw Error(Errc::not_found,
              fmt::format("{}: {} generation {}; it has {}", printable(layout.path().native()),
                          matching.empty() ? "holds no" : "holds more than one", printable(id), names.empty() ? "none" : names));
}

UnitChanges compare(const Generation* before, const Generation& after)
{
  UnitChanges changes;
  for (const auto& unit : after.units) {
    const auto* old = before == nullptr ? nullptr : before->unit(unit.name);
    if (old == nullptr) changes.added.push_back(unit.name);
    else if (old->key != unit.key) changes.changed.push_back(unit.name);
    else ++changes.kept;
  }
  if (before != nullptr)
    for (const auto& unit : before->units)
      if (after.unit(unit.name) == nullptr) changes.removed.push_back(unit.name);
  return changes;
}

}  // namespace cairn::volume
