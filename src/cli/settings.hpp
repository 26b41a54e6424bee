// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/codec.hpp>
#include <cli/render/console.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What a user prefers, from flags, variables and files, merged once. Rooms get plain values.
namespace cairn::cli {

enum class Verbosity { quiet, normal, verbose };

/// A value and where it came from: `--jobs`, `CAIRN_JOBS`, `cairn.yaml:3`, `default`.
template <class Value>
struct Setting {
  Value value;
  std::string origin = "default";
};

struct Settings {
  Setting<std::optional<std::filesystem::path>> store;  ///< nothing: no home directory to put one in
  Setting<std::size_t> jobs;
  Setting<bool> json;
  Setting<ProgressStyle> progress;
  Setting<Verbosity> log;
  Setting<bool> times;          ///< print where processor time went
  Setting<Codec> compression;
  Setting<std::optional<int>> level;  ///< nothing: the codec's standard level
};

/// What was typed: only what was given.
struct Flags {
  std::optional<std::string> store;
  std::optional<std::uint64_t> jobs;
  std::optional<std::string> progress;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
};

/// flag > `CAIRN_*` variable > `settings:` of ./cairn.yaml > the user's file > default. Throws UsageError naming the
/// flag or variable, Error naming file and line.
[[nodiscard]] Settings merge_settings(const Flags& flags);

/// For `cairn config`.
struct SettingRow {
  std::string key;
  std::string value;
  std::string origin;
  std::string help;
};
[[nodiscard]] std::vector<SettingRow> list_settings(const Settings& settings);

/// The user's file: $XDG_CONFIG_HOME/cairn/config.yaml; nothing without a home directory.
[[nodiscard]] std::optional<std::filesystem::path> user_file();

}  // namespace cairn::cli
