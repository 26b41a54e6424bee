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

  /// Throws Error{bad_input} naming `what` and the offending key. Docker schema 2 media types are read too.
  [[nodiscard]] static Manifest parse(std::string_view json, const std::string& what);
  [[nodiscard]] std::string json() const;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

struct Index {
  std::vector<Descriptor> manifests;
  Annotations annotations;
  std::string artifact_type;
  std::optional<Descriptor> subject;

  [[nodiscard]] static Index parse(std::string_view json, const std::string& what);
  [[nodiscard]] std::string json() const;
  friend bool operator==(const Index&, const Index&) = default;
};

struct History {
  std::string created;  ///< RFC 3339
  std::string created_by;
  std::string comment;
  bool empty_layer = false;
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
  std::vector<Digest> diff_ids;
  std::vector<History> history;
  std::string other_json;  ///< an object with the remaining keys, merged back when written; may be empty

  [[nodiscard]] static ImageConfig parse(std::string_view json, const std::string& what);
  [[nodiscard]] std::string json() const;
  friend bool operator==(const ImageConfig&, const ImageConfig&) = default;
};

}  // namespace cairn::oci
