// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Everything that goes to stderr: lines for people, and progress.
namespace cairn::cli {

enum class ProgressStyle {
  automatic,  ///< bar on a terminal, else plain
  bar,        ///< a line a running step, redrawn in place
  plain,      ///< a line when a step has gone on for a second, each ten seconds, and when it ends
  json,       ///< one JSON object a line, messages too (docs/commands/cairn.md "Progress as JSON")
  none,
};

enum class LineKind { note, info, debug, warning, error };

/// Any thread. Nothing here throws: what cannot be written to stderr is lost.
class Console : public Reporter {
public:
  /// One line (no newline in it), after `cairn: ` and, for some kinds, their name. Progress gives way to it.
  virtual void line(LineKind kind, std::string_view text) noexcept = 0;
  /// Take bars off the terminal until the next change, so that stdout can be written.
  virtual void clear() noexcept {}
};

/// `fd` outlives the console.
[[nodiscard]] std::unique_ptr<Console> make_console(int fd, ProgressStyle style);

/// A step that runs.
struct Step {
  std::uint64_t id = 0;
  std::string title;
  std::uint64_t total_bytes = 0;  ///< 0: not known
  std::uint64_t done_bytes = 0;
  std::chrono::steady_clock::time_point began;
  std::chrono::steady_clock::time_point told;  ///< when a line about it was last written
};

/// One line about a running step: a bar when the total is known, bytes, rate, time left. At most `columns` wide.
[[nodiscard]] std::string bar_text(const Step& step, std::chrono::steady_clock::time_point now, std::size_t columns);

}  // namespace cairn::cli
