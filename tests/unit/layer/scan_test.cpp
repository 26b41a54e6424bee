// SPDX-License-Identifier: Apache-2.0
#include <cairn/layer/contents.hpp>

#include <cairn/base/error.hpp>
#include <support/as_nobody.hpp>
#include <support/error_matcher.hpp>
#include <support/module_tree.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

namespace cairn::layer {
namespace {

using test::FileTree;
using test::ThrowsError;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Scan scan_tree(const FileTree& tree, const std::vector<std::string>& roots, const ScanOptions& options = {})
{
  const auto root = tree.open();
  return scan(root.get(), roots, options, Task{});
}

std::vector<std::string> paths(const Scan& scanned)
{
  std::vector<std::string> out;
  for (const auto& item : scanned.contents.items) out.push_back(scanned.contents.path(item));
  return out;
}

std::vector<std::string> problem_paths(const Scan& scanned)
{
  std::vector<std::string> out;
  for (const auto& problem : scanned.problems) out.push_back(problem.path);
  return out;
}

TEST(Scan, sorts_bytewise_by_the_name_that_the_archive_writes)
{
  FileTree tree;
  // `a/` sorts after `a-b` and `a.txt` (0x2d, 0x2e, 0x2f), before `a0`; upper case first; no locale.
  tree.file("u/a/z").file("u/a-b").file("u/a.txt").file("u/a0").file("u/B").file("u/\xc3\xa4").file("u/z");
  EXPECT_THAT(paths(scan_tree(tree, {"u"})), ElementsAre("u/B", "u/a-b", "u/a.txt", "u/a", "u/a/z", "u/a0", "u/z", "u/\xc3\xa4"));
}

TEST(Scan, takes_roots_in_order_of_their_names)
{
  FileTree tree;
  tree.file("software/b/x").file("modules/b.lua").symlink("modules/link", "b.lua");
  const auto scanned = scan_tree(tree, {"software/b", "modules/link", "modules/b.lua"});
  EXPECT_THAT(paths(scanned), ElementsAre("modules/b.lua", "modules/link", "software/b/x"));
  ASSERT_EQ(scanned.contents.roots.size(), 3U);
  EXPECT_FALSE(scanned.contents.roots[0].is_directory);
  EXPECT_TRUE(scanned.contents.roots[2].is_directory);
}

TEST(Scan, counts_what_it_finds)
{
  FileTree tree;
  tree.file("u/a", "12345").file("u/d/b", "123").symlink("u/l", "a").hard_link("u/h", "u/a");
  const auto counts = scan_tree(tree, {"u"}).counts;
  EXPECT_EQ(counts.files, 3U);
  EXPECT_EQ(counts.directories, 2U);
  EXPECT_EQ(counts.symlinks, 1U);
  EXPECT_EQ(counts.content_bytes, 8U) << "a hard link has no content of its own";
}

TEST(Scan, leaves_out_what_a_pattern_matches_and_lists_it)
{
  FileTree tree;
  tree.file("u/keep").file("u/log/a.log").file("u/log/deep/b.log").file("u/gone/x");
  const auto scanned = scan_tree(tree, {"u"}, {.excludes = {"*.log", "u/gone"}});
  EXPECT_THAT(paths(scanned), ElementsAre("u/keep", "u/log", "u/log/deep"));
  EXPECT_THAT(scanned.dropped, ElementsAre("u/gone", "u/log/a.log", "u/log/deep/b.log"));
}

TEST(Scan, does_not_enter_other_units)
{
  FileTree tree;
  tree.file("u/a").file("u/other/x").file("u/other-too");
  const std::vector<std::string> others{"u", "u/other"};
  EXPECT_THAT(paths(scan_tree(tree, {"u"}, {.others = &others})), ElementsAre("u/a", "u/other-too"));
}

TEST(Scan, refuses_a_root_that_is_not_there)
{
  FileTree tree;
  EXPECT_THAT([&] { return scan_tree(tree, {"u"}); }, ThrowsError(Errc::not_found, "u"));
}

TEST(Scan, follows_no_link)
{
  FileTree tree;
  tree.file("elsewhere/x").symlink("u/link", "../elsewhere").symlink("u/loop", "loop").symlink("u/up", "..");
  const auto scanned = scan_tree(tree, {"u"});
  EXPECT_THAT(paths(scanned), ElementsAre("u/link", "u/loop", "u/up"));
  EXPECT_EQ(scanned.contents.link(scanned.contents.items[0]), "../elsewhere");
  EXPECT_THAT(scanned.problems, IsEmpty());
}

TEST(Scan, finds_hard_links_within_the_unit)
{
  FileTree tree;
  tree.file("u/b", "x").hard_link("u/a", "u/b").hard_link("u/c/d", "u/b").file("u/single");
  const auto scanned = scan_tree(tree, {"u"});
  const auto& items = scanned.contents.items;
  EXPECT_THAT(paths(scanned), ElementsAre("u/a", "u/b", "u/c", "u/c/d", "u/single"));
  EXPECT_EQ(items[0].kind, Kind::file) << "the first in archive order carries the content";
  EXPECT_EQ(items[1].kind, Kind::hard_link);
  EXPECT_EQ(items[1].link_at, 0U);
  EXPECT_EQ(items[3].kind, Kind::hard_link);
  EXPECT_EQ(items[3].link_at, 0U);
  EXPECT_THAT(scanned.outside_links, IsEmpty());
}

TEST(Scan, names_hard_links_that_lead_out_of_the_unit)
{
  FileTree tree;
  tree.file("u/a", "x").hard_link("v/a", "u/a");
  EXPECT_THAT(scan_tree(tree, {"u"}).outside_links, ElementsAre("u/a"));
  EXPECT_THAT(scan_tree(tree, {"u", "v"}).outside_links, IsEmpty());
}

TEST(Scan, lists_every_problem_and_goes_on)
{
  FileTree tree;
  tree.file("u/good").fifo("u/fifo").file("u/bad\xff").symlink("u/link", "bad\xff");
  const auto socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT((tree / "u/socket").native().size(), sizeof address.sun_path);
  (tree / "u/socket").native().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(socket);
  const auto scanned = scan_tree(tree, {"u"});
  EXPECT_THAT(problem_paths(scanned), ElementsAre("u/bad\xff", "u/fifo", "u/link", "u/socket"));
  EXPECT_THAT(scanned.problems[0].what, HasSubstr("not UTF-8"));
  EXPECT_THAT(scanned.problems[1].what, HasSubstr("FIFO"));
  EXPECT_THAT(scanned.problems[2].what, HasSubstr("link target is not UTF-8"));
  EXPECT_THAT(scanned.problems[3].what, HasSubstr("socket"));
  EXPECT_THAT(paths(scanned), ElementsAre("u/good"));
}

TEST(Scan, refuses_names_that_would_be_whiteouts)
{
  FileTree tree;
  tree.file("u/.wh.file").file("u/.wh.dir/below").file("u/a/.wh..wh..opq").file("u/.wha").file("v/.wh.root/file").file(".wh.w");
  const auto scanned = scan_tree(tree, {"u", "v/.wh.root", ".wh.w"});
  EXPECT_THAT(problem_paths(scanned), UnorderedElementsAre("u/.wh.file", "u/.wh.dir", "u/a/.wh..wh..opq", "v/.wh.root", ".wh.w"));
  EXPECT_THAT(scanned.problems[0].what, HasSubstr("begins with .wh."));
  EXPECT_THAT(paths(scanned), ElementsAre("u/.wha", "u/a"));
}

TEST(Scan, refuses_devices)
{
  FileTree tree;
  tree.directory("u");
  if (::mknod((tree / "u/null").c_str(), S_IFCHR | 0600, ::makedev(1, 3)) != 0) GTEST_SKIP() << "mknod needs root";
  const auto scanned = scan_tree(tree, {"u"});
  EXPECT_THAT(problem_paths(scanned), ElementsAre("u/null"));
  EXPECT_THAT(scanned.problems[0].what, HasSubstr("device"));
}

/// Make `count` directories named `name`, one in the other, below `tree`/u. Their path may be longer than PATH_MAX.
void nest(const FileTree& tree, const std::string& name, int count)
{
  auto at = open_file(tree / "u", O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), name.c_str(), 0755), 0);
    at = open_at(at.get(), name, O_RDONLY | O_DIRECTORY, 0, name);
  }
}

