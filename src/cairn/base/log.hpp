// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string_view>
#include <utility>

/// What happened, for people. Rooms never print: a sink that the program installs does. Errors are thrown, not logged.
namespace cairn::log {

enum class Level { debug, info, warn };

/// Where lines go; nothing is written before this is called. Called once, before threads start. `sink` may be
/// called from any thread, one call at a time, and must not throw.
void set_sink(Level least, std::function<void(Level, std::string_view)> sink);

[[nodiscard]] bool enabled(Level level);
void write(Level level, std::string_view text);

template <class... Args>
void debug(fmt::format_string<Args...> text, Args&&... args)
{
  if (enabled(Level::debug)) write(Level::debug, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> text, Args&&... args)
{
  if (enabled(Level::info)) write(Level::info, fmt::format(text, std::forward<Args>(args)...));
}
/// Works, but look.
template <class... Args>
void warn(fmt::format_string<Args...> text, Args&&... args)
{
  if (enabled(Level::warn)) write(Level::warn, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace cairn::log
