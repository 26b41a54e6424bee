// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/change_model_file.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>

#include <gmock/gmock.h>

#include <string>

namespace cairn::recipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

ChangeModelFile read(std::string_view text) { return ChangeModelFile::parse(text, "model.yaml"); }

std::string refused(std::string_view text)
{
  try {
    (void)read(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    return error.what();
  }
  return "(nothing was thrown)";
}

/// The documentation page's example number `wanted`, from 0.
std::string documented_example(int wanted)
{
  const auto page = read_small_file(std::filesystem::path(CAIRN_DOCS_DIR) / "formats/change-model.md", 1 << 20);
  constexpr std::string_view fence = "```yaml\n";
  auto begin = page.find(fence) + fence.size();
  for (; wanted > 0; --wanted) begin = page.find(fence, begin) + fence.size();
  return page.substr(begin, page.find("\n```", begin) + 1 - begin);
}

TEST(ChangeModelFile, reads_the_documented_numbers)
{
  const auto file = read(documented_example(0));
  EXPECT_EQ(file.units, 500U);
  EXPECT_EQ(file.mean_bytes, 31'800'000U);
  EXPECT_EQ(file.spread, 1.9);
  EXPECT_EQ(file.added, 8U);
  EXPECT_EQ(file.changed_percent, 0.4);
  EXPECT_EQ(file.removed_percent, 0.4);
  EXPECT_EQ(file.seed, 1U);
  EXPECT_EQ(file.index_bytes, 500U);
  EXPECT_THAT(file.first, IsEmpty());
}

TEST(ChangeModelFile, reads_the_documented_history)
{
  const auto file = read(documented_example(1));
  EXPECT_THAT(file.first, ElementsAre(Pair("GCC/12.3.0", 512'000'000), Pair("zlib/1.2.13", 1'200'000)));
  EXPECT_THAT(file.releases, ElementsAre(ElementsAre(Pair("zlib/1.3.1", 1'250'000)),
                                         ElementsAre(Pair("GCC/12.3.0", 513'000'000), Pair("zlib/1.2.13", std::nullopt))));
}

TEST(ChangeModelFile, says_nothing_when_it_is_empty) { EXPECT_EQ(read("").units, std::nullopt); }

TEST(ChangeModelFile, refuses_what_is_no_number)
{
  EXPECT_THAT(refused("changed: lots"), HasSubstr("model.yaml:1:10: 'changed': 'lots' is not a number from 0 to 100"));
  EXPECT_THAT(refused("changed: 100.1"), HasSubstr("100.1"));
  EXPECT_THAT(refused("changed: -1"), HasSubstr("-1"));
  EXPECT_THAT(refused("spread: nan"), HasSubstr("nan"));
  EXPECT_THAT(refused("spread: 1e1"), HasSubstr("1e1"));
  EXPECT_THAT(refused("spread: 4.5"), HasSubstr("from 0 to 4"));
  EXPECT_THAT(refused("units: 0"), HasSubstr("units"));
}

TEST(ChangeModelFile, refuses_unknown_keys) { EXPECT_THAT(refused("unit: 5"), HasSubstr("unit")); }

TEST(ChangeModelFile, refuses_a_history_that_is_also_made_up)
{
  EXPECT_THAT(refused("first: {a: 1}\nseed: 4"), HasSubstr("'seed': cannot stand beside `first`"));
}

TEST(ChangeModelFile, refuses_a_history_without_a_beginning)
{
  EXPECT_THAT(refused("releases: [{a: 1}]"), HasSubstr("`first`"));
  EXPECT_THAT(refused("first: {}\nreleases: [{a: 1}]"), HasSubstr("is empty"));
}

TEST(ChangeModelFile, refuses_sizes_that_are_none)
{
  EXPECT_THAT(refused("first: {a: 1}\nreleases: [{a: gone}]"), HasSubstr("model.yaml:2:"));
  EXPECT_THAT(refused("first: {a: removed}"), HasSubstr("model.yaml:1:"));
}

}  // namespace
}  // namespace cairn::recipe
