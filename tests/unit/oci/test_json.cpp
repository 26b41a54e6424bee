// SPDX-License-Identifier: Apache-2.0
#include <cairn/oci/json.hpp>

#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace cairn::oci {
namespace {

using test::ThrowsError;
using ::testing::ElementsAre;

JsonDocument read(std::string_view text) { return JsonDocument::parse(text, "doc"); }

/// `text` read and written again.
std::string again(std::string_view text, JsonStyle style = JsonStyle::canonical)
{
  const auto document = read(text);
  return JsonWriter(style).value(document.root()).finish();
}

TEST(Json, gives_each_kind_of_value)
{
  const auto document = read(R"({"s":"t\u00e9\n","b":true,"i":12,"n":-3,"a":["x","y"],"o":{"k":null}})");
  const Json root = document.root();
  EXPECT_EQ(root.at("s").string(), "t\xc3\xa9\n");
  EXPECT_TRUE(root.at("b").boolean());
  EXPECT_EQ(root.at("i").uint64(), 12u);
  EXPECT_EQ(root.at("n").int64(), -3);
  EXPECT_THAT(root.at("a").strings(), ElementsAre("x", "y"));
  EXPECT_EQ(root.at("o").object().size(), 1u);
}

TEST(Json, takes_null_for_absent)
{
  const auto document = read(R"({"k":null})");
  EXPECT_FALSE(document.root().find("k"));
  EXPECT_FALSE(document.root().find("other"));
  EXPECT_THAT([&] { (void)document.root().at("k"); }, ThrowsError(Errc::bad_input, "doc: 'k' is missing"));
}

TEST(Json, says_where_what_is_wrong)
{
  const auto document = read(R"({"units":[{"name":"a"},{"name":7,"size":[[-1]]}]})");
  const Json unit = document.root().at("units").array()[1];
  EXPECT_THAT([&] { (void)unit.at("name").string(); },
              ThrowsError(Errc::bad_input, "doc: 'units[1].name': is an integer, expected a string"));
  EXPECT_THAT([&] { (void)unit.at("size").array()[0].array()[0].uint64(); },
              ThrowsError(Errc::bad_input, "doc: 'units[1].size[0][0]': is negative"));
  EXPECT_THAT([&] { (void)unit.at("path"); }, ThrowsError(Errc::bad_input, "doc: 'units[1]': 'path' is missing"));
  EXPECT_THAT([&] { (void)document.root().string(); }, ThrowsError(Errc::bad_input, "doc: is an object, expected a string"));
}

TEST(Json, escapes_hostile_keys_in_errors)
{
  const auto document = read(R"({"\u001b[2J\n":1})");
  EXPECT_THAT([&] { (void)document.root().object()[0].string(); }, ThrowsError(Errc::bad_input, R"('\x1b[2J\n')"));
}

TEST(Json, takes_only_integers_for_integers)
{
  const auto document = read(R"([1e3,1.0,"10",-1,9007199254740992,18446744073709551616,true,null,18446744073709551615])");
  const auto items = document.root().array();
  for (std::size_t i = 0; i < items.size(); ++i) EXPECT_THAT([&] { (void)items[i].uint64(); }, ThrowsError(Errc::bad_input, "")) << i;
  EXPECT_EQ(items[4].uint64(std::numeric_limits<std::uint64_t>::max()), 9007199254740992u);
  EXPECT_EQ(items[8].uint64(std::numeric_limits<std::uint64_t>::max()), std::numeric_limits<std::uint64_t>::max());
  EXPECT_THAT([&] { (void)items[8].int64(); }, ThrowsError(Errc::bad_input, "the limit is 9223372036854775807"));
}

TEST(Json, refuses_what_is_not_strictly_json)
{
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{'a':1}",
                                      "nul",
                                      "[01]",
                                      "[+1]",
                                      "[.5]",
                                      "[NaN]",
                                      "[1]x",
                                      "[1][2]",
                                      "{} {}",
                                      "// c\n{}",
                                      "[\"\\ud800\"]",
                                      "[\"\x01\"]",
                                      "[\"\xff\"]",
                                      "[\"\xc0\xaf\"]",
                                      "[\"\xed\xa0\x80\"]",
                                      "[1e999]"})
    EXPECT_THAT([&] { (void)read(text); }, ThrowsError(Errc::bad_input, "doc: ")) << text;
}

TEST(Json, refuses_other_encodings)
{
  EXPECT_THAT([] { (void)read("\xef\xbb\xbf{}"); }, ThrowsError(Errc::bad_input, "starts with a byte order mark"));
  EXPECT_THAT([] { (void)read(std::string_view("\xff\xfe{\0}\0", 6)); }, ThrowsError(Errc::bad_input, "not JSON"));
  EXPECT_THAT([] { (void)read(std::string_view("{\0}\0", 4)); }, ThrowsError(Errc::bad_input, "not JSON"));
}

TEST(Json, does_not_end_at_a_nul)
{
  EXPECT_THAT([] { (void)read(std::string_view("{}\0x", 4)); }, ThrowsError(Errc::bad_input, "not JSON at byte 2: a NUL"));
}

TEST(Json, refuses_a_key_that_is_there_twice)
{
  EXPECT_THAT([] { (void)read(R"({"a":1,"b":2,"a":3})"); }, ThrowsError(Errc::bad_input, "doc: 'a': the key is there twice"));
  EXPECT_THAT([] { (void)read(R"({"x":[{"a":1,"\u0061":1}]})"); }, ThrowsError(Errc::bad_input, "doc: 'x[].a': the key is there twice"));
  EXPECT_NO_THROW((void)read(R"([{"a":1},{"a":1}])"));
}

