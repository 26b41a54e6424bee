// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/library/split.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// What would go wrong when a tree is used elsewhere or by somebody else.
namespace cairn::library {

enum class Severity { note, warning, error };
[[nodiscard]] std::string_view name(Severity severity);

struct LintFinding {
  Severity severity = Severity::warning;
  std::string rule;    ///< stable id: `missing-dependency`, `foreign-rpath`, … (docs/commands/lint.md lists them)
  std::string unit;    ///< empty: the tree
  std::string path;    ///< relative to the tree; empty: the unit
  std::string what;    ///< what is wrong
  std::string advice;  ///< what to do
};

struct LintSettings {
  std::filesystem::path tree;
  Mapping mapping;
  std::size_t threads = 1;
};

/// All findings, sorted by severity (errors first), rule, path. Rules: missing dependencies, prefixes outside the tree in
/// RPATH/RUNPATH, shebangs and `root`, absolute links out of the tree, dangling links, duplicate module names, set-id and
/// world-writable files, file capabilities, stale bytecode, mtime-bound caches, build logs and locks, leftovers of failed
/// builds, impure and broken modulefiles, what cannot be shipped (see layer::Problem).
[[nodiscard]] std::vector<LintFinding> lint(const LintSettings& settings, const Task& task);

}  // namespace cairn::library
