// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/module/evaluator.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace cairn::module {
namespace {

using namespace std::chrono_literals;
using test::ThrowsError;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;

Script lua(const std::string& text) { return {Script::Kind::modulefile, Language::lua, text, {"a", "1", "a/1", "/a/1.lua"}}; }
Script tcl(const std::string& text) { return {Script::Kind::modulefile, Language::tcl, text, {"a", "1", "a/1", "/a/1"}}; }

std::vector<std::string> whatis(const Answer& answer) { return strings_of(find(answer.said, "whatis")); }

TEST(Evaluator, answers_as_an_evaluation_in_this_process_does)
{
  Evaluator evaluator(1);
  for (const auto& script : {lua("whatis(myFileName() .. '\\0\\n') os.getenv('X') extensions('a,b') add_property('p', 'q') nosuch()"), tcl("module-whatis [module-info name]"),
                             Script{Script::Kind::rc, Language::tcl, "module-alias a b", {}}, Script{Script::Kind::rc, Language::lua, "module_alias('a', 'b') x()", {}}}) {
    EXPECT_EQ(packed(evaluator.run(script, Task())), packed(run(script)));
  }
}

TEST(Evaluator, ends_patterns_that_never_end_and_goes_on)
{
  Evaluator evaluator(1, 500ms);
  EXPECT_THAT(evaluator.run(lua("(('a'):rep(3000)):find(('.-'):rep(30) .. 'b')"), Task()).error, Optional(HasSubstr("longer than 500 ms")));
  EXPECT_THAT(whatis(evaluator.run(lua("whatis('x')"), Task())), ElementsAre("x"));
}

TEST(Evaluator, ends_arithmetic_that_never_ends)
{
  Evaluator evaluator(1, 500ms);
  EXPECT_THAT(evaluator.run(tcl("expr {9**99999999}"), Task()).error, Optional(HasSubstr("longer than 500 ms")));
}

TEST(Evaluator, outlives_an_interpreter_that_takes_all_memory)
{
  Evaluator evaluator(1, 5s);
  for (const std::string text : {"set x [string repeat a 2000000000]", "set x aa; while {1} {append x $x}", "set x [list a]; while {1} {lappend x {*}$x}", "lrepeat 100000000 a",
                                 "format %2000000000d 1", "set x [list a]; for {set i 0} {$i < 60} {incr i} {set x [list $x $x]}; puts $x"}) {
    EXPECT_NE(evaluator.run(tcl(text), Task()).error, std::nullopt) << text;
    EXPECT_THAT(whatis(evaluator.run(tcl("module-whatis x"), Task())), ElementsAre("x"));
  }
}

TEST(Evaluator, evaluates_with_no_file_of_ours_and_no_output)
{
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Evaluator evaluator(1);
  static_cast<void>(evaluator.run(tcl("puts stderr x\nputs y"), Task()));
  static_cast<void>(evaluator.run(lua("print('x') io.stderr:write('y')"), Task()));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Evaluator, serves_more_threads_than_it_has_processes)
{
  Evaluator evaluator(2);
  std::vector<std::string> said(8);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < said.size(); ++i)
      threads.emplace_back([&, i] { said[i] = whatis(evaluator.run(lua("whatis('" + std::to_string(i) + "')"), Task())).at(0); });
  }
  EXPECT_THAT(said, ElementsAre("0", "1", "2", "3", "4", "5", "6", "7"));
}

TEST(Evaluator, stops_in_the_middle_of_a_script)
{
  class Silent final : public Reporter {
    void begin(std::uint64_t, const std::string&, std::uint64_t) noexcept override {}
    void advance(std::uint64_t, std::uint64_t) noexcept override {}
    void end(std::uint64_t) noexcept override {}
  } reporter;
  std::stop_source stop;
  const Task task(reporter, stop.get_token(), "modules", 0);
  Evaluator evaluator(1);
  const std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_THROW(static_cast<void>(evaluator.run(tcl("expr {9**99999999}"), task)), Cancelled);
}

TEST(UnpackedAnswer, refuses_what_is_no_answer)
{
  const auto good = packed(Answer{{{"a", List{std::int64_t{1}, "x", true}}}, {"q"}, "e"});
  EXPECT_EQ(packed(unpacked_answer(good)), good);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_THAT([&] { static_cast<void>(unpacked_answer(std::string_view(good).substr(0, size))); }, ThrowsError(Errc::corrupt, "no answer"));
  EXPECT_THAT([&] { static_cast<void>(unpacked_answer(good + "x")); }, ThrowsError(Errc::corrupt, "no answer"));
  EXPECT_THAT([&] { static_cast<void>(unpacked_answer("l\xff\xff\xff\xff\xff\xff\xff\xff")); }, ThrowsError(Errc::corrupt, "no answer"));
}

}  // namespace
}  // namespace cairn::module
