// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Environment markers (PEP 508, "Environment Markers"), read and evaluated as `packaging`, and so pip, does: `in` is a
/// substring test even for versions, and `and` binds closer than `or`.
namespace cairn::python {

/// What the variables of a marker are: text, or for `extras` and `dependency_groups` a set of names.
using MarkerValue = std::variant<std::string, std::set<std::string>>;
using MarkerEnvironment = std::map<std::string, MarkerValue, std::less<>>;

/// A parsed marker. Immutable; any thread.
class Marker {
public:
  /// Throws Error{bad_input} that shows the marker and where it ends to make sense.
  [[nodiscard]] static Marker parse(std::string_view text);

  /// Throws Error{bad_input} for a comparison that has no meaning (`python_version ~= '3'`, two literals) and for a
  /// variable that `environment` lacks.
  [[nodiscard]] bool holds(const MarkerEnvironment& environment) const;

  /// The variables that it asks for.
  [[nodiscard]] std::set<std::string> variables() const;

private:
  struct Operand {
    std::string text;
    bool is_variable = false;
  };
  struct Comparison {
    Operand left;
    std::string op;
    Operand right;
  };
  struct Node;
  /// Alternatives of conjunctions.
  using Groups = std::vector<std::vector<Node>>;
  struct Node {
    Comparison comparison;
    std::shared_ptr<const Groups> group;  ///< a parenthesis instead; shared by copies of the marker
  };
  class Parser;

  [[nodiscard]] static bool holds(const Groups& groups, const MarkerEnvironment& environment, const std::string& text);
  static void collect(const Groups& groups, std::set<std::string>& names);

  std::string text_;
  std::shared_ptr<const Groups> groups_;  ///< shared by copies
};

}  // namespace cairn::python