TEST(Scan, names_a_path_that_is_too_long_once)
{
  FileTree tree;
  tree.directory("u");
  nest(tree, std::string(200, 'd'), 25);  // 5,026 bytes
  const auto scanned = scan_tree(tree, {"u"});
  ASSERT_EQ(scanned.problems.size(), 1U);
  EXPECT_THAT(scanned.problems[0].what, HasSubstr("4096"));
  EXPECT_EQ(scanned.contents.items.size(), 20U);
}

TEST(Scan, counts_the_target_as_part_of_the_path)
{
  FileTree tree;
  tree.directory("u");
  nest(tree, std::string(200, 'd'), 20);  // 4,021 bytes
  EXPECT_THAT(scan_tree(tree, {"u"}, {.prefix = "opt/apps"}).problems, IsEmpty());
  EXPECT_EQ(scan_tree(tree, {"u"}, {.prefix = std::string(100, 'p')}).problems.size(), 1U);
}

TEST(Scan, names_a_path_that_is_too_deep)
{
  // The strict reader takes 256 names in a path: what is deeper could be packed but not unpacked.
  FileTree tree;
  tree.directory("u");
  nest(tree, "d", 300);
  const auto scanned = scan_tree(tree, {"u"}, {.prefix = "opt/apps"});
  ASSERT_EQ(scanned.problems.size(), 1U);
  EXPECT_THAT(scanned.problems[0].what, HasSubstr("257 names, the limit is 256"));
  EXPECT_EQ(scanned.contents.items.size(), 253U);
}

