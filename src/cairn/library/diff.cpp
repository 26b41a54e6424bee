// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/diff.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

namespace cairn::library {
namespace {

const FragmentInfo& fragment_of(const Document& document, const std::string& unit)
{
  const auto place = *document.find(unit);  // the document has been checked: each unit has its fragment
  return document.layers[place.layer].fragments[place.fragment];
}

/// `zlib` of `zlib/1.3.1`.
std::string_view software_of(std::string_view unit) { return unit.substr(0, unit.rfind('/')); }

std::vector<std::string> without(const std::vector<std::string>& names, const std::vector<std::string>& others)
{
  std::vector<std::string> out;
  std::ranges::set_difference(names, others, std::back_inserter(out));
  return out;
}

std::optional<UnitDifference> compare(const Document& before, const UnitInfo& old, const Document& after, const UnitInfo& unit)
{
  const auto& was = fragment_of(before, unit.name);
  const auto& is = fragment_of(after, unit.name);
  UnitDifference out;
  out.name = unit.name;
  out.content = was.plain_digest != is.plain_digest;
  if (!out.content && old == unit) return std::nullopt;
  out.bytes_before = was.packed_bytes;
  out.bytes_after = is.packed_bytes;
  out.dependencies_added = without(unit.dependencies, old.dependencies);
  out.dependencies_removed = without(old.dependencies, unit.dependencies);
  return out;
}

std::vector<UnitDifference> compare_units(const Document& before, const Document& after)
{
  std::vector<UnitDifference> out;
  std::map<std::string_view, std::vector<std::string>> removed;
  for (const auto& unit : before.units) {
    if (after.unit(unit.name) != nullptr) continue;
    removed[software_of(unit.name)].push_back(unit.name);
    out.push_back({unit.name, Change::removed, {}, fragment_of(before, unit.name).packed_bytes, 0, true, {}, {}});
  }
  for (const auto& unit : after.units) {
    if (const auto* old = before.unit(unit.name)) {
      if (auto difference = compare(before, *old, after, unit)) out.push_back(*std::move(difference));
      continue;
    }
    out.push_back({unit.name, Change::added, {}, 0, fragment_of(after, unit.name).packed_bytes, true, unit.dependencies, {}});
    if (const auto gone = removed.find(software_of(unit.name)); gone != removed.end()) out.back().replaces = gone->second;
  }
  std::ranges::sort(out, {}, &UnitDifference::name);
  return out;
}

void add_layers(const image::Image& before, const Library& after, Difference& out)
{
  std::set<Digest> had;
  for (const auto& layer : before.manifest.layers) had.insert(layer.digest);
  for (const auto& layer : after.image.manifest.layers) {
    const bool kept = had.contains(layer.digest);
    ++(kept ? out.kept_layers : out.fetched_layers);
    (kept ? out.kept_bytes : out.fetched_bytes) += layer.size_bytes;
  }
  if (before.manifest.config.digest != after.image.manifest.config.digest) out.fetched_bytes += after.image.manifest.config.size_bytes;
  if (before.descriptor.digest != after.image.descriptor.digest) out.fetched_bytes += after.image.descriptor.size_bytes;
  const auto& index = after.image.manifest.layers.back();
  if (!had.contains(index.digest)) out.new_bytes += index.size_bytes;

  const auto& old_ids = before.config.diff_ids;
  const auto& ids = after.image.config.diff_ids;
  out.chain_layers = static_cast<std::size_t>(std::ranges::mismatch(old_ids, ids).in2 - ids.begin());
  out.unpacked_layers = ids.size() - out.chain_layers;
  for (std::size_t i = out.chain_layers; i < after.document.layers.size(); ++i) out.unpacked_bytes += after.document.layers[i].plain_bytes;
}

void add_dead(const Document& document, Difference& out)
{
  for (std::size_t i = 0; i < document.layers.size(); ++i) {
    DeadLayer dead{i, document.layers[i].digest, 0, 0, {}};
    for (const auto& fragment : document.layers[i].fragments) {
      (fragment.live ? dead.live_bytes : dead.dead_bytes) += fragment.packed_bytes;
      if (!fragment.live) dead.units.push_back(fragment.unit);
    }
    out.live_bytes += dead.live_bytes;
    out.dead_bytes += dead.dead_bytes;
    std::ranges::sort(dead.units);
    if (!dead.units.empty()) out.dead.push_back(std::move(dead));
  }
}

}  // namespace

std::string_view name(Change change)
{
  switch (change) {
    case Change::added: return "added";
    case Change::removed: return "removed";
    case Change::changed: return "changed";
  }
  return "changed";
}

std::optional<double> Difference::amplification() const
{
  if (new_bytes == 0) return std::nullopt;
  return static_cast<double>(fetched_bytes) / static_cast<double>(new_bytes);
}

Difference diff(const Library& before, const Library& after)
{
  Difference out;
  out.units = compare_units(before.document, after.document);
  for (const auto& unit : out.units)
    if (unit.change != Change::removed && unit.content) out.new_bytes += unit.bytes_after;
  add_layers(before.image, after, out);
  add_dead(after.document, out);
  return out;
}

}  // namespace cairn::library
