// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/log.hpp>

#include <mutex>

namespace cairn::log {
namespace {

struct State {
  std::mutex mutex;
  Level least = Level::warn;
  std::function<void(Level, std::string_view)> sink;
};

State& state()
{
  static State instance;
  return instance;
}

}  // namespace

void set_sink(Level least, std::function<void(Level, std::string_view)> sink)
{
  const std::scoped_lock lock(state().mutex);
  state().least = least;
  state().sink = std::move(sink);
}

bool enabled(Level level) { return state().sink && level >= state().least; }

void write(Level level, std::string_view text)
{
  const std::scoped_lock lock(state().mutex);
  if (state().sink) state().sink(level, text);
}

}  // namespace cairn::log