TEST(Scan, says_what_it_may_not_read)
{
  FileTree tree;
  tree.mode("", 0755).file("u/secret", "x", 0600).file("u/open").file("u/closed/x").mode("u/closed", 0700).file("u/mine", "x", 0044);
  // Who owns a file has the owner's rights alone, whatever others may do.
  EXPECT_EQ(::chown((tree / "u/mine").c_str(), 65534, 65534), ::geteuid() == 0 ? 0 : -1);
  EXPECT_TRUE(test::as_nobody([&] {
    const auto scanned = scan_tree(tree, {"u"});
    if (::geteuid() == 65534 && problem_paths(scanned) != std::vector<std::string>{"u/closed", "u/mine", "u/secret"}) return false;
    return std::ranges::all_of(scanned.problems,
                               [](const Problem& problem) { return problem.what.find("permission denied") != std::string::npos; });
  }));
}

TEST(Scan, lists_set_id_and_sticky_files)
{
  FileTree tree;
  tree.file("u/suid", "", 04755).file("u/sgid", "", 02755).file("u/sticky", "", 01644).file("u/plain");
  EXPECT_THAT(scan_tree(tree, {"u"}).special_mode, ElementsAre("u/sgid", "u/sticky", "u/suid"));
}

TEST(Scan, stops_when_told_to)
{
  FileTree tree;
  tree.file("u/a");
  class Silent final : public Reporter {
    void begin(std::uint64_t, const std::string&, std::uint64_t) noexcept override {}
    void advance(std::uint64_t, std::uint64_t) noexcept override {}
    void end(std::uint64_t) noexcept override {}
  } reporter;
  std::stop_source stop;
  stop.request_stop();
  const Task task(reporter, stop.get_token(), "scan", 0);
  const auto root = tree.open();
  EXPECT_THROW(static_cast<void>(scan(root.get(), {"u"}, {}, task)), Cancelled);
}

TEST(Scan, calls_what_has_just_changed_racy)
{
  FileTree tree;
  tree.file("u/a").mtime("u/a", 1'000'000'000);
  EXPECT_TRUE(scan_tree(tree, {"u"}).racy) << "its ctime is now, whatever its mtime says";
  const auto root = open_file("/usr/include", O_RDONLY | O_DIRECTORY);
  EXPECT_FALSE(scan(root.get(), {"linux"}, {}, Task{}).racy);
}

TEST(Scan, needs_few_open_files_for_a_deep_tree)
{
  FileTree tree;
  tree.mode("", 0755).directory("u");
  nest(tree, "d", 200);
  EXPECT_TRUE(test::as_nobody([&] {
    // In a child, so that the limit ends with it.
    const rlimit limit{32, 32};
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 && scan_tree(tree, {"u"}).contents.items.size() == 200;
  }));
}

/// What a change of one thing does to the fingerprint.
class Fingerprint : public testing::Test {
protected:
  Fingerprint() { tree_.file("u/a", "content").file("u/d/b", "b").symlink("u/link", "a").file("u/x", "x"); }
  Digest now() { return scan_tree(tree_, {"u"}).fingerprint; }
  void changes(const char* what, const std::function<void()>& change)
  {
    const auto before = now();
    change();
    EXPECT_NE(now(), before) << what;
  }
  FileTree tree_;
};

TEST_F(Fingerprint, is_the_same_for_the_same_tree)
{
  EXPECT_EQ(now(), now());
  EXPECT_NE(scan_tree(tree_, {"u"}).fingerprint, scan_tree(tree_, {"u/a", "u/d", "u/link", "u/x"}).fingerprint) << "other roots";
}

TEST_F(Fingerprint, feels_every_change)
{
  changes("size", [&] { tree_.file("u/a", "content and more"); });
  changes("mtime", [&] { tree_.mtime("u/a", 5); });
  changes("nanoseconds of the mtime", [&] { tree_.mtime("u/a", 5, 1); });
  changes("content in place with the old mtime (ctime tells)", [&] { tree_.file("u/a", "CONTENT and more").mtime("u/a", 5, 1); });
  changes("mode", [&] { tree_.mode("u/a", 0600); });
  changes("mode of a directory", [&] { tree_.mode("u/d", 0700); });
  changes("link target", [&] { tree_.symlink("u/link", "x"); });
  changes("name", [&] { tree_.rename("u/a", "u/aa"); });
  changes("new file", [&] { tree_.file("u/new"); });
  changes("removed file", [&] { tree_.remove("u/new"); });
  changes("kind", [&] { tree_.remove("u/x").directory("u/x"); });
  changes("another inode", [&] { tree_.file("u/tmp", "b").rename("u/tmp", "u/d/b"); });
  changes("hard link instead of a copy", [&] { tree_.remove("u/d/b").hard_link("u/d/b", "u/aa"); });
  changes("moved into a directory", [&] { tree_.rename("u/aa", "u/d/aa"); });
}

}  // namespace
}  // namespace cairn::layer
