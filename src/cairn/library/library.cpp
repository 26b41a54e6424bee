// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/library.hpp>

#include <cairn/base/error.hpp>
#include <cairn/library/index.hpp>
#include <cairn/tar/reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace cairn::library {
namespace {

Document read_index(const oci::BlobSource& blobs, const oci::Descriptor& layer)
{
  const auto what = "index layer " + layer.digest.str();
  const auto blob = in_context([] { return std::string("its index layer"); }, [&] { return blobs.open(layer); });
  const auto plain = unpack(*blob, image::codec_of(layer), {.plain_bytes = index_limit_bytes}, what);
  tar::Reader reader(*plain, what);
  std::optional<std::string> json;
  while (const auto entry = reader.next()) {
    if (json || entry->type != tar::Type::file || !entry->path.ends_with("/" + std::string(index_path::document))) continue;
    json.emplace(static_cast<std::size_t>(entry->size_bytes), '\0');
    std::size_t done = 0;
    while (const auto n = reader.read(std::as_writable_bytes(std::span(*json)).subspan(done))) {
      done += n;
      if (done == json->size()) break;
    }
  }
  // The reader has read the tar to its end, but the blob may go on: its digest counts only then.
  std::vector<std::byte> rest(4096);
  while (plain->read(rest) != 0) {}
  while (blob->read(rest) != 0) {}
  if (!json) throw Error(Errc::bad_input, fmt::format("{}: has no {}", what, index_path::document));
  return Document::parse(*json, std::string(index_path::document));
}

/// Number of the index layer: the topmost one that says so.
std::size_t find_index(const image::Image& image)
{
  const auto& layers = image.manifest.layers;
  const auto found = std::ranges::find_if(layers.rbegin(), layers.rend(), [](const auto& layer) { return is_index(layer); });
  if (found == layers.rend()) throw Error(Errc::bad_input, fmt::format("{}: a library without index layer", image.descriptor.digest.str()));
  return static_cast<std::size_t>(layers.rend() - found) - 1;
}

void check_agreement(const Library& library)
{
  const auto& layers = library.image.manifest.layers;
  const auto& document = library.document;
  const auto bad = [](const std::string& why) {
    throw Error(Errc::bad_input, fmt::format("{} disagrees with the manifest: {}", index_path::document, why));
  };
  for (std::size_t i = 0; i < document.layers.size(); ++i) {
    const auto at = library.first_layer + i;
    if (document.layers[i].digest != layers[at].digest || document.layers[i].size_bytes != layers[at].size_bytes)
      bad(fmt::format("layer {} is {}, the manifest says {}", at, document.layers[i].digest.str(), layers[at].digest.str()));
    if (document.layers[i].diff_id != library.image.config.diff_ids.at(at))
      bad(fmt::format("layer {} has another diff_id in the config", at));
  }
}

/// Edit distance, for suggestions.
std::size_t distance(std::string_view a, std::string_view b)
{
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string near_names(const Document& document, const std::string& name)
{
  std::vector<std::pair<std::size_t, std::string>> near;
  const auto consider = [&](const std::string& candidate) {
    const bool same_start = candidate.starts_with(name) || name.starts_with(candidate.substr(0, candidate.find('/')) + "/");
    const auto far = same_start ? 1 : distance(name, candidate);
    if (far <= std::max<std::size_t>(2, name.size() / 4)) near.emplace_back(far, candidate);
  };
  for (const auto& unit : document.units) {
    consider(unit.name);
    for (const auto& module : unit.modules)
      if (module.name != unit.name) consider(module.name);
  }
  std::ranges::sort(near);
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(near.size(), 5); ++i)
    text += fmt::format("{}{}", i == 0 ? "; near names: " : ", ", near[i].second);
  return text;
}

/// Aliases of aliases are followed this far: they may lead in circles.
constexpr int longest_alias_chain = 16;

const UnitInfo* look_for_unit(const Document& document, const std::string& name, int aliases_left)
{
  if (const auto* unit = document.unit(name)) return unit;
  const auto by_module = [&](const auto& matches) -> const UnitInfo* {
    const UnitInfo* last = nullptr;
    for (const auto& unit : document.units)
      for (const auto& module : unit.modules)
        if (matches(module.name)) last = &unit;
    return last;
  };
  if (const auto* unit = by_module([&](const std::string& module) { return module == name; })) return unit;
  for (const auto& alias : document.aliases)
    if (alias.name == name) return aliases_left == 0 ? nullptr : look_for_unit(document, alias.target, aliases_left - 1);
  // A name without version: the newest in order, as a default does.
  return by_module([&](const std::string& module) { return module.starts_with(name + "/"); });
}

}  // namespace

bool is_index(const oci::Descriptor& layer)
{
  const auto found = layer.annotations.find(std::string(annotation::layer));
  return found != layer.annotations.end() && found->second == "index";
}

Library load(const oci::BlobSource& blobs, const oci::Descriptor& manifest)
{
  Library library{.image = image::load(blobs, manifest), .document = {}};
  const auto& image = library.image;
  const auto found = image.manifest.annotations.find(std::string(annotation::format));
  if (found == image.manifest.annotations.end())
    throw Error(Errc::bad_input,
                fmt::format("{}: not a library (its manifest has no annotation {})", manifest.digest.str(), annotation::format));
  const auto index = find_index(image);
  in_context([&] { return "library " + manifest.digest.str(); },
             [&] {
               library.document = read_index(blobs, image.manifest.layers[index]);
               if (library.document.layers.size() > index)
                 throw Error(Errc::bad_input,
                             fmt::format("{} disagrees with the manifest: {} layers, the manifest has {} below the index layer",
                                         index_path::document, library.document.layers.size(), index));
               library.first_layer = index - library.document.layers.size();
               check_agreement(library);
             });
  return library;
}

const UnitInfo& find_unit(const Document& document, const std::string& name)
{
  if (const auto* unit = look_for_unit(document, name, longest_alias_chain)) return *unit;
  throw Error(Errc::not_found, fmt::format("module {} is not in the library{}", printable(name), near_names(document, name)));
}

std::vector<std::string> closure(const Document& document, const std::vector<std::string>& modules)
{
  std::set<std::string> found;
  std::vector<const UnitInfo*> open;
  const auto add = [&](const UnitInfo& unit) {
    if (found.insert(unit.name).second) open.push_back(&unit);
  };
  for (const auto& module : modules) add(find_unit(document, module));
  while (!open.empty()) {
    const auto* unit = open.back();
    open.pop_back();
    for (const auto& dependency : unit->dependencies)
      if (const auto* needed = document.unit(dependency)) add(*needed);
  }
  return {found.begin(), found.end()};
}

}  // namespace cairn::library
