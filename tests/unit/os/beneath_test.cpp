// SPDX-License-Identifier: Apache-2.0
#include <cairn/os/beneath.hpp>

#include <cairn/os/temp.hpp>

#include <support/as_nobody.hpp>
#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

#include <fcntl.h>
#include <unistd.h>

namespace cairn {
namespace {

namespace fs = std::filesystem;
using test::ThrowsError;

class Beneath : public testing::Test {
protected:
  void SetUp() override
  {
    fs::create_directories(path_ / "a/b");
    write_file_atomically(path_ / "a/b/file", "text", Flush::no);
    fs::create_symlink("b/file", path_ / "a/link");
    fs::create_directory_symlink("/", path_ / "a/root");
  }
  TempDir directory_;
  const fs::path path_ = directory_.path();
};

TEST_F(Beneath, opens_by_components)
{
  const auto root = open_root(path_);
  const auto fd = open_beneath(root.get(), "a/b/file", O_RDONLY, "a/b/file");
  std::array<std::byte, 8> buffer{};
  EXPECT_EQ(as_text(std::span(buffer).first(read_full(fd.get(), buffer, "file"))), "text");
  EXPECT_EQ(list_directory(open_beneath(root.get(), "", O_RDONLY, "").get(), "").size(), 1u);
}

TEST_F(Beneath, follows_no_link_and_no_dots)
{
  const auto root = open_root(path_);
  const auto refused = [&](const char* relative, const char* why) {
    EXPECT_THAT([&] { static_cast<void>(open_beneath(root.get(), relative, O_RDONLY, relative)); }, ThrowsError(Errc::bad_input, why))
        << relative;
  };
  refused("a/link", "'link' is a symbolic link");
  refused("a/root/etc", "'root' is a symbolic link");
  refused("a/root", "'root' is a symbolic link");
  for (const auto* relative : {"..", "a/../a", "./a", "a//b", "/a", "a/"}) refused(relative, "not a plain path component");
  EXPECT_THAT([&] { static_cast<void>(open_beneath(root.get(), "a/none", O_RDONLY, "none")); }, ThrowsError(Errc::not_found, "'none'"));
}

TEST_F(Beneath, lists_names_in_byte_order)
{
  for (const auto* name : {"z", "A", "\xc3\xa9", "a b"}) fs::create_directory(path_ / "a/b" / name);
  const auto names = list_directory(open_root(path_ / "a/b").get(), "b");
  EXPECT_THAT(names, testing::ElementsAre(testing::Field(&DirectoryEntry::name, "A"), testing::Field(&DirectoryEntry::name, "a b"),
                                          testing::Field(&DirectoryEntry::name, "file"), testing::Field(&DirectoryEntry::name, "z"),
                                          testing::Field(&DirectoryEntry::name, "\xc3\xa9")));
}

TEST_F(Beneath, lists_directories_larger_than_one_read)
{
  for (int i = 0; i < 3000; ++i) write_file_atomically(path_ / "a/b" / std::to_string(i), "", Flush::no);
  EXPECT_EQ(list_directory(open_root(path_ / "a/b").get(), "b").size(), 3001u);
}

TEST_F(Beneath, reads_links_and_status_without_following)
{
  const auto dir = open_root(path_ / "a");
  EXPECT_EQ(read_link_at(dir.get(), "root", "root"), "/");
  EXPECT_TRUE(S_ISLNK(stat_at(dir.get(), "root", "root").st_mode));
  EXPECT_THAT([&] { static_cast<void>(stat_at(dir.get(), "none", "shown")); }, ThrowsError(Errc::not_found, "'shown'"));
}

TEST_F(Beneath, removes_trees_but_not_what_links_lead_to)
{
  TempDir outside;
  write_file_atomically(outside.path() / "kept", "", Flush::no);
  fs::create_directory_symlink(outside.path(), path_ / "a/out");
  const auto root = open_root(path_);
  remove_beneath(root.get(), "a", "a");
  remove_beneath(root.get(), "a", "a");
  EXPECT_FALSE(fs::exists(path_ / "a"));
  EXPECT_TRUE(fs::exists(outside.path() / "kept"));
}

TEST(RemoveBeneath, removes_directories_that_deny_it)
{
  EXPECT_TRUE(test::as_nobody([] {
    const TempDir directory("/tmp");
    fs::create_directories(directory.path() / "a/b/c");
    for (const auto* path : {"a/b", "a"}) ::chmod((directory.path() / path).c_str(), path == std::string("a") ? 0555 : 0);
    remove_beneath(open_root(directory.path()).get(), "a", "a");
    return fs::is_empty(directory.path());
  }));
}

}  // namespace
}  // namespace cairn
