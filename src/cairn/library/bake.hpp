// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/image/image.hpp>
#include <cairn/layer/pack.hpp>
#include <cairn/library/library.hpp>
#include <cairn/oci/blob.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// Modules inside an image: the layers of a library, or of a part of it, on top of the image's own. docs/formats/bake.md.
namespace cairn::library {

struct BakeSettings {
  std::vector<std::string> modules;  ///< as `closure` takes them; empty: all of the library
  std::string created;               ///< RFC 3339
  std::size_t threads = 0;
  std::string base_name = {};        ///< how the image is called, for `rebase`; may be empty
  Digest base_digest = {};           ///< of what that name means: the image or an index
};

struct Baked {
  image::Image image;
  Document document;              ///< what library.json in the image says
  std::size_t kept_layers = 0;    ///< of the library, blobs and all; the index layer included
  std::size_t new_layers = 0;     ///< whose blobs went to a layer::LayerTarget
  std::size_t joined_layers = 0;  ///< of those, made of several layers of the library because an image takes no more
  std::uint64_t kept_bytes = 0;
  std::uint64_t new_bytes = 0;
  bool replaced = false;          ///< the image had a library, which is gone
};

/// Where the blob of one new layer goes. Called from several threads.
using MakeTarget = std::function<std::unique_ptr<layer::LayerTarget>()>;

/// `base` with the library on top; a library that was in it before is replaced. All of a library: its layers and blobs as
/// they are, so that nothing is read but the index layer. A part: a layer of which all is wanted is kept, the wanted fragments
/// of the others are copied into layers of their own, one for each, with no whiteout and no dead byte; a new index layer
/// tells of the part, and its spider cache shows nothing else. An image has at most image::runtime_layer_limit layers: over
/// that, neighbours among the library's layers are joined, those with least bytes first.
/// The config gets MODULEPATH and LMOD_RC, in front of what the image has.
/// Throws Error: not_found for an unknown module, bad_input when image and library are for different platforms, limit when
/// the image alone has too many layers.
[[nodiscard]] Baked bake(const image::Image& base, const oci::BlobSource& library_blobs, const Library& library,
                         const BakeSettings& settings, const MakeTarget& make_target, const Task& task);

}  // namespace cairn::library
