// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/make.hpp>

#include <cairn/oci/architecture.hpp>
#include <cairn/python/text.hpp>
#include <cairn/stack/layers.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cairn::stack {
namespace {

/// What the base says of its packages stays true for those that are not replaced.
void forget_replaced(oci::Descriptor& layer, const std::vector<python::Chosen>& wheels)
{
  const auto found = layer.annotations.find(std::string(annotation::packages));
  if (found == layer.annotations.end()) return;
  std::string kept;
  for (const auto word : python::split(found->second, ' ')) {
    const auto name = word.substr(0, word.find("=="));
    if (std::ranges::none_of(wheels, [&](const python::Chosen& chosen) { return chosen.pin.name == name; }))
      kept += fmt::format("{}{}", kept.empty() ? "" : " ", word);
  }
  if (kept.empty()) layer.annotations.erase(found);
  else found->second = kept;
}

oci::Descriptor put_image(const std::vector<python::Chosen>& wheels, const StackLayers& stack, const MakeSettings& settings,
                          store::Store& store)
{
  oci::Manifest manifest;
  oci::ImageConfig config;
  if (settings.base) {
    manifest = settings.base->manifest.in_oci_types();
    config = settings.base->config;
  } else {
    config.platform = {oci::architecture_of(settings.install.target.machine), "linux", ""};
  }
  config.created = settings.created;
  for (auto& layer : manifest.layers) forget_replaced(layer, wheels);
  for (const auto& layer : stack.layers) {
    manifest.layers.push_back(layer.descriptor);
    config.diff_ids.push_back(layer.diff_id);
    config.history.push_back({settings.created, layer.made_by, "", false});
  }
  for (const auto& [name, text] : stack.annotations) manifest.annotations[name] = text;
  manifest.config = store.put(config.json(), std::string(oci::media_type::config));
  return store.put(manifest.json(), std::string(oci::media_type::manifest));
}

}  // namespace

Made make(const std::vector<python::Chosen>& wheels, const MakeSettings& settings, store::Store& store, const Task& task)
{
  const auto hold = store.hold(LockMode::shared, task);  // so that no layer goes before the image is tagged
  auto stack = make_layers(wheels, settings, store, task);
  Made made;
  made.manifest = put_image(wheels, stack, settings, store);
  made.unchanged = stack.unchanged;
  made.packages = wheels.size();
  made.new_layers = stack.new_layers;
  made.kept_layers = stack.kept_layers;
  made.new_bytes = stack.new_bytes;
  made.kept_bytes = stack.kept_bytes;
  made.settled = std::move(stack.settled);
  made.warnings = std::move(stack.warnings);
  if (!settings.tag.empty()) store.tag(settings.tag, made.manifest, task);
  return made;
}

}  // namespace cairn::stack
