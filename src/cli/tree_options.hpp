// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/split.hpp>
#include <cli/command_line.hpp>

#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {

/// What may be said about a module tree on the command line: the same for `split` and `lint`.
struct TreeOptions {
  std::string tree;
  std::optional<std::string> target;
  std::optional<std::string> mapping;
  std::vector<std::string> exclude;
};

/// The word TREE and the options.
void add_tree_options(Command& command, TreeOptions& options);
/// The options alone.
void add_mapping_options(Command& command, TreeOptions& options);

/// Library.yaml (the file named, or TREE/library.yaml if there is one), then what flags add to it or say instead.
[[nodiscard]] library::Mapping read_mapping(const TreeOptions& options);

}  // namespace cairn::cli
