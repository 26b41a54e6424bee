// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/stack.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace cairn::stack {
namespace {

std::string text_of(const oci::Annotations& annotations, std::string_view key)
{
  const auto found = annotations.find(std::string(key));
  return found != annotations.end() ? found->second : std::string();
}

}  // namespace

std::optional<Stack> read_stack(const oci::Manifest& manifest)
{
  const auto format = text_of(manifest.annotations, annotation::format);
  if (format.empty()) return std::nullopt;
  if (format != "1") throw Error(Errc::unsupported, fmt::format("stack of format {}: this cairn reads 1", printable(format)));
  Stack stack{text_of(manifest.annotations, annotation::python),
              text_of(manifest.annotations, annotation::platform),
              text_of(manifest.annotations, annotation::prefix),
              {}};
  for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
    std::string_view rest = manifest.layers[i].annotations.contains(std::string(annotation::packages))
                                ? manifest.layers[i].annotations.at(std::string(annotation::packages))
                                : std::string_view{};
    while (!rest.empty()) {
      const auto word = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
      const auto equals = word.find("==");
      if (equals == std::string_view::npos)
        throw Error(Errc::bad_input,
                    fmt::format("layer {}: annotation {}: {} is no 'name==version'", i, annotation::packages, printable(word)));
      stack.packages.push_back({std::string(word.substr(0, equals)), std::string(word.substr(equals + 2)), i});
    }
  }
  std::ranges::sort(stack.packages, {}, &StackPackage::name);
  return stack;
}

StackDifference compare(const image::Image& a, const image::Image& b)
{
  StackDifference difference;
  std::map<std::string, StackChange> changes;
  if (const auto stack = read_stack(a.manifest))
    for (const auto& package : stack->packages) changes[package.name] = {package.name, package.version, ""};
  if (const auto stack = read_stack(b.manifest))
    for (const auto& package : stack->packages) {
      auto& change = changes[package.name];
      change.name = package.name;
      change.after = package.version;
    }
  for (auto& [name, change] : changes)
    if (change.before != change.after) difference.changes.push_back(std::move(change));
  std::set<Digest> known;
  for (const auto& layer : a.manifest.layers) known.insert(layer.digest);
  for (const auto& layer : b.manifest.layers) {
    difference.bytes += layer.size_bytes;
    if (!known.insert(layer.digest).second) continue;
    difference.bytes_to_fetch += layer.size_bytes;
    ++difference.layers_to_fetch;
  }
  return difference;
}

}  // namespace cairn::stack
