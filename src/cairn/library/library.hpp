// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>
#include <cairn/library/document.hpp>
#include <cairn/oci/blob.hpp>

#include <string>
#include <vector>

/// A library is an OCI image whose layers carry a module tree; the last of them, a small one, is the index layer. Other layers may lie
/// below them and above: an image that a library was baked into is a library too.
namespace cairn::library {

namespace annotation {
inline constexpr std::string_view format = "dev.cairn.library.format";  ///< on the manifest: document_format
inline constexpr std::string_view layer = "dev.cairn.layer";            ///< on a layer: `units` or `index`
}  // namespace annotation

/// Where the index layer keeps things, relative to the target. docs/formats/library.md "Index layer".
namespace index_path {
inline constexpr std::string_view directory = ".cairn";
inline constexpr std::string_view document = ".cairn/library.json";
inline constexpr std::string_view lmodrc = ".cairn/lmod/lmodrc.lua";
inline constexpr std::string_view spider_cache = ".cairn/lmod/spiderT.lua";
inline constexpr std::string_view timestamp = ".cairn/lmod/timestamp";
inline constexpr std::string_view requirements = ".cairn/requires.lua";
}  // namespace index_path

struct Library {
  image::Image image;
  Document document;
  std::size_t first_layer = 0;  ///< of the image's layers, the library's lowest: `document.layers[0]`

  [[nodiscard]] std::size_t index_number() const { return first_layer + document.layers.size(); }
  [[nodiscard]] const oci::Descriptor& index_layer() const { return image.manifest.layers.at(index_number()); }
};

/// Whether a layer's annotation says that it is the index layer.
[[nodiscard]] bool is_index(const oci::Descriptor& layer);

/// Read a library's manifest, config and index layer (no other blob). Throws Error{bad_input} for an image that is no
/// library, a missing or foreign index layer, or one that disagrees with the manifest.
[[nodiscard]] Library load(const oci::BlobSource& blobs, const oci::Descriptor& manifest);

/// The units that `modules` need, themselves included, sorted: dependencies of dependencies. A module is named by its
/// full name, a unit's name, a default or an alias. Throws Error{not_found} listing near names.
[[nodiscard]] std::vector<std::string> closure(const Document& document, const std::vector<std::string>& modules);

/// The unit that a user means by `name` (as in `closure`). Throws Error{not_found}.
[[nodiscard]] const UnitInfo& find_unit(const Document& document, const std::string& name);

}  // namespace cairn::library
