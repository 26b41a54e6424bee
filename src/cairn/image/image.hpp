// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/io/codec.hpp>
#include <cairn/oci/blob.hpp>
#include <cairn/oci/manifest.hpp>

#include <filesystem>
#include <string>
#include <vector>

/// Images as immutable values: functions take one and give another; blobs stay where they are.
namespace cairn::image {

/// More layers than any runtime takes (containers-storage: 500).
inline constexpr std::size_t layer_limit = 500;

/// A manifest with its config, read and checked against one another (as many diff_ids as layers).
struct Image {
  oci::Descriptor descriptor;  ///< of the manifest; without annotations when an index led to it
  oci::Manifest manifest;
  oci::ImageConfig config;
};

/// Read manifest and config. An index is followed when it holds exactly one image for `linux` on this machine's
/// architecture (or exactly one image, without a platform). Throws Error naming what is wrong: bad_input, corrupt,
/// not_found (no such image in the index), unsupported (an artifact that is no container image), limit.
[[nodiscard]] Image load(const oci::BlobSource& blobs, const oci::Descriptor& manifest);

/// The image of exactly this manifest, whatever its platform and config: for who only moves blobs. `config` stays empty.
[[nodiscard]] Image load_manifest(const oci::BlobSource& blobs, const oci::Descriptor& manifest);

/// One thing that is wrong with an image.
struct Finding {
  std::string where;  ///< `layer 3 (sha256:…)`, `config`, `manifest`
  std::string what;
};

/// Check everything: manifest (for an index: all that it names), config, each layer's digest, size, codec, diff_id, and
/// that the strict tar reader takes it, no path twice in a layer, parents before children. Blobs that cannot be read are
/// findings too. Layers are read side by side; nothing is held whole. Findings come in the order of the image.
[[nodiscard]] std::vector<Finding> validate(const oci::BlobSource& blobs, const oci::Descriptor& manifest, const Task& task);

/// Unpack all layers, lowest first, into `root` (made when missing; must be empty): with owners when run as root. Each
/// layer's digest and diff_id are checked at its end; after an Error `root` holds a part of the image.
void unpack(const oci::BlobSource& blobs, const Image& image, const std::filesystem::path& root, const Task& task);

/// What a layer's media type says its codec is (OCI and Docker names). Throws Error{unsupported}.
[[nodiscard]] Codec codec_of(const oci::Descriptor& layer);
[[nodiscard]] std::string_view layer_media_type(Codec codec);
[[nodiscard]] oci::Descriptor layer_descriptor(Codec codec, const Digest& digest, std::uint64_t size_bytes);

}  // namespace cairn::image
