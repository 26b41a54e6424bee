// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>
#include <cairn/library/library.hpp>
#include <cli/program.hpp>

#include <memory>
#include <optional>
#include <string>

namespace cairn::cli {

/// An image that a user named, and whatever must stay open while it is read.
struct OpenImage {
  std::unique_ptr<const oci::BlobSource> blobs;
  oci::Descriptor manifest;
};

/// Throws Error when it is not there, saying what is.
[[nodiscard]] OpenImage open_image(const Program& program, const std::string& argument);

/// The image as a library; nothing when it is an image of another kind. Throws Error when it is a broken library.
[[nodiscard]] std::optional<library::Library> load_library(const OpenImage& open, const image::Image& image);

/// Bytes of manifest, config and layers.
[[nodiscard]] std::uint64_t total_bytes(const image::Image& image);

}  // namespace cairn::cli
