// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn::python {

/// A version (PEP 440, "Version scheme"), in normal form. Numbers have at most 19 digits. Any thread.
struct Version {
  enum class Pre { a, b, rc };
  std::uint64_t epoch = 0;
  std::vector<std::uint64_t> release;  ///< at least one
  std::optional<std::pair<Pre, std::uint64_t>> pre{};
  std::optional<std::uint64_t> post{};
  std::optional<std::uint64_t> dev{};
  std::vector<std::string> local{};  ///< `+abc.5` is `abc`, `5`; lower case, no leading zeros in numbers

  /// Nothing when `text` is no version. White space around it is no part of it; letter case, `v`, separators and long
  /// names (`alpha`) are normalized.
  [[nodiscard]] static std::optional<Version> parse(std::string_view text);

  [[nodiscard]] std::string str() const;
  [[nodiscard]] bool is_prerelease() const { return pre || dev; }
  [[nodiscard]] Version without_local() const;
  /// Epoch and release alone.
  [[nodiscard]] Version base() const;

  /// PEP 440, "Summary of permitted suffixes and relative ordering"; `1.0` equals `1.0.0`.
  friend std::strong_ordering operator<=>(const Version& a, const Version& b);
  friend bool operator==(const Version& a, const Version& b) { return (a <=> b) == 0; }
};

}  // namespace cairn::python
