// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>

namespace cairn::image {

/// Give `target` all blobs of `image` that it lacks: layers, then the config, the manifest last, so that whoever sees
/// the manifest has the rest. The manifest's bytes stay as they are, and so does its digest.
void copy_image(const oci::BlobSource& blobs, const Image& image, oci::BlobTarget& target, const Task& task);

}  // namespace cairn::image
