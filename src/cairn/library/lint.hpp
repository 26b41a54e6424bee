// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/library/split.hpp>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What would go wrong when a tree is used elsewhere or by somebody else.
namespace cairn::library {

enum class Severity {
  note,     ///< good to know
  warning,  ///< works here, but perhaps not elsewhere
  error,    ///< users will meet a failure
};
[[nodiscard]] std::string_view name(Severity severity);

struct LintFinding {
  Severity severity = Severity::warning;
  std::string rule;    ///< stable id, one of `lint_rules`
  std::string unit;    ///< empty: the tree
  std::string path;    ///< relative to the tree; empty: the unit. The first one, when `what` counts more
  std::string what;    ///< what is wrong
  std::string advice;  ///< what to do
  friend bool operator==(const LintFinding&, const LintFinding&) = default;
};

struct LintSettings {
  std::filesystem::path tree;
  Mapping mapping;
  std::size_t threads = 1;
};

/// One rule with one unit gives at most this many findings and one that counts the rest.
inline constexpr std::size_t lint_findings_limit = 20;

/// All findings, sorted by severity (errors first), rule, unit, path. Reads the tree and writes nothing: a stat scan, the
/// first bytes of programs and libraries, their dynamic sections, and the headers of Python bytecode; symbolic links are
/// read, never followed. Throws Error when the tree itself cannot be read.
[[nodiscard]] std::vector<LintFinding> lint(const LintSettings& settings, const Task& task);

/// What the rules are: docs/formats/lint-rules.md says more.
struct LintRule {
  std::string_view id;
  Severity least;  ///< least and worst severity of its findings
  Severity worst;
  std::string_view what;
};
[[nodiscard]] std::span<const LintRule> lint_rules();  ///< sorted by id

}  // namespace cairn::library
