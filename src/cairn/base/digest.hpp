// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace cairn {

/// A SHA-256 digest as OCI writes it: `sha256:` and 64 lower-case hex digits
/// (image-spec 1.1, descriptor.md "Digests"). Any thread.
class Digest {
public:
  using Bytes = std::array<std::byte, 32>;

  Digest() = default;  ///< all zeros: a placeholder that no content has
  explicit Digest(const Bytes& bytes) : bytes_(bytes) {}

  /// Parse `sha256:<64 lower-case hex>`. Throws Error{bad_input} naming what is wrong; other algorithms are
  /// Error{unsupported}.
  [[nodiscard]] static Digest parse(std::string_view text);

  [[nodiscard]] std::string hex() const;  ///< 64 digits
  [[nodiscard]] std::string str() const;  ///< `sha256:<hex>`
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

  friend auto operator<=>(const Digest&, const Digest&) = default;

private:
  Bytes bytes_{};
};

}  // namespace cairn

template <>
struct std::hash<cairn::Digest> {
  std::size_t operator()(const cairn::Digest& digest) const noexcept;
};
