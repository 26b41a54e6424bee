// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/oci/descriptor.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::oci {

/// Manifests and indexes over this many bytes are refused (distribution-spec 1.1, "Pushing Manifests").
inline constexpr std::uint64_t manifest_limit_bytes = std::uint64_t{4} << 20;

struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;
  Annotations annotations;
  std::string artifact_type;
  std::optional<Descriptor> subject;
  std::string media_type{media_type::manifest};  ///< or Docker's

  /// Throws Error{bad_input} naming `what` and the offending key, Error{limit} over manifest_limit_bytes,
  /// Error{unsupported} for Docker schema 1. Docker schema 2 is read too and keeps its media types.
  [[nodiscard]] static Manifest parse(std::string_view json, const std::string& what);
  [[nodiscard]] std::string json() const;
  /// The same image with OCI media types in place of Docker's.
  [[nodiscard]] Manifest in_oci_types() const;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

struct Index {
  std::vector<Descriptor> manifests;
  Annotations annotations;
  std::string artifact_type;
  std::optional<Descriptor> subject;
  std::string media_type{media_type::index};  ///< or Docker's

  /// Throws as Manifest::parse. An index may name itself or other indexes: who follows it bounds the walk.
  [[nodiscard]] static Index parse(std::string_view json, const std::string& what);
  [[nodiscard]] std::string json() const;
  friend bool operator==(const Index&, const Index&) = default;
};

struct History {
  std::string created;  ///< RFC 3339
  std::string created_by;
  std::string comment;
  bool empty_layer = false;
  std::string author{};
  friend bool operator==(const History&, const History&) = default;
};

/// image-spec 1.1, config.md. What cairn does not model (healthcheck, onbuild) is kept in `other_json`.
struct ImageConfig {
  std::string created;
  Platform platform;
  std::string user;
  std::vector<std::string> env;  ///< `NAME=value`
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::string working_dir;
  Annotations labels;
  std::vector<std::string> exposed_ports;  ///< `8080/tcp`, sorted
  std::vector<std::string> volumes{};      ///< directories, sorted
  std::string stop_signal{};               ///< `SIGTERM`
  std::vector<Digest> diff_ids;
  std::vector<History> history;
  std::string other_json;  ///< an object with the remaining keys, merged back when written; may be empty

  /// Throws as Manifest::parse. `null` and absent are the same, as in Go's writers.
  [[nodiscard]] static ImageConfig parse(std::string_view json, const std::string& what);
  [[nodiscard]] std::string json() const;
  friend bool operator==(const ImageConfig&, const ImageConfig&) = default;
};

}  // namespace cairn::oci
