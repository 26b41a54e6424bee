// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cairn::http {

enum class VerifyTls { yes, no };

/// How to check the other side, and what to show it.
struct Tls {
  VerifyTls verify = VerifyTls::yes;
  std::string authorities{};  ///< PEM certificates besides the system's
  std::filesystem::path certificate{};  ///< PEM, ours; empty: none
  std::filesystem::path key{};
};

/// What a directory laid out as containers-certs.d(5) says: `*.crt` are authorities, `*.cert` with `*.key` ours. A missing
/// directory says nothing. Throws Error naming a certificate without its key or a key without its certificate.
[[nodiscard]] Tls read_certificates(const std::filesystem::path& directory);
/// The first of `directories` that has a folder named `authority` (`host[:port]`).
[[nodiscard]] Tls find_certificates(const std::vector<std::filesystem::path>& directories, const std::string& authority);

}  // namespace cairn::http
