// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/task.hpp>

#include <cairn/base/error.hpp>

#include <gmock/gmock.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cairn {
namespace {

class Recorder final : public Reporter {
public:
  void begin(std::uint64_t id, const std::string& title, std::uint64_t total_bytes) noexcept override
  {
    events.push_back("begin " + title + " " + std::to_string(total_bytes));
    titles[id] = title;
  }
  void advance(std::uint64_t id, std::uint64_t bytes) noexcept override { events.push_back(titles[id] + " +" + std::to_string(bytes)); }
  void end(std::uint64_t id) noexcept override { events.push_back("end " + titles[id]); }

  std::vector<std::string> events;
  std::map<std::uint64_t, std::string> titles;
};

TEST(Task, reports_steps_from_their_beginning_to_their_end)
{
  Recorder recorder;
  {
    const Task task(recorder, {}, "pull", 10);
    task.advance(3);
    {
      const auto step = task.step("layer", 5);
      step.advance(5);
    }
    task.advance(7);
  }
  EXPECT_THAT(recorder.events,
              testing::ElementsAre("begin pull 10", "pull +3", "begin layer 5", "layer +5", "end layer", "pull +7", "end pull"));
}

TEST(Task, stops_at_its_next_step_forward)
{
  Recorder recorder;
  std::stop_source stop;
  const Task task(recorder, stop.get_token(), "pull", 0);
  const auto step = task.step("layer");
  task.check();
  stop.request_stop();
  EXPECT_THROW(task.check(), Cancelled);
  EXPECT_THROW(step.advance(1), Cancelled);
  EXPECT_THAT(recorder.events, testing::ElementsAre("begin pull 0", "begin layer 0"));
}

TEST(Task, ends_when_an_exception_passes)
{
  Recorder recorder;
  try {
    const Task task(recorder, {}, "pull", 0);
    throw Error(Errc::io, "x");
  } catch (const Error&) {
  }
  EXPECT_EQ(recorder.events.back(), "end pull");
}

TEST(Task, works_unwatched)
{
  const Task task;
  task.advance(1);
  task.step("x").check();
}

}  // namespace
}  // namespace cairn
