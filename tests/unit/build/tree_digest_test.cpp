// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/tree_digest.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include <sys/stat.h>

namespace cairn::build {
namespace {

namespace fs = std::filesystem;
using cairn::test::ThrowsError;

class TreeDigest : public testing::Test {
protected:
  TreeDigest()
  {
    fs::create_directory(records());
    write("tree/b/file", "text");
    write("tree/a", "program");
    fs::create_symlink("a", tree() / "link");
  }
  [[nodiscard]] fs::path tree() const { return place_.path() / "tree"; }
  [[nodiscard]] fs::path records() const { return place_.path() / "records"; }
  void write(const std::string& path, const std::string& text) const
  {
    fs::create_directories((place_.path() / path).parent_path());
    std::ofstream(place_.path() / path) << text;
  }
  [[nodiscard]] std::string digest(const std::vector<std::string>& excludes = {}) const { return TreeDigests(records()).of(tree(), excludes); }
  TempDir place_;
};

TEST_F(TreeDigest, is_of_content_not_of_times_or_place)
{
  const auto first = digest();
  fs::last_write_time(tree() / "a", fs::file_time_type::clock::now() - std::chrono::hours(1000));
  fs::permissions(tree() / "a", fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(digest(), first);
  const auto elsewhere = place_.path() / "elsewhere";
  fs::copy(tree(), elsewhere, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  EXPECT_EQ(TreeDigests(records()).of(elsewhere, {}), first);
}

TEST_F(TreeDigest, changes_with_whatever_a_layer_would_have)
{
  std::vector<std::string> seen{digest()};
  const auto is_new = [&] {
    const auto now = digest();
    const bool was_there = std::ranges::find(seen, now) != seen.end();
    seen.push_back(now);
    return !was_there;
  };
  write("tree/b/file", "next");  // as long as before
  EXPECT_TRUE(is_new());
  fs::permissions(tree() / "a", fs::perms::owner_exec, fs::perm_options::add);
  EXPECT_TRUE(is_new());
  fs::remove(tree() / "link");
  fs::create_symlink("b", tree() / "link");
  EXPECT_TRUE(is_new());
  fs::create_directory(tree() / "c");
  EXPECT_TRUE(is_new());
  fs::rename(tree() / "b/file", tree() / "c/file");
  EXPECT_TRUE(is_new());
}

TEST_F(TreeDigest, leaves_out_what_is_excluded)
{
  const auto first = digest({"*.orig", "b/*"});
  write("tree/x.orig", "1");
  write("tree/b/file", "2");
  EXPECT_EQ(digest({"*.orig", "b/*"}), first);
  EXPECT_NE(digest({"*.orig"}), first);
}

TEST_F(TreeDigest, a_tree_that_nobody_touched_is_not_read_again)
{
  // Older than the clock of any file system may be coarse: what a stat says is relied on.
  const auto old = digest();
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));
  EXPECT_EQ(digest(), old);
  std::vector<fs::path> kept(fs::directory_iterator(records()), {});
  ASSERT_EQ(kept.size(), 1u);
  const std::string marked(64, 'e');
  std::ofstream(kept.front()) << marked;
  EXPECT_EQ(digest(), marked);
  // Any change at all, and it is read.
  write("tree/a", "PROGRAM");
  EXPECT_NE(digest(), marked);
  EXPECT_NE(digest(), old);
}

TEST_F(TreeDigest, refuses_what_is_nothing_for_a_layer)
{
  ASSERT_EQ(::mkfifo((tree() / "pipe").c_str(), 0600), 0);
  EXPECT_THAT([&] { (void)digest(); }, ThrowsError(Errc::unsupported, "leave it out"));
  EXPECT_NO_THROW((void)digest({"pipe"}));
  EXPECT_THAT([&] { (void)TreeDigests(records()).of(place_.path() / "nothing", {}); }, ThrowsError(Errc::not_found, "no such file"));
}

TEST_F(TreeDigest, of_a_file_alone)
{
  const auto one = TreeDigests(records()).of(tree() / "a", {});
  write("tree/a", "other");
  EXPECT_NE(TreeDigests(records()).of(tree() / "a", {}), one);
}

}  // namespace
}  // namespace cairn::build
