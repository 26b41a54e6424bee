// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/copy.hpp>
#include <cli/image_argument.hpp>

#include <optional>
#include <string>

/// What push, pull and copy share.
namespace cairn::cli {

struct Transferred {
  oci::Descriptor manifest;
  std::string destination;
  image::Copied copied;
};

/// `open`, or of its index the one image for `platform`.
[[nodiscard]] oci::Descriptor wanted(const OpenImage& open, const std::optional<std::string>& platform);

/// Copy to the repository and tag (or digest) that `text` names. Nothing is sent when the tag means this manifest already.
[[nodiscard]] Transferred push_image(Program& program, const OpenImage& open, const oci::Descriptor& manifest, const std::string& text,
                                     const RegistryFlags& flags);
/// Copy into `store` and name it `tag`.
[[nodiscard]] Transferred store_image(Program& program, const OpenImage& open, const oci::Descriptor& manifest, store::Store& store,
                                      const std::string& tag);

/// Copy to any DESTINATION of `copy`.
[[nodiscard]] Transferred copy_to(Program& program, const OpenImage& open, const oci::Descriptor& manifest, const std::string& destination,
                                  const RegistryFlags& flags);

/// The digest alone, or a JSON record; the digest into `digestfile` too.
void report(Program& program, const Transferred& result, const std::optional<std::string>& digestfile);

}  // namespace cairn::cli