TEST(Json, bounds_depth)
{
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_NO_THROW((void)read(nested(json_depth_limit)));
  EXPECT_THAT([&] { (void)read(nested(json_depth_limit + 1)); }, ThrowsError(Errc::bad_input, "more than 64 deep"));
  EXPECT_THAT([&] { (void)read(std::string(10'000'000, '[')); }, ThrowsError(Errc::bad_input, "more than 64 deep"));
}

TEST(Json, refuses_case_variants_of_known_keys)
{
  const auto document = read(R"({"layers":[],"Layers":[]})");
  EXPECT_THAT([&] { document.root().check_keys({"layers"}, UnknownKeys::accept); },
              ThrowsError(Errc::bad_input, "'Layers': differs from the key 'layers' in case alone"));
}

TEST(Json, refuses_unknown_keys_when_asked)
{
  const auto document = read(R"({"a":1,"b":2})");
  EXPECT_NO_THROW(document.root().check_keys({"a"}, UnknownKeys::accept));
  EXPECT_NO_THROW(document.root().check_keys({"b", "a"}, UnknownKeys::refuse));
  EXPECT_THAT([&] { document.root().check_keys({"a"}, UnknownKeys::refuse); }, ThrowsError(Errc::bad_input, "doc: 'b': unknown key"));
}

TEST(Json, reads_digests)
{
  const auto document = read(R"({"d":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","short":"sha256:12"})");
  EXPECT_EQ(document.root().at("d").digest().hex().substr(0, 8), "e3b0c442");
  EXPECT_THAT([&] { (void)document.root().at("short").digest(); },
              ThrowsError(Errc::bad_input, "doc: 'short': 'sha256:12': digest has 2 hex digits"));
}

TEST(Json, survives_being_moved)
{
  auto first = read(R"({"a":["text"]})");
  const Json root = first.root();
  const auto second = std::move(first);
  EXPECT_EQ(root.at("a").array()[0].string(), "text");
}

TEST(JsonWriter, sorts_members_and_leaves_no_space)
{
  EXPECT_EQ(again(R"( { "b" : [ 1 , { "d":1,"c":2 } ] , "a" : "x" } )"), R"({"a":"x","b":[1,{"c":2,"d":1}]})");
  JsonWriter json;
  json.begin_object().member("z", 1).begin_object("m").member("b", true).member("a", nullptr).end_object().member("a", "x").end_object();
  EXPECT_EQ(json.finish(), R"({"a":"x","m":{"a":null,"b":true},"z":1})");
}

TEST(JsonWriter, keeps_the_order_given_in_readable_style)
{
  JsonWriter json(JsonStyle::readable);
  json.begin_object().member("b", 1).begin_array("a").value("x").value(2).end_array().begin_object("empty").end_object().end_object();
  EXPECT_EQ(json.finish(), "{\n  \"b\": 1,\n  \"a\": [\n    \"x\",\n    2\n  ],\n  \"empty\": {}\n}");
}

TEST(JsonWriter, escapes_what_must_be_and_nothing_else)
{
  EXPECT_EQ(JsonWriter().value("\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9<>&").finish(),
            "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9<>&\"");
}

TEST(JsonWriter, refuses_strings_that_are_not_utf8)
{
  EXPECT_THAT([] { JsonWriter().value("a\xff"); }, ThrowsError(Errc::bad_input, R"('a\xff': not UTF-8)"));
}

TEST(JsonWriter, writes_numbers_as_they_are)
{
  EXPECT_EQ(again("[0,-9223372036854775808,18446744073709551615,1e3,0.10,-0.5E-2]"),
            "[0,-9223372036854775808,18446744073709551615,1e3,0.10,-0.5E-2]");
  JsonWriter json;
  json.begin_array().value(std::int64_t{-1}).value(std::numeric_limits<std::uint64_t>::max()).value(0.1).value(1e300).end_array();
  EXPECT_EQ(json.finish(), "[-1,18446744073709551615,0.1,1e+300]");
}

TEST(JsonWriter, leaves_out_what_is_empty_when_asked)
{
  JsonWriter json;
  json.begin_object().member_unless_empty("a", std::string()).member_unless_empty("b", std::vector<std::string>{"x"}).end_object();
  EXPECT_EQ(json.finish(), R"({"b":["x"]})");
}

TEST(JsonWriter, can_be_used_again)
{
  JsonWriter json;
  EXPECT_EQ(json.value(1).finish(), "1");
  EXPECT_EQ(json.begin_array().end_array().finish(), "[]");
}

TEST(JsonWriter, reads_back_what_it_wrote)
{
  const std::string text = R"({"":{"a.b":[[],{},"",null,false]},"k\u0000":1})";
  EXPECT_EQ(again(again(text)), again(text));
  EXPECT_EQ(again(again(text, JsonStyle::readable)), again(text));
}

TEST(JsonWriterDeath, asserts_on_misuse)
{
  EXPECT_DEATH(JsonWriter().begin_object().member("a", 1).member("a", 2).end_object(), "");
  EXPECT_DEATH(JsonWriter().begin_object().value(1), "");
  EXPECT_DEATH(JsonWriter().begin_array().end_object(), "");
}

}  // namespace
}  // namespace cairn::oci
