// SPDX-License-Identifier: Apache-2.0
#include <cli/render/console.hpp>

#include <cairn/oci/json.hpp>
#include <cli/render/terminal.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <thread>
#include <utility>

#include <unistd.h>

namespace cairn::cli {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto redraw_interval = 100ms;
constexpr auto first_draw = 300ms;  // a command that ends sooner shows no bar at all
constexpr auto plain_begin = 1s;
constexpr auto plain_interval = 10s;
constexpr auto json_interval = 1s;
constexpr std::size_t most_bars = 8;
constexpr double least_part_to_guess = 0.02;  // time left is a guess from what was done

void write_all(int fd, std::string_view text) noexcept
{
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string line_text(LineKind kind, std::string_view text)
{
  switch (kind) {
    case LineKind::warning: return fmt::format("cairn: warning: {}\n", text);
    case LineKind::debug: return fmt::format("cairn: debug: {}\n", text);
    default: return fmt::format("cairn: {}\n", text);
  }
}

/// The running steps, in the order in which they began. Guarded by whoever owns it.
class Steps {
public:
  Step& begin(std::uint64_t id, const std::string& title, std::uint64_t total_bytes)
  {
    const auto now = Clock::now();
    return steps_.emplace_back(Step{id, title, total_bytes, 0, now, now});
  }
  Step* find(std::uint64_t id)
  {
    const auto found = std::ranges::find(steps_, id, &Step::id);
    return found == steps_.end() ? nullptr : &*found;
  }
  void end(std::uint64_t id)
  {
    std::erase_if(steps_, [id](const Step& step) { return step.id == id; });
  }
  [[nodiscard]] std::vector<Step>& all() { return steps_; }

private:
  std::vector<Step> steps_;
};

/// Runs `body`; memory that is not there costs a line of progress, not the run.
template <class Body>
void quietly(Body&& body) noexcept
{
  try {
    body();
  } catch (...) {  // NOLINT(bugprone-empty-catch): reporters never throw (CONTRIBUTING, rule 10)
  }
}

class SilentConsole final : public Console {
public:
  explicit SilentConsole(int fd) : fd_(fd) {}
  void line(LineKind kind, std::string_view text) noexcept override
  {
    quietly([&] { write_all(fd_, line_text(kind, text)); });  // one write: lines of several threads do not mix
  }
  void begin(std::uint64_t, const std::string&, std::uint64_t) noexcept override {}
  void advance(std::uint64_t, std::uint64_t) noexcept override {}
  void end(std::uint64_t) noexcept override {}

private:
  int fd_;
};

/// Calls `body` again and again, under the lock that it is given, until it is destroyed.
class Ticker {
public:
  Ticker(std::mutex& mutex, std::chrono::milliseconds interval, std::function<void()> body)
      : thread_([&mutex, interval, body = std::move(body)](const std::stop_token& stop) {
          quietly([&] {
            std::condition_variable_any woken;
            std::unique_lock lock(mutex);
            while (!stop.stop_requested()) {
              woken.wait_for(lock, stop, interval, [] { return false; });
              if (!stop.stop_requested()) body();
            }
          });
        })
  {
  }

private:
  std::jthread thread_;
};

/// Counts what steps did; a ticker of the derived class tells of it.
class CountingConsole : public Console {
public:
  void begin(std::uint64_t id, const std::string& title, std::uint64_t total_bytes) noexcept override
  {
    quietly([&] {
      const std::scoped_lock lock(mutex_);
      steps_.begin(id, title, total_bytes);
    });
  }
  void advance(std::uint64_t id, std::uint64_t bytes) noexcept override
  {
    quietly([&] {
      const std::scoped_lock lock(mutex_);
      if (auto* step = steps_.find(id)) step->done_bytes += bytes;
    });
  }

protected:
  explicit CountingConsole(int fd) : fd_(fd) {}

  // The mutex guards all that a derived class has, too.
  int fd_;
  std::mutex mutex_;
  Steps steps_;
};

/// Steps that end within `plain_begin` are not worth a line: a log is read, not watched.
class PlainConsole final : public CountingConsole {
public:
  explicit PlainConsole(int fd) : CountingConsole(fd), ticker_(mutex_, redraw_interval, [this] { tell_all(); }) {}

  void line(LineKind kind, std::string_view text) noexcept override
  {
    quietly([&] { write_all(fd_, line_text(kind, text)); });
  }
  void end(std::uint64_t id) noexcept override
  {
    quietly([&] {
      const std::scoped_lock lock(mutex_);
      const auto* step = steps_.find(id);
      if (step != nullptr && step->told != step->began) {
        const auto took = duration_text(Clock::now() - step->began);
        tell(step->done_bytes == 0 ? fmt::format("{}: done in {}", safe(step->title), took)
                                   : fmt::format("{}: done, {} in {}", safe(step->title), size_text(step->done_bytes), took));
      }
      steps_.end(id);
    });
  }

private:
  void tell(const std::string& text) { line(LineKind::note, text); }
  void tell_all()
  {
    const auto now = Clock::now();
    for (auto& step : steps_.all()) {
      const bool is_new = step.told == step.began;
      if (now - step.told < (is_new ? plain_begin : plain_interval)) continue;
      step.told = now;
      if (!is_new) tell(bar_text(step, now, 0));
      else
        tell(step.total_bytes == 0 ? fmt::format("{} …", safe(step.title))
                                   : fmt::format("{} … ({})", safe(step.title), size_text(step.total_bytes)));
    }
  }

  Ticker ticker_;  // last: it uses all the others
};

class JsonConsole final : public Console {
public:
  explicit JsonConsole(int fd) : fd_(fd) {}

  void line(LineKind kind, std::string_view text) noexcept override
  {
    constexpr std::string_view names[] = {"note", "info", "debug", "warning", "error"};
    quietly([&] {
      oci::JsonWriter json;
      json.begin_object().member("event", "message").member("level", names[static_cast<std::size_t>(kind)]);
      json.member("text", is_clean(text) ? std::string(text) : safe(text)).end_object();
      tell(json);
    });
  }
  void begin(std::uint64_t id, const std::string& title, std::uint64_t total_bytes) noexcept override
  {
    quietly([&] {
      const std::scoped_lock lock(mutex_);
      const auto& step = steps_.begin(id, title, total_bytes);
      auto json = event("begin", step);
      tell(json.end_object());
    });
  }
  void advance(std::uint64_t id, std::uint64_t bytes) noexcept override
  {
    quietly([&] {
      const std::scoped_lock lock(mutex_);
      auto* step = steps_.find(id);
      if (step == nullptr) return;
      step->done_bytes += bytes;
      const auto now = Clock::now();
      if (now - step->told < json_interval) return;
      step->told = now;
      auto json = event("advance", *step);
      tell(json.end_object());
    });
  }
  void end(std::uint64_t id) noexcept override
  {
    quietly([&] {
      const std::scoped_lock lock(mutex_);
      if (const auto* step = steps_.find(id)) {
        auto json = event("end", *step);
        json.member("seconds", std::chrono::duration<double>(Clock::now() - step->began).count());
        tell(json.end_object());
      }
      steps_.end(id);
    });
  }

private:
  static bool is_clean(std::string_view text) { return safe(text) == text; }
  static oci::JsonWriter event(std::string_view name, const Step& step)
  {
    oci::JsonWriter json;
    json.begin_object().member("event", name).member("step", step.id).member("title", safe(step.title));
    json.member("bytes", step.done_bytes);
    if (step.total_bytes != 0) json.member("total_bytes", step.total_bytes);
    return json;
  }
  void tell(oci::JsonWriter& json) { write_all(fd_, json.finish() + '\n'); }

  int fd_;
  std::mutex mutex_;
  Steps steps_;
};

/// Draws at the bottom of the terminal, from a thread of its own so that rates and times go on while a step is
/// silent. Lines are overwritten and the rest of each erased, in one write: nothing flickers.
class BarConsole final : public CountingConsole {
public:
  explicit BarConsole(int fd) : CountingConsole(fd), ticker_(std::in_place, mutex_, redraw_interval, [this] { draw(); }) {}
  ~BarConsole() override
  {
    ticker_.reset();
    erase();
  }

  void line(LineKind kind, std::string_view text) noexcept override
  {
    quietly([&] {
      const std::scoped_lock lock(mutex_);
      erase();
      write_all(fd_, line_text(kind, text));
    });
  }
  void clear() noexcept override
  {
    quietly([&] {
      const std::scoped_lock lock(mutex_);
      erase();
    });
  }
  void end(std::uint64_t id) noexcept override
  {
    quietly([&] {
      const std::scoped_lock lock(mutex_);
      steps_.end(id);
      if (steps_.all().empty()) erase();
    });
  }

private:
  void draw()
  {
    const auto now = Clock::now();
    const auto columns = terminal_columns(fd_).value_or(80);
    const auto room = std::min(most_bars, terminal_rows(fd_).value_or(24) - 1);
    std::string out;
    std::size_t lines = 0;
    for (const auto& step : steps_.all()) {
      if (now - step.began < first_draw || lines == room) continue;
      out += "\r" + bar_text(step, now, columns - 1) + "\x1b[K\n";
      ++lines;
    }
    if (lines == 0 && drawn_ == 0) return;
    const std::string up = drawn_ == 0 ? "" : fmt::format("\x1b[{}A", drawn_);
    write_all(fd_, up + out + (lines < drawn_ ? "\x1b[J" : ""));
    drawn_ = lines;
  }

  void erase()
  {
    if (drawn_ == 0) return;
    write_all(fd_, fmt::format("\x1b[{}A\r\x1b[J", drawn_));
    drawn_ = 0;
  }

  std::size_t drawn_ = 0;         ///< lines of bars on the terminal, the cursor below them
  std::optional<Ticker> ticker_;  // last: it uses all the others
};

}  // namespace

std::string bar_text(const Step& step, std::chrono::steady_clock::time_point now, std::size_t columns)
{
  const auto elapsed = std::chrono::duration<double>(now - step.began).count();
  const auto rate = elapsed > 0 ? static_cast<double>(step.done_bytes) / elapsed : 0;
  std::string numbers;
  double part = 0;
  if (step.done_bytes == 0 && step.total_bytes == 0) {
    numbers = duration_text(now - step.began);
  } else if (step.total_bytes == 0) {
    numbers = fmt::format("{}, {}/s, {}", size_text(step.done_bytes), size_text(static_cast<std::uint64_t>(rate)),
                          duration_text(now - step.began));
  } else {
    const auto done = std::min(step.done_bytes, step.total_bytes);  // an estimate may have been too low
    part = static_cast<double>(done) / static_cast<double>(step.total_bytes);
    numbers = fmt::format("{:3.0f} %, {} of {}, {}/s", part * 100, size_text(done), size_text(step.total_bytes),
                          size_text(static_cast<std::uint64_t>(rate)));
    if (part >= least_part_to_guess && done < step.total_bytes) {
      const auto left =
          std::chrono::ceil<std::chrono::seconds>(std::chrono::duration<double>(static_cast<double>(step.total_bytes - done) / rate));
      numbers += fmt::format(", {} left", left < 10s ? fmt::format("{} s", left.count()) : duration_text(left));
    }
  }
  const auto title = safe(step.title);
  if (columns == 0) return fmt::format("{}: {}", title, numbers);

  // Title and bar are as wide in every line and at every moment; only what stands behind them moves.
  constexpr std::size_t title_columns = 20;
  const auto shown = fit(title, title_columns);
  auto out = shown + std::string(title_columns - width(shown) + 2, ' ');
  const std::size_t cells = columns >= 100 ? 30 : columns >= 75 ? 10 : 0;
  if (step.total_bytes != 0 && cells != 0) {
    const auto full = static_cast<std::size_t>(part * static_cast<double>(cells));
    out += '[' + std::string(full, '=') + (full < cells ? ">" + std::string(cells - full - 1, ' ') : "") + "] ";
  }
  return fit(out + numbers, columns);
}

std::unique_ptr<Console> make_console(int fd, ProgressStyle style)
{
  if (style == ProgressStyle::automatic) style = terminal_columns(fd) ? ProgressStyle::bar : ProgressStyle::plain;
  switch (style) {
    case ProgressStyle::bar: return std::make_unique<BarConsole>(fd);
    case ProgressStyle::json: return std::make_unique<JsonConsole>(fd);
    case ProgressStyle::none: return std::make_unique<SilentConsole>(fd);
    default: return std::make_unique<PlainConsole>(fd);
  }
}

}  // namespace cairn::cli
