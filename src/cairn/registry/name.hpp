// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cairn::registry {

/// Where an image lives: `host/repository[:tag][@digest]`.
struct Name {
  std::string host;        ///< host[:port], lower case
  std::string repository;  ///< at most 255 characters
  std::optional<std::string> tag{};
  std::optional<Digest> digest{};

  /// Parse what follows `docker://`. As other container tools do, a first part without dot, colon or the name `localhost`
  /// means Docker Hub, and one part there means its `library/`. Throws Error{bad_input} naming the offending part.
  /// Grammar: distribution-spec 1.1, "Pulling manifests".
  [[nodiscard]] static Name parse(std::string_view text);
  /// Whether `text` begins with a host, so that no registry has to be guessed.
  [[nodiscard]] static bool names_host(std::string_view text);

  [[nodiscard]] std::string str() const;
  [[nodiscard]] std::string path() const { return host + '/' + repository; }
  /// What to ask the registry for: the digest, else the tag, else `latest`.
  [[nodiscard]] std::string reference() const;
  friend bool operator==(const Name&, const Name&) = default;
};

/// Docker Hub's names: what users write, and the host that answers.
inline constexpr std::string_view hub_host = "docker.io";
inline constexpr std::string_view hub_server = "registry-1.docker.io";

/// Throws Error{bad_input}: `host[:port]`, as `login` takes it.
void check_host(std::string_view host);
/// Throws Error{bad_input}: at most 128 of `[A-Za-z0-9_.-]`, not beginning with `.` or `-`.
void check_tag(std::string_view tag);

}  // namespace cairn::registry
