// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace cairn::image {

/// Give `target` all blobs of `image` that it lacks: layers, then the config, the manifest last, so that whoever sees
/// the manifest has the rest. The manifest's bytes stay as they are, and so does its digest.
void copy_image(const oci::BlobSource& blobs, const Image& image, oci::BlobTarget& target, const Task& task);

/// What an image or index is made of, each blob once.
struct Parts {
  std::vector<oci::Descriptor> blobs;      ///< configs, layers and what else is no document
  std::vector<oci::Descriptor> documents;  ///< manifests and indexes, each after what it names; the root is the last
};
/// Throws Error as `load`; a config need not be a container image's. Limit: 10,000 documents.
[[nodiscard]] Parts parts_of(const oci::BlobSource& blobs, const oci::Descriptor& root, const Task& task);

/// The one image for `platform` (variant counts when given) of an index; a plain manifest is itself. Throws Error{not_found}
/// that lists the platforms there are, Error{bad_input} when several fit.
[[nodiscard]] oci::Descriptor select(const oci::BlobSource& blobs, const oci::Descriptor& root, const oci::Platform& platform);
/// `os/architecture[/variant]`. Throws Error{bad_input}.
[[nodiscard]] oci::Platform parse_platform(std::string_view text);

enum class Root { copy, leave };

struct CopyOptions {
  std::size_t in_flight = 6;  ///< blobs at once
  Root root = Root::copy;     ///< leave: all but the last document, which the caller gives a name
};

struct Copied {
  std::size_t blobs = 0;  ///< that the target lacked
  std::uint64_t bytes = 0;
};

/// Give `target` what it lacks of `root`, several blobs at a time, documents after all they name. A target that has the root has all.
Copied copy(const oci::BlobSource& blobs, const oci::Descriptor& root, oci::BlobTarget& target, const CopyOptions& options,
            const Task& task);

}  // namespace cairn::image
