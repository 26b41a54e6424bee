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

/// Sizes over this are refused: other readers would not see the same number (RFC 7493 2.2).
inline constexpr std::uint64_t size_limit_bytes = (std::uint64_t{1} << 53) - 1;

using Annotations = std::map<std::string, std::string>;

namespace media_type {
inline constexpr std::string_view manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view index = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view config = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view layer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view layer_gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view layer_zstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view empty = "application/vnd.oci.empty.v1+json";  ///< content `{}`
// Docker's names for the same (distribution, "Image Manifest Version 2, Schema 2"); read, never written anew.
inline constexpr std::string_view docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view docker_config = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view docker_layer = "application/vnd.docker.image.rootfs.diff.tar";
inline constexpr std::string_view docker_layer_gzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

[[nodiscard]] bool is_manifest(std::string_view type);  ///< OCI or Docker
[[nodiscard]] bool is_index(std::string_view type);     ///< OCI index or Docker manifest list
[[nodiscard]] bool is_config(std::string_view type);    ///< of a container image, OCI or Docker
}  // namespace media_type

struct Platform {
  std::string architecture;
  std::string os;
  std::string variant;
  friend bool operator==(const Platform&, const Platform&) = default;
};

struct Descriptor {
  std::string media_type{};
  Digest digest{};
  std::uint64_t size_bytes = 0;
  Annotations annotations{};
  std::optional<Platform> platform{};
  std::string artifact_type{};
  std::vector<std::string> urls{};  ///< http and https only; cairn never follows them
  friend bool operator==(const Descriptor&, const Descriptor&) = default;
};

class Json;
class JsonWriter;

/// A descriptor inside another document. Its `data`, if any, is checked against digest and size, and not kept.
/// Throws Error{bad_input} naming the path; Error{unsupported} for digests other than sha256.
[[nodiscard]] Descriptor read_descriptor(const Json& json);
/// The descriptor as an object: the next value of `json`.
void write_descriptor(JsonWriter& json, const Descriptor& descriptor);

}  // namespace cairn::oci
