// SPDX-License-Identifier: Apache-2.0
#include <cli/render/table.hpp>
#include <cli/render/text.hpp>

#include <gmock/gmock.h>

#include <chrono>

namespace cairn::cli {
namespace {

using namespace std::chrono_literals;

TEST(Text, counts_columns_not_bytes)
{
  EXPECT_EQ(width("abc"), 3u);
  EXPECT_EQ(width("äöü"), 3u);
  EXPECT_EQ(width("日本語"), 6u);
  EXPECT_EQ(width("e\u0301"), 1u);  // a combining accent
  EXPECT_EQ(width("🪨"), 2u);
  EXPECT_EQ(width("\xff"), 1u);  // not UTF-8
}

TEST(Text, cuts_at_a_character_and_says_so)
{
  EXPECT_EQ(fit("abcdef", 6), "abcdef");
  EXPECT_EQ(fit("abcdef", 4), "abc…");
  EXPECT_EQ(fit("日本語", 4), "日…");  // a wide character does not fit in the one column left
  EXPECT_EQ(fit("abc", 0), "");
}

TEST(Text, wraps_at_spaces_and_keeps_indented_lines)
{
  EXPECT_EQ(wrap("one two three", 7), "one two\nthree");
  EXPECT_EQ(wrap("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(wrap("  kept as it is, however long", 7), "  kept as it is, however long");
  EXPECT_EQ(wrap("a-word-that-is-too-long b", 5), "a-word-that-is-too-long\nb");
}

TEST(Text, takes_what_acts_on_a_terminal_from_names)
{
  EXPECT_EQ(safe("a\nb\x1b[2J"), "a\\nb\\x1b[2J");
  EXPECT_EQ(safe("it's"), "it's");
  EXPECT_EQ(safe("back\\slash"), "back\\\\slash");
}

TEST(Text, writes_sizes_with_two_or_three_digits)
{
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1023), "1023 B");
  EXPECT_EQ(size_text(1024), "1.0 KiB");
  EXPECT_EQ(size_text(10 * 1024), "10 KiB");
  EXPECT_EQ(size_text(1024 * 1024 - 1), "1.0 MiB");  // never 1024 KiB
  EXPECT_EQ(size_text(UINT64_MAX), "16 EiB");
}

TEST(Text, writes_durations_in_the_units_that_matter)
{
  EXPECT_EQ(duration_text(4ms), "4 ms");
  EXPECT_EQ(duration_text(420ms), "0.42 s");
  EXPECT_EQ(duration_text(9900ms), "9.9 s");
  EXPECT_EQ(duration_text(12s), "12 s");
  EXPECT_EQ(duration_text(59600ms), "1 min 00 s");
  EXPECT_EQ(duration_text(125s), "2 min 05 s");
  EXPECT_EQ(duration_text(2h + 4min), "2 h 04 min");
}

TEST(Table, aligns_columns)
{
  Table table({{"NAME"}, {"SIZE", Align::right}});
  table.add({"日本", "5 B"});
  table.add({"a", "10 KiB"});
  EXPECT_EQ(table.text(std::nullopt),
            "NAME    SIZE\n"
            "日本     5 B\n"
            "a     10 KiB\n");
}

TEST(Table, shrinks_what_may_shrink_to_the_width)
{
  Table table({{"NAME"}, {"TEXT", Align::left, Shrink::yes}});
  table.add({"first", "a description that is long"});
  EXPECT_EQ(table.text(20),
            "NAME   TEXT\n"
            "first  a descriptio…\n");
}

}  // namespace
}  // namespace cairn::cli
