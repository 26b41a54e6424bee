// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/document.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

namespace cairn::library {
namespace {

using test::ThrowsError;

Digest digest(std::string_view text) { return sha256(text); }

Document example()
{
  Document document;
  document.target = "/opt/apps";
  document.budget_layers = 64;
  document.modulepath = {"modules/all"};
  LayerInfo old{.digest = digest("l0"),
                .size_bytes = 1000,
                .diff_id = digest("d0"),
                .plain_bytes = 2000,
                .compression = {Codec::gzip, 6},
                .fragments = {},
                .opaque = {},
                .removed = {}};
  old.fragments.push_back(
      {"a/1", false, digest("a"), 512, digest("pa"), 100, 200, {{"modules/all/a/1.lua", false}, {"software/a/1", true}}});
  old.fragments.push_back({"b/1", true, digest("b"), 1024, digest("pb"), 700, 300, {{"software/b/1", true}}});
  LayerInfo top{.digest = digest("l1"),
                .size_bytes = 500,
                .diff_id = digest("d1"),
                .plain_bytes = 900,
                .compression = {},
                .fragments = {},
                .opaque = {"software/a/1"},
                .removed = {"software/c"}};
  top.fragments.push_back({"a/1", true, digest("a2"), 512, digest("pa2"), 0, 500, {{"software/a/1", true}}});
  top.reason = LayerReason::dead_cap;
  document.layers = {old, top};
  document.units = {
      {.name = "a/1",
       .kind = UnitKind::software,
       .modules = {{"a/1", "modules/all/a/1.lua", "modules/all", true, "what \"a\" is\n", "https://a", "lib", {"x/1", "y/2"}, {"x86-64-v3", "nvidia"}}},
       .dependencies = {"b/1"},
       .missing = {"gone/1"},
       .files = 3,
       .content_bytes = 77},
      {.name = "b/1", .kind = UnitKind::shared, .modules = {}, .dependencies = {}, .missing = {}, .files = 0, .content_bytes = 0}};
  document.aliases = {{"A", "a/1"}};
  document.featured = {"a/1"};
  document.rest = {};
  document.dropped = {"build"};
  return document;
}

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " is not in " << text;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(Document, comes_back_from_its_json)
{
  EXPECT_EQ(Document::parse(example().json(), "x"), example());
  Document least;
  least.target = "/t";
  EXPECT_EQ(Document::parse(least.json(), "x"), least);
}

TEST(Document, is_written_the_same_each_time) { EXPECT_EQ(Document::parse(example().json(), "x").json(), example().json()); }

TEST(Document, takes_members_that_it_does_not_know)
{
  EXPECT_EQ(Document::parse(replaced(example().json(), "\"format\"", "\"later\":{\"x\":[1]},\"format\""), "x"), example());
}

TEST(Document, of_a_newer_format_is_refused)
{
  EXPECT_THAT([] { return Document::parse(replaced(example().json(), "\"format\":1", "\"format\":2"), "library.json"); },
              ThrowsError(Errc::unsupported, "library.json: format 2 is newer than 1"));
}

TEST(Document, that_is_cut_or_no_json_is_refused)
{
  const auto json = example().json();
  for (const auto size : {std::size_t{0}, std::size_t{1}, json.size() / 2, json.size() - 2})
    EXPECT_THAT([&] { return Document::parse(json.substr(0, size), "library.json"); }, ThrowsError(Errc::bad_input, "library.json"))
        << size;
}

TEST(Document, with_two_live_fragments_of_a_unit_is_refused)
{
  auto document = example();
  document.layers[0].fragments[0].live = true;
  EXPECT_THAT([&] { return Document::parse(document.json(), "x"); }, ThrowsError(Errc::bad_input, "'a/1' has 2 live fragments"));
}

TEST(Document, with_a_unit_that_has_no_fragment_is_refused)
{
  auto document = example();
  document.layers[1].fragments.clear();
  EXPECT_THAT([&] { return Document::parse(document.json(), "x"); }, ThrowsError(Errc::bad_input, "'a/1' has 0 live fragments"));
}

TEST(Document, with_a_fragment_of_no_unit_is_refused)
{
  auto document = example();
  document.units.pop_back();
  EXPECT_THAT([&] { return Document::parse(document.json(), "x"); }, ThrowsError(Errc::bad_input, "belongs to no unit"));
}

TEST(Document, with_a_range_outside_its_layer_is_refused)
{
  auto document = example();
  document.layers[0].fragments[1].offset = 301;
  EXPECT_THAT([&] { return Document::parse(document.json(), "x"); }, ThrowsError(Errc::bad_input, "layers[0].fragments[1]"));
  document.layers[0].fragments[1].offset = 1001;
  document.layers[0].fragments[1].packed_bytes = 0;
  EXPECT_THAT([&] { return Document::parse(document.json(), "x"); }, ThrowsError(Errc::bad_input, "outside its layer"));
}

TEST(Document, with_unsorted_units_is_refused)
{
  auto document = example();
  std::swap(document.units[0], document.units[1]);
  EXPECT_THAT([&] { return Document::parse(document.json(), "x"); }, ThrowsError(Errc::bad_input, "not sorted"));
}

TEST(Document, with_a_unit_twice_is_refused)
{
  auto document = example();
  document.units.push_back(document.units.back());
  EXPECT_THAT([&] { return Document::parse(document.json(), "x"); }, ThrowsError(Errc::bad_input, ""));
}

TEST(Document, with_unknown_words_is_refused)
{
  EXPECT_THAT([] { return Document::parse(replaced(example().json(), "\"gzip\"", "\"lzma\""), "x"); },
              ThrowsError(Errc::bad_input, "unknown codec"));
  EXPECT_THAT([] { return Document::parse(replaced(example().json(), "\"shared\"", "\"rented\""), "x"); },
              ThrowsError(Errc::bad_input, "unknown kind"));
  EXPECT_THAT([] { return Document::parse(replaced(example().json(), "sha256:", "md5:"), "x"); }, ThrowsError(Errc::bad_input, "md5"));
}

TEST(Document, finds_units_and_their_fragments)
{
  const auto document = example();
  const auto place = document.find("a/1");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->layer, 1U) << "the dead one does not count";
  EXPECT_EQ(place->fragment, 0U);
  EXPECT_FALSE(document.find("c/1"));
  EXPECT_EQ(document.unit("b/1"), &document.units[1]);
  EXPECT_EQ(document.unit("c/1"), nullptr);
  EXPECT_EQ(document.unit("a"), nullptr);
}

}  // namespace
}  // namespace cairn::library
