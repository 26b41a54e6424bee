// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The OCI image specification's nouns as values (image-spec 1.1). Reading JSON is strict: UTF-8 without BOM, no
/// duplicate keys, no key that differs from a known one only in case, integers only where integers belong, nothing
/// after the value, bounded depth; unknown keys are kept out but accepted. Writing is canonical: sorted keys, no
/// white space, so that equal values give equal digests.
namespace cairn::oci {

using Annotations = std::map<std::string, std::string>;

namespace media_type {
inline constexpr std::string_view manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view index = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view config = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view layer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view layer_gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view layer_zstd = "application/vnd.oci.image.layer.v1.tar+zstd";
}  // namespace media_type

struct Platform {
  std::string architecture;
  std::string os;
  std::string variant;
  friend bool operator==(const Platform&, const Platform&) = default;
};

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size_bytes = 0;
  Annotations annotations;
  std::optional<Platform> platform;
  std::string artifact_type;
  std::vector<std::string> urls;
  friend bool operator==(const Descriptor&, const Descriptor&) = default;
};

}  // namespace cairn::oci
