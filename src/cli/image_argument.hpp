// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>
#include <cairn/image/reference.hpp>
#include <cairn/library/library.hpp>
#include <cairn/os/temp.hpp>
#include <cli/program.hpp>
#include <cli/registry_access.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {

/// An image that a user named, and whatever must stay open while it is read.
struct OpenImage {
  std::unique_ptr<RegistryAccess> access;  ///< of an image in a registry
  std::unique_ptr<TempDir> directory;      ///< of an image that another program wrote for us
  std::unique_ptr<const oci::BlobSource> blobs;
  oci::Descriptor manifest;
};

/// Throws Error when it is not there, saying what is. `flags` count for `docker://`.
[[nodiscard]] OpenImage open_image(Program& program, const std::string& argument, const RegistryFlags& flags = {});

/// Run buildah, which keeps containers-storage; its output. Throws Error{tool} with the last line that it said.
std::string run_buildah(std::vector<std::string> arguments, const Task& task);

/// What `--output` takes: oci:DIR[:TAG] or oci-archive:FILE[:TAG]. Throws UsageError for other places.
[[nodiscard]] image::Reference parse_output(const std::string& argument);

/// Copy an image of the store to `output`, under its tag there or else under `name`.
void export_image(Program& program, const store::Store& store, const image::Image& image, const std::string& name,
                  const image::Reference& output);

/// The image as a library; nothing when it is an image of another kind. Throws Error when it is a broken library.
[[nodiscard]] std::optional<library::Library> load_library(const OpenImage& open, const image::Image& image);

/// Bytes of manifest, config and layers.
[[nodiscard]] std::uint64_t total_bytes(const image::Image& image);

}  // namespace cairn::cli
