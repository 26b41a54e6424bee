// SPDX-License-Identifier: Apache-2.0
#include <cli/render/console.hpp>

#include <cairn/oci/json.hpp>
#include <cli/render/text.hpp>

#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace cairn::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

Step step_after(std::chrono::seconds time, std::uint64_t done, std::uint64_t total)
{
  const std::chrono::steady_clock::time_point began{};
  return {1, "pack", total, done, began, began + time};
}

std::string bar(const Step& step, std::size_t columns) { return bar_text(step, step.told, columns); }

TEST(BarText, shows_part_bytes_rate_and_time_left)
{
  const auto text = bar(step_after(10s, 50 * mib, 100 * mib), 120);
  EXPECT_THAT(text, StartsWith("pack  "));
  EXPECT_THAT(text, HasSubstr("[===============>              ]"));
  EXPECT_THAT(text, EndsWith(" 50 %, 50 MiB of 100 MiB, 5.0 MiB/s, 10 s left"));
}

TEST(BarText, guesses_no_time_from_next_to_nothing)
{
  EXPECT_THAT(bar(step_after(10s, mib, 100 * mib), 120), Not(HasSubstr("left")));
  EXPECT_THAT(bar(step_after(10s, 100 * mib, 100 * mib), 120), EndsWith("100 %, 100 MiB of 100 MiB, 10 MiB/s"));
}

TEST(BarText, an_estimate_that_was_too_low_stays_at_100_percent)
{
  EXPECT_THAT(bar(step_after(10s, 120 * mib, 100 * mib), 120), HasSubstr("100 %, 100 MiB of 100 MiB"));
}

TEST(BarText, fits_any_terminal)
{
  for (const std::size_t columns : {20u, 40u, 79u, 99u, 200u})
    EXPECT_LE(width(bar(step_after(10s, 50 * mib, 100 * mib), columns)), columns);
}

TEST(BarText, without_a_total_shows_what_is_known)
{
  EXPECT_THAT(bar(step_after(10s, 50 * mib, 0), 120), EndsWith("50 MiB, 5.0 MiB/s, 10 s"));
  EXPECT_THAT(bar(step_after(10s, 0, 0), 120), EndsWith("  10 s"));
}

/// What a console writes.
class Pipe {
public:
  Pipe() { EXPECT_EQ(::pipe(fds_.data()), 0); }
  ~Pipe() { ::close(fds_[0]); }
  [[nodiscard]] int writer() const { return fds_[1]; }
  std::string read_all()
  {
    ::close(fds_[1]);
    std::string out;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(fds_[0], buffer.data(), buffer.size())) > 0;)
      out.append(buffer.data(), static_cast<std::size_t>(got));
    return out;
  }

private:
  std::array<int, 2> fds_{};
};

TEST(Console, plain_says_nothing_of_short_steps)
{
  Pipe pipe;
  {
    const auto console = make_console(pipe.writer(), ProgressStyle::plain);
    console->begin(1, "short", 0);
    console->end(1);
    console->line(LineKind::warning, "look");
  }
  EXPECT_EQ(pipe.read_all(), "cairn: warning: look\n");
}

TEST(Console, json_is_one_object_a_line_whatever_the_text)
{
  Pipe pipe;
  {
    const auto console = make_console(pipe.writer(), ProgressStyle::json);
    console->begin(7, "a \"title\"\n\xff", 10);
    console->advance(7, 10);
    console->end(7);
    console->line(LineKind::error, "broken \xff name");
  }
  const auto text = pipe.read_all();
  std::vector<std::string> events;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const auto document = oci::JsonDocument::parse(text.substr(at, end - at), "line");
    events.emplace_back(document.root().at("event").string());
    at = end + 1;
  }
  EXPECT_THAT(events, ::testing::ElementsAre("begin", "end", "message"));
}

TEST(Console, takes_lines_and_steps_from_many_threads)
{
  Pipe pipe;
  {
    const auto console = make_console(pipe.writer(), ProgressStyle::bar);
    std::vector<std::jthread> threads;
    for (std::uint64_t id = 1; id <= 4; ++id) {
      threads.emplace_back([&console, id] {
        console->begin(id, "step", 100);
        for (int i = 0; i < 100; ++i) console->advance(id, 1);
        console->line(LineKind::note, "done");
        console->end(id);
      });
    }
  }
  EXPECT_THAT(pipe.read_all(), HasSubstr("cairn: done\n"));
}

}  // namespace
}  // namespace cairn::cli
