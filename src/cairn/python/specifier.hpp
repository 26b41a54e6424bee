// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/python/version.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::python {

/// One version clause: `>=1.2`, `==2.*`, `===any text` (PEP 440, "Version specifiers"). Pre-releases are versions like
/// any other here: what a lock names is meant. Any thread.
class Specifier {
public:
  enum class Operator { compatible, equal, not_equal, at_most, at_least, below, above, arbitrary };

  /// Nothing when it is none.
  [[nodiscard]] static std::optional<Specifier> parse(std::string_view text);

  /// `version` as it was written: only `===` looks at the text. What is no version is contained by `===` alone.
  [[nodiscard]] bool contains(std::string_view version) const;
  [[nodiscard]] bool contains(const Version& version) const;
  [[nodiscard]] Operator op() const { return op_; }
  [[nodiscard]] bool is_prefix() const { return is_prefix_; }  ///< `==2.*`
  [[nodiscard]] const std::string& text() const { return text_; }  ///< behind the operator

private:
  Operator op_ = Operator::equal;
  bool is_prefix_ = false;
  std::string text_;
  Version version_;
};

/// Clauses separated by commas, all of which must hold; an empty one holds for all. Nothing when one of them is none.
[[nodiscard]] std::optional<std::vector<Specifier>> parse_specifiers(std::string_view text);
[[nodiscard]] bool contains(const std::vector<Specifier>& specifiers, const Version& version);

}  // namespace cairn::python
