// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

#include <cerrno>

namespace cairn {
namespace {

using test::ThrowsError;

TEST(Printable, leaves_text_alone)
{
  EXPECT_EQ(printable("a b/c"), "'a b/c'");
  EXPECT_EQ(printable(""), "''");
  EXPECT_EQ(printable("caf\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x8d\x8e"), "'caf\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x8d\x8e'");
}

TEST(Printable, escapes_what_acts_on_a_terminal_or_ends_the_quotes)
{
  EXPECT_EQ(printable("a\n\r\t\x1b[2J\x7f"), R"('a\n\r\t\x1b[2J\x7f')");
  EXPECT_EQ(printable(std::string("a\0b", 3)), R"('a\x00b')");
  EXPECT_EQ(printable("it's \\"), R"('it\'s \\')");
  EXPECT_EQ(printable("\xc2\x9b"), R"('\xc2\x9b')");  // CSI as one C1 control
  EXPECT_EQ(printable("\xff\xc0\xaf\xed\xa0\x80"), R"('\xff\xc0\xaf\xed\xa0\x80')");
}

TEST(Utf8, accepts_the_whole_range)
{
  for (const auto* text :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(text)) << text;
}

TEST(Utf8, refuses_overlong_forms_surrogates_and_fragments)
{
  for (const auto* text : {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x8d", "a\xc3z"})
    EXPECT_FALSE(is_utf8(text)) << printable(text);
}

TEST(InContext, puts_where_in_front_and_keeps_the_code)
{
  EXPECT_THAT(
      [] { in_context([] { return "outer"; }, [] { in_context([] { return "inner"; }, [] { throw Error(Errc::limit, "too large"); }); }); },
      ThrowsError(Errc::limit, "outer: inner: too large"));
}

TEST(InContext, gives_what_the_body_gives_and_asks_where_only_on_failure)
{
  int value = 1;
  int& same = in_context([]() -> std::string { throw Error(Errc::io, "asked"); }, [&]() -> int& { return value; });
  EXPECT_EQ(&same, &value);
}

TEST(InContext, lets_other_exceptions_pass)
{
  EXPECT_THROW(in_context([] { return "where"; }, [] { throw Cancelled{}; }), Cancelled);
}

TEST(ThrowErrno, chooses_a_code_that_callers_can_act_on)
{
  const auto code = [](int value) {
    try {
      throw_errno(value, "what");
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::StartsWith("what: "));
      return error.code();
    }
  };
  EXPECT_EQ(code(ENOENT), Errc::not_found);
  EXPECT_EQ(code(EEXIST), Errc::exists);
  for (const int value : {EACCES, EPERM, EROFS}) EXPECT_EQ(code(value), Errc::permission);
  for (const int value : {ENOSPC, EDQUOT}) EXPECT_EQ(code(value), Errc::no_space);
  EXPECT_EQ(code(EIO), Errc::io);
}

TEST(Errc, has_a_name_for_each)
{
  EXPECT_EQ(name(Errc::bad_input), "bad_input");
  EXPECT_EQ(name(Errc::tool), "tool");
}

}  // namespace
}  // namespace cairn
