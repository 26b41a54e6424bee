// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/lua_sandbox.hpp>
#include <cairn/module/script.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cairn::module {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;

LuaOutcome run(const std::string& text) { return run_modulefile(text, {"zlib", "1.3.1", "zlib/1.3.1", "/apps/zlib/1.3.1.lua"}); }

std::vector<std::string> whatis(const LuaOutcome& outcome) { return strings_of(find(outcome.said, "whatis")); }

TEST(LuaSandbox, keeps_what_was_said_before_an_error)
{
  const auto outcome = run("whatis('before') nosuch() whatis('after')");
  EXPECT_THAT(whatis(outcome), ElementsAre("before"));
  EXPECT_THAT(outcome.error, Optional(HasSubstr("nosuch")));
}

TEST(LuaSandbox, ends_an_endless_loop_at_the_instruction_limit)
{
  const auto outcome = run("whatis('x') while true do end");
  EXPECT_THAT(outcome.error, Optional(HasSubstr("50000000 Lua instructions")));
  EXPECT_THAT(whatis(outcome), ElementsAre("x"));
}

TEST(LuaSandbox, ends_an_endless_loop_that_catches_errors)
{
  EXPECT_THAT(run("while true do pcall(function() while true do end end) end").error, Optional(HasSubstr("Lua instructions")));
}

TEST(LuaSandbox, ends_endless_recursion) { EXPECT_NE(run("local function f() return 1 + f() end f()").error, std::nullopt); }

TEST(LuaSandbox, refuses_memory_beyond_the_limit)
{
  EXPECT_THAT(run("local s = ('x'):rep(1000000000)").error, Optional(HasSubstr("64 MiB of Lua memory")));
  EXPECT_THAT(run("local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end").error, Optional(HasSubstr("64 MiB of Lua memory")));
}

TEST(LuaSandbox, repeats_nothing_any_number_of_times) { EXPECT_EQ(run("whatis('<' .. (''):rep(1 << 60) .. '>')").error, std::nullopt); }

TEST(LuaSandbox, refuses_bytecode) { EXPECT_THAT(run(std::string("\x1bLua\x54\0", 6)).error, Optional(HasSubstr("binary"))); }

TEST(LuaSandbox, has_no_way_out)
{
  for (const std::string name : {"error", "select", "setmetatable", "getmetatable", "rawget", "rawset", "rawequal", "coroutine", "utf8", "debug", "_G", "dofile",
                                 "loadstring", "collectgarbage", "os.remove", "os.rename", "os.tmpname", "io.popen", "io.lines", "io.read", "string.dump", "package.loadlib"}) {
    const auto outcome = run("whatis(tostring(" + name + "))");
    EXPECT_THAT(whatis(outcome), ElementsAre("nil")) << name;
  }
  EXPECT_THAT(whatis(run("whatis(tostring(('').dump))")), ElementsAre("nil"));
}

TEST(LuaSandbox, loads_modules_and_not_code)
{
  const auto outcome = run("whatis(tostring(load('return 1')))");
  EXPECT_THAT(whatis(outcome), ElementsAre("nil"));
}

TEST(LuaSandbox, answers_questions_about_the_host_with_nothing_and_notes_them)
{
  const auto outcome = run("whatis(tostring(os.execute('id'))) whatis(capture('date')) whatis(tostring(os.getenv('FOO'))) whatis(tostring(isDir('/'))) "
                           "whatis(tostring(io.open('/etc/passwd'))) whatis(tostring(lfs.attributes('/'))) whatis(tostring(posix.uname())) whatis(os.date())");
  EXPECT_EQ(outcome.error, std::nullopt);
  EXPECT_THAT(whatis(outcome), ElementsAre("nil", "", "nil", "false", "nil", "nil", "nil", ""));
  EXPECT_THAT(strings_of(find(outcome.said, "impure")), ElementsAre("os.execute id", "capture date", "os.getenv FOO", "isDir /", "io.open /etc/passwd",
                                                                     "lfs.attributes /", "posix.uname", "os.date"));
}

TEST(LuaSandbox, starts_afresh_for_each_file)
{
  run("leaked = 'x' string.find = nil table.concat = nil");
  EXPECT_THAT(whatis(run("whatis(tostring(leaked)) whatis(tostring(string.find ~= nil))")), ElementsAre("nil", "true"));
}

TEST(LuaSandbox, keeps_recording_when_a_file_breaks_its_own_libraries)
{
  const auto outcome = run("string.find = nil string.sub = nil table.concat = nil prepend_path('PATH', '/a:/b') whatis('Name: n')");
  EXPECT_EQ(outcome.error, std::nullopt);
  EXPECT_THAT(strings_of(find(outcome.said, "pathA")), ElementsAre("/a", "/b"));
}

TEST(LuaSandbox, walks_tables_in_one_order_and_shows_no_addresses)
{
  const auto text = "local t = {} for i = 1, 50 do t['k' .. i] = i end local s = '' for k in pairs(t) do s = s .. k end whatis(s) whatis((next(t))) "
                    "whatis(tostring({})) whatis(string.format('%s', print))";
  const auto first = whatis(run(text));
  ASSERT_EQ(first.size(), 4U);
  EXPECT_THAT(first[0], testing::StartsWith("k1k10k11"));
  EXPECT_EQ(first[1], "k1");
  EXPECT_EQ(first[2], "table: 0x0");
  EXPECT_EQ(first[3], "function: 0x0");
}

TEST(LuaSandbox, knows_nothing_in_data)
{
  EXPECT_THAT(run_data("print('x')").error, Optional(HasSubstr("print")));
  const auto outcome = run_data("a = {1, 'two', {b = true}}");
  EXPECT_EQ(outcome.error, std::nullopt);
  ASSERT_NE(find(outcome.said, "a"), nullptr);
  EXPECT_EQ(std::get<List>(find(outcome.said, "a")->data).size(), 3U);
}

TEST(LuaSandbox, tells_what_does_not_parse)
{
  EXPECT_EQ(syntax_error("a = 1"), std::nullopt);
  EXPECT_THAT(syntax_error("a = = 1"), Optional(HasSubstr("unexpected symbol")));
}

}  // namespace
}  // namespace cairn::module
