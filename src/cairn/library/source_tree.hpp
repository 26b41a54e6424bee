// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/library/split.hpp>
#include <cairn/module/tree.hpp>
#include <cairn/os/fd.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What split and lint begin with: the tree, its modulefiles, and where it will be seen.
namespace cairn::library {

struct SourceTree {
  std::filesystem::path path;           ///< without symbolic links
  Fd fd;
  std::vector<std::string> excludes;    ///< patterns in force: `default_excludes`, the mapping's include and exclude
  std::optional<std::string> stated;    ///< where most modulefiles say that the tree is
  std::string target;                   ///< the mapping's, else what modulefiles say, else where the tree is
  module::Tree modules;                 ///< evaluated for `target`
};

/// How the modulefiles are read.
struct EvaluationSettings {
  std::size_t threads = 1;
  std::optional<std::filesystem::path> cache = std::nullopt;  ///< as in module::Settings
  bool full = false;
};

/// Open a tree and evaluate its modulefiles. Throws Error: not_found, and bad_input for a target that is no plain absolute
/// path and for an `include` that undoes no default.
[[nodiscard]] SourceTree open_source_tree(const std::filesystem::path& tree, const Mapping& mapping, const EvaluationSettings& settings,
                                          const Task& task);

}  // namespace cairn::library
