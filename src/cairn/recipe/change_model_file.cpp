// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/change_model_file.hpp>

#include <cairn/base/error.hpp>
#include <cairn/recipe/yaml.hpp>

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace cairn::recipe {
namespace {

constexpr std::uint64_t most_units = 100'000;
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 44;
constexpr double most_spread = 4;

std::optional<std::uint64_t> number(const Yaml& root, std::string_view key, std::uint64_t least, std::uint64_t most)
{
  const auto value = root.find(key);
  return value ? std::optional(value->uint64(least, most)) : std::nullopt;
}

/// Digits, perhaps with a point: no sign, no exponent.
std::optional<double> decimal(const Yaml& root, std::string_view key, double most)
{
  const auto value = root.find(key);
  if (!value) return std::nullopt;
  const auto& text = value->word();
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !(out >= 0 && out <= most) || text.starts_with('-'))
    value->fail(fmt::format("{} is not a number from 0 to {}, as in '0.4'", printable(text), most));
  return out;
}

ChangeModelFile::Release read_release(const Yaml& value)
{
  ChangeModelFile::Release release;
  for (const auto& [unit, bytes] : value.map())
    release.emplace(unit, bytes.string() == "removed" ? std::nullopt : std::optional(bytes.uint64(0, most_bytes)));
  return release;
}

ChangeModelFile from(const Yaml& root)
{
  root.check_keys({"units", "mean_bytes", "spread", "added", "changed", "removed", "seed", "index_bytes", "first", "releases"});
  ChangeModelFile out;
  out.index_bytes = number(root, "index_bytes", 0, 1'000'000);
  const auto first = root.find("first");
  if (const auto releases = root.find("releases")) {
    if (!first) releases->fail("has no `first` beside it, which says what the library holds before");
    for (const auto& release : releases->list()) out.releases.push_back(read_release(release));
  }
  if (first) {
    for (const auto& [unit, bytes] : first->map()) out.first.emplace(unit, bytes.uint64(0, most_bytes));
    if (out.first.empty()) first->fail("is empty; name at least one unit");
  }
  for (const auto* key : {"units", "mean_bytes", "spread", "added", "changed", "removed", "seed"})
    if (const auto value = root.find(key); value && first) value->fail("cannot stand beside `first`: a history is given or made up");
  out.units = number(root, "units", 1, most_units);
  out.mean_bytes = number(root, "mean_bytes", 1, most_bytes);
  out.spread = decimal(root, "spread", most_spread);
  out.added = number(root, "added", 0, most_units);
  out.changed_percent = decimal(root, "changed", 100);
  out.removed_percent = decimal(root, "removed", 100);
  out.seed = number(root, "seed", 0, std::numeric_limits<std::uint64_t>::max());
  return out;
}

}  // namespace

ChangeModelFile ChangeModelFile::parse(std::string_view text, std::string what)
{
  return from(YamlDocument::parse(text, std::move(what)).root());
}

ChangeModelFile ChangeModelFile::read(const std::filesystem::path& path) { return from(YamlDocument::read(path).root()); }

}  // namespace cairn::recipe
