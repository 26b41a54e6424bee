// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>

#include <string>
#include <vector>

/// Multi-platform images: indexes of manifests (image-spec 1.1, image-index.md).
namespace cairn::image {

/// An index as it is. Throws Error as `load`.
[[nodiscard]] oci::Index load_index(const oci::BlobSource& blobs, const oci::Descriptor& descriptor);

/// What goes into an index for `descriptor`: itself when it is an image, its entries when it is an index (of indexes too, as
/// deep as `load` follows them), each with its platform, read from the config where the entry does not say. Entries of
/// other kinds (attestations) are kept. Throws Error for what `load` refuses.
[[nodiscard]] std::vector<oci::Descriptor> index_entries(const oci::BlobSource& blobs, const oci::Descriptor& descriptor);

/// An index of `entries`, in this order. Throws Error{bad_input} when two of them are images for one platform, naming it.
[[nodiscard]] oci::Index make_index(std::vector<oci::Descriptor> entries, oci::Annotations annotations);

/// `linux/arm64/v8`.
[[nodiscard]] std::string platform_text(const oci::Platform& platform);

}  // namespace cairn::image
