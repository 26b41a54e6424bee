// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/split.hpp>
#include <cli/command_line.hpp>
#include <cli/image_argument.hpp>
#include <cli/program.hpp>
#include <cli/registry_access.hpp>
#include <cli/tree_options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {

/// What decides where the units of a release go: the same for `split` and `plan`.
struct ReleaseOptions {
  std::optional<std::string> since;
  std::optional<std::uint64_t> layers;
  std::optional<std::uint64_t> dead_percent;
  std::vector<std::string> purge;
  RegistryFlags registry;  ///< for `since`
};

void add_release_options(Command& command, ReleaseOptions& options);

/// Fill in what tree and release options say, but for `since`.
void apply(const TreeOptions& tree, const ReleaseOptions& options, const Settings& settings, library::SplitSettings& split);

/// Read what `--since` names into `split`. What is returned must outlive the split. Throws Error: a library that cannot be
/// used is refused, not ignored.
[[nodiscard]] std::optional<OpenImage> open_since(Program& program, const ReleaseOptions& options, library::SplitSettings& split);

}  // namespace cairn::cli
