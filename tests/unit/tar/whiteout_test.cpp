// SPDX-License-Identifier: Apache-2.0
#include <cairn/tar/whiteout.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

namespace cairn::tar {
namespace {

using test::ThrowsError;

TEST(Whiteout, names_what_it_hides)
{
  auto whiteout = whiteout_of({.path = "a/b/.wh.c"});
  ASSERT_TRUE(whiteout);
  EXPECT_EQ(whiteout->hides, Whiteout::Hides::path);
  EXPECT_EQ(whiteout->path, "a/b/c");
  EXPECT_EQ(whiteout_of({.path = ".wh..x"})->path, ".x");
  whiteout = whiteout_of({.path = "a/.wh..wh..opq"});
  ASSERT_TRUE(whiteout);
  EXPECT_EQ(whiteout->hides, Whiteout::Hides::content);
  EXPECT_EQ(whiteout->path, "a");
  EXPECT_EQ(whiteout_of({.path = ".wh..wh..opq"})->path, "");
  EXPECT_EQ(whiteout_of({.type = Type::hard_link, .path = ".wh.b", .link = ".wh.a"})->path, "b");
}

TEST(Whiteout, leaves_ordinary_names_alone)
{
  for (const auto* path : {"a", "a.wh.", "wh.a", ".wha", ".wh", "a/.w"}) EXPECT_FALSE(whiteout_of({.path = path})) << path;
}

TEST(Whiteout, refuses_what_only_looks_like_one)
{
  for (const auto* path : {".wh.", "a/.wh..", ".wh...", ".wh..wh.plnk", ".wh..wh.aufs", ".wh..wh..opq2", ".wh.a/b", "x/.wh..wh.plnk/1.2"})
    EXPECT_THAT([&] { static_cast<void>(whiteout_of({.path = path})); }, ThrowsError(Errc::bad_input, "whiteout")) << path;
  EXPECT_THAT([] { static_cast<void>(whiteout_of({.path = ".wh.a", .size_bytes = 1})); },
              ThrowsError(Errc::bad_input, "not an empty file"));
  for (const auto type : {Type::directory, Type::symlink, Type::char_device, Type::fifo})
    EXPECT_THAT([&] { static_cast<void>(whiteout_of({.type = type, .path = ".wh.a", .link = "x"})); },
                ThrowsError(Errc::bad_input, "not an empty file"));
  EXPECT_THAT([] { static_cast<void>(whiteout_of({.type = Type::hard_link, .path = "a", .link = "d/.wh.a"})); },
              ThrowsError(Errc::bad_input, "hard link to a whiteout"));
}

TEST(Whiteout, makes_the_entry_that_it_reads)
{
  for (const auto& whiteout : {Whiteout{Whiteout::Hides::path, "a/b"}, Whiteout{Whiteout::Hides::path, "a"},
                               Whiteout{Whiteout::Hides::content, ""}, Whiteout{Whiteout::Hides::content, "a/b"}}) {
    const auto read = whiteout_of(whiteout_entry(whiteout));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->path, whiteout.path);
    EXPECT_EQ(read->hides, whiteout.hides);
  }
}

}  // namespace
}  // namespace cairn::tar
