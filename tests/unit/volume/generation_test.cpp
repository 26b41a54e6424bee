// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/generation.hpp>

#include <cairn/io/hash.hpp>
#include <cairn/volume/entry_list.hpp>

#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

namespace cairn::volume {
namespace {

TEST(Generation, is_named_by_what_was_asked_for)
{
  const auto digest = sha256("manifest");
  EXPECT_EQ(generation_id(digest, {"b", "a"}), generation_id(digest, {"a", "b"}));
  EXPECT_NE(generation_id(digest, {"a"}), generation_id(digest, {}));
  EXPECT_NE(generation_id(digest, {}), generation_id(sha256("other"), {}));
  EXPECT_EQ(generation_id(digest, {}).size(), 16u);
}

TEST(Generation, units_with_equal_bytes_and_other_roots_are_different)
{
  library::FragmentInfo fragment;
  fragment.plain_digest = sha256("");
  fragment.roots = {{"software/a/1", true}};
  const auto key = unit_key(fragment);
  fragment.roots[0].is_directory = false;
  EXPECT_NE(unit_key(fragment), key);
}

TEST(Generation, reads_back_what_it_writes)
{
  Generation generation{.id = "0123456789abcdef",
                        .manifest = sha256("m"),
                        .library = "library:1",
                        .target = "/opt/x",
                        .architecture = "amd64",
                        .modules = {"a/1"},
                        .units = {{"a/1", std::string(32, 'a'), sha256("p"), 5, 2, 7, {{"software/a/1", true}, {"m.lua", false}}}},
                        .modulepath = {"modules/all"},
                        .created = 12};
  const auto read = Generation::parse(generation.json(), "record");
  EXPECT_EQ(read.json(), generation.json());
  EXPECT_EQ(read.units, generation.units);
}

TEST(Generation, refuses_a_newer_format_and_keys_that_are_paths)
{
  Generation generation{.id = "0123456789abcdef",
                        .manifest = sha256("m"),
                        .library = {},
                        .target = "/opt/x",
                        .architecture = {},
                        .modules = {},
                        .units = {{"a/1", std::string(32, 'a'), sha256("p"), 5, 2, 7, {}}},
                        .modulepath = {}};
  auto newer = generation.json();
  newer.replace(newer.find("\"format\":1"), 10, "\"format\":9");
  EXPECT_THAT([&] { return Generation::parse(newer, "record"); }, test::ThrowsError(Errc::bad_input, "newer"));
  generation.units[0].key = "../../../../etc/passwd0000000000";
  EXPECT_THAT([&] { return Generation::parse(generation.json(), "record"); }, test::ThrowsError(Errc::bad_input, "no key"));
}

TEST(EntryList, gives_back_every_kind_of_entry)
{
  const std::vector<tar::Entry> entries{{.type = tar::Type::directory, .path = "a", .mode = 0755, .mtime = 5},
                                        {.path = "a/file", .mode = 0644, .mtime = -1, .size_bytes = std::uint64_t{1} << 40},
                                        {.type = tar::Type::symlink, .path = "a/link", .mode = 0777, .link = "size.7"},
                                        {.type = tar::Type::hard_link, .path = "a/again", .mode = 0644, .link = "a/file"},
                                        {.path = "a/" + std::string(200, 'x'), .mode = 0600}};
  EntryList list;
  for (const auto& entry : entries) list.add(entry);
  EXPECT_EQ(read_entry_list(list.finish(), "list"), entries);
  EXPECT_TRUE(read_entry_list(list.finish(), "list").empty());
  EXPECT_THAT([] { return read_entry_list(std::as_bytes(std::span(std::string_view("junk"))), "list"); },
              test::ThrowsError(Errc::corrupt, "list"));
}

}  // namespace
}  // namespace cairn::volume
