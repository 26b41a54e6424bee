// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/edit.hpp>
#include <cairn/stack/make.hpp>

#include <string>
#include <vector>

/// The layers of a stack, without an image around them: what `cairn build` puts between others.
namespace cairn::stack {

struct StackLayers {
  std::vector<image::Layer> layers;  ///< lowest first, annotated as docs/formats/stack.md says; blobs are in the store
  oci::Annotations annotations;      ///< for the image's manifest
  bool unchanged = false;            ///< all was known: nothing was read
  std::vector<std::string> warnings;
};

/// As `make`, but for the image. `settings.base` and `settings.replaced` count as there; `settings.tag` is only remembered as the
/// previous stack's name.
[[nodiscard]] StackLayers make_layers(const std::vector<python::Chosen>& wheels, const MakeSettings& settings, store::Store& store,
                                      const Task& task);

}  // namespace cairn::stack
