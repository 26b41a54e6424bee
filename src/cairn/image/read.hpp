// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>

#include <string>

/// The documents of an image, read and checked one by one. For the room's own use.
namespace cairn::image {

/// A blob of at most manifest_limit_bytes, verified.
[[nodiscard]] std::string read_small(const oci::BlobSource& blobs, const oci::Descriptor& blob, const std::string& what);
[[nodiscard]] oci::Index read_index(const oci::BlobSource& blobs, const oci::Descriptor& descriptor);
/// With at most layer_limit layers.
[[nodiscard]] oci::Manifest read_manifest(const oci::BlobSource& blobs, const oci::Descriptor& descriptor);
/// With as many diff_ids as the manifest has layers.
[[nodiscard]] oci::ImageConfig read_config(const oci::BlobSource& blobs, const oci::Manifest& manifest);

}  // namespace cairn::image
