// SPDX-License-Identifier: Apache-2.0
#include <cli/command_line.hpp>
#include <cli/render/manual.hpp>

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Fixture : ::testing::Test {
  CommandLine line{{.name = "cairn", .summary = "Pile stones", .description = "Piles.", .examples = {}, .sections = {}}};
  std::optional<std::string> store, size, kind;
  std::optional<std::uint64_t> count;
  std::vector<std::string> stones, without;
  bool high = false;

  Fixture()
  {
    line.global().option("--store", "DIR", "where", store);
    line.add({.name = "pile",
              .summary = "Make a pile",
              .description = "With `*` *care*.",
              .examples = {{"cairn pile flat", "One."}},
              .sections = {}},
             [] { return Exit::done; })
        .words("STONE", "what to pile", OptionSpec::Count::some, stones)
        .option("--size", "SIZE", "how large", size)
        .required()
        .number("--count", "N", "how many", 1, 9, count)
        .choice("--kind", {"flat", "round"}, "which", kind)
        .option("--without", "PATTERN", "what not", without)
        .flag("--high", "pile high", high)
        .letter('H');
  }

  std::string refusal(const std::vector<std::string>& arguments)
  {
    try {
      static_cast<void>(line.parse(arguments));
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  }
};

TEST_F(Fixture, fills_fields_wherever_options_stand)
{
  const auto parsed =
      line.parse({"--store", "a", "pile", "x", "-H", "--without=p", "--size", "big", "y", "--without", "q", "--count=3", "--store=b"});
  EXPECT_EQ(parsed.command->text().name, "pile");
  EXPECT_THAT(stones, ElementsAre("x", "y"));
  EXPECT_THAT(without, ElementsAre("p", "q"));
  EXPECT_EQ(size, "big");
  EXPECT_EQ(count, 3u);
  EXPECT_EQ(store, "b");
  EXPECT_TRUE(high);
}

TEST_F(Fixture, help_needs_nothing_else)
{
  EXPECT_TRUE(line.parse({"pile", "--help"}).help);
  EXPECT_TRUE(line.parse({"-h"}).help);
  EXPECT_TRUE(line.parse({"--version"}).version);
  EXPECT_EQ(line.parse({}).command, nullptr);
}

TEST_F(Fixture, says_what_is_wrong_with_the_words)
{
  EXPECT_EQ(refusal({"pile"}), "'pile' needs STONE and --size SIZE; see cairn pile --help");
  EXPECT_EQ(refusal({"pile", "x"}), "'pile' needs --size SIZE; see cairn pile --help");
  EXPECT_EQ(refusal({"pile", "x", "--size"}), "--size needs a value; see cairn pile --help");
  EXPECT_EQ(refusal({"pile", "x", "--size", "a", "--size", "b"}), "--size is given more than once; see cairn pile --help");
  EXPECT_EQ(refusal({"pile", "x", "--szie=a"}), "'pile' has no option '--szie'; did you mean '--size'?");
  EXPECT_EQ(refusal({"pile", "x", "--size", "a", "--count", "10"}), "--count: '10' is no number from 1 to 9");
  EXPECT_EQ(refusal({"pile", "x", "--size", "a", "--count", "-1"}), "--count: '-1' is no number from 1 to 9");
  EXPECT_EQ(refusal({"pile", "x", "--size", "a", "--kind", "odd"}), "--kind: 'odd' is none of flat, round");
  EXPECT_EQ(refusal({"plie"}), "no command 'plie'; did you mean 'pile'?");
  EXPECT_EQ(refusal({"p\x1b[2J"}), "no command 'p\\x1b[2J'; see cairn --help");
}

TEST_F(Fixture, manual_says_the_same_in_three_forms)
{
  const auto& command = line.get("pile");
  EXPECT_THAT(help_text(line, command), HasSubstr("Usage: cairn pile STONE… --size SIZE [--count N] [--kind flat|round]"));
  EXPECT_THAT(help_text(line, command), HasSubstr("With * care."));
  EXPECT_THAT(man_page(line, &command), HasSubstr("With \\fB*\\fR \\fIcare\\fR."));
  EXPECT_THAT(markdown_page(line, &command), HasSubstr("```sh\ncairn pile flat\n```"));
}

}  // namespace
}  // namespace cairn::cli
