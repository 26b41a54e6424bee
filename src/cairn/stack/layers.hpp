// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/edit.hpp>
#include <cairn/stack/make.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// The layers of a stack, without an image around them: what `cairn build` puts between others.
namespace cairn::stack {

struct StackLayers {
  std::vector<image::Layer> layers;  ///< lowest first, annotated as docs/formats/stack.md says; blobs are in the store
  oci::Annotations annotations;      ///< for the image's manifest
  bool unchanged = false;            ///< all was known: nothing was read
  std::size_t new_layers = 0;
  std::size_t kept_layers = 0;
  std::uint64_t new_bytes = 0;
  std::uint64_t kept_bytes = 0;
  std::vector<std::string> settled;  ///< paths that one package lost to another
  std::vector<std::string> warnings;
};

/// As `make`, but for the image. `settings.base` and `settings.replaced` count as there; `settings.tag` is only remembered as the
/// previous stack's name. Who needs the layers to stay holds the store until something tagged has them.
[[nodiscard]] StackLayers make_layers(const std::vector<python::Chosen>& wheels, const MakeSettings& settings, store::Store& store,
                                      const Task& task);

}  // namespace cairn::stack
