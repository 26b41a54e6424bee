// SPDX-License-Identifier: Apache-2.0
#include <cairn/tar/extract.hpp>

#include <cairn/base/log.hpp>
#include <cairn/os/temp.hpp>

#include <support/as_nobody.hpp>
#include <support/tar_maker.hpp>
#include <support/error_matcher.hpp>
#include <support/tree_listing.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace cairn::tar {
namespace {

namespace fs = std::filesystem;
using test::list_tree;
using test::TarMaker;
using test::ThrowsError;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

void extract(const fs::path& root, const std::string& bytes, Owner owner = Owner::caller)
{
  MemorySource source(bytes);
  extract_layer(source, root, {owner}, "layer", Task{});
}

void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

std::string read(const fs::path& path)
{
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct stat status_of(const fs::path& path)
{
  struct stat status{};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status;
}

/// Sets the umask for its lifetime.
class Umask {
public:
  explicit Umask(mode_t mask) : old_(::umask(mask)) {}
  ~Umask() { ::umask(old_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

private:
  mode_t old_;
};

class Extract : public testing::Test {
protected:
  TempDir directory_;
  const fs::path root_ = directory_.path() / "root";
  const fs::path outside_ = directory_.path() / "outside";

  void SetUp() override
  {
    fs::create_directory(root_);
    fs::create_directory(outside_);
    write(outside_ / "secret", "untouched");
    ::chmod((outside_ / "secret").c_str(), 0400);
  }
  void TearDown() override { EXPECT_THAT(list_tree(outside_), ElementsAre(Pair("secret", "100400 untouched"))); }
};

TEST_F(Extract, writes_what_the_layer_says_whatever_the_umask)
{
  for (const mode_t mask : {0077, 0000, 0777}) {
    const Umask umask(mask);
    const auto root = directory_.path() / fmt::format("root{:o}", mask);
    fs::create_directory(root);
    ::chmod(root.c_str(), 0755);
    extract(root, TarMaker{}
                      .directory("a/", 0775)
                      .file("a/x", "hello", 0664)
                      .directory("t/", 01777)
                      .symlink("l", "/etc/passwd")
                      .fifo("f")
                      .file("p/q/r")
                      .file("zero", "", 0)
                      .ended());
    EXPECT_THAT(list_tree(root), ElementsAre(Pair("a", "40775"), Pair("a/x", "100664 hello"), Pair("f", "10644"),
                                             Pair("l", "120777 -> /etc/passwd"), Pair("p", "40755"), Pair("p/q", "40755"),
                                             Pair("p/q/r", "100644 "), Pair("t", "41777"), Pair("zero", "100000 ")));
  }
}

TEST_F(Extract, counts_entries_and_bytes)
{
  const auto bytes = TarMaker{}.directory("a").file("a/x", "hello").file("a/.wh.y").ended();
  MemorySource source(bytes);
  const auto done = extract_layer(source, root_, {}, "layer", Task{});
  EXPECT_EQ(done.entries, 3u);
  EXPECT_EQ(done.bytes, 5u);
}

TEST_F(Extract, sets_times_of_files_links_and_directories)
{
  const std::string time = test::octal_field(1'000'000'000);
  extract(root_, TarMaker{}
                     .header({.name = "./", .type = '5', .mode = "0000755", .mtime = time})
                     .header({.name = "d/", .type = '5', .mode = "0000755", .mtime = time})
                     .header({.name = "d/x", .mtime = time})
                     .header({.name = "d/l", .type = '2', .link = "x", .mtime = time})
                     .pax({{"mtime", "-9223372036854775807"}})
                     .file("old")
                     .ended());
  for (const auto* path : {"", "d", "d/x", "d/l"}) EXPECT_EQ(status_of(root_ / path).st_mtime, 1'000'000'000) << path;
}

TEST_F(Extract, replaces_what_lower_layers_hold)
{
  extract(root_, TarMaker{}
                     .symlink("to-file", outside_.native() + "/secret")
                     .symlink("to-dir", outside_.native())
                     .file("dir/a/b", "lower")
                     .file("file", "old")
                     .directory("kept", 0700)
                     .file("kept/x", "lower")
                     .ended());
  extract(root_, TarMaker{}
                     .file("to-file", "new")
                     .directory("to-dir")
                     .file("to-dir/secret", "ours")
                     .symlink("dir", "kept")
                     .directory("file")
                     .directory("kept", 0750)
                     .ended());
  EXPECT_THAT(list_tree(root_),
              ElementsAre(Pair("dir", "120777 -> kept"), Pair("file", "40755"), Pair("kept", "40750"), Pair("kept/x", "100644 lower"),
                          Pair("to-dir", "40755"), Pair("to-dir/secret", "100644 ours"), Pair("to-file", "100644 new")));
}

TEST_F(Extract, writes_a_new_file_where_a_linked_one_was)
{
  fs::create_hard_link(outside_ / "secret", root_ / "x");
  extract(root_, TarMaker{}.file("x", "changed").ended());
  EXPECT_EQ(read(root_ / "x"), "changed");
}

TEST_F(Extract, refuses_to_follow_a_symlink_of_the_same_layer)
{
  EXPECT_THAT([&] { extract(root_, TarMaker{}.symlink("out", outside_.native()).file("out/owned", "x").ended()); },
              ThrowsError(Errc::bad_input, "layer: 'out/owned': parent 'out' is a symbolic link of the same layer"));
  EXPECT_THAT([&] { extract(root_, TarMaker{}.symlink("foo", "/").directory("foo/tmp").ended()); },
              ThrowsError(Errc::bad_input, "'foo/tmp'"));
  EXPECT_THAT([&] { extract(root_, TarMaker{}.directory("real").symlink("a", "real").symlink("b", "a").file("b/x").ended()); },
              ThrowsError(Errc::bad_input, "'b/x'"));
}

TEST_F(Extract, follows_symlinks_of_lower_layers_within_the_root)
{
  extract(root_, TarMaker{}
                     .directory("usr/lib")
                     .symlink("lib", "usr/lib")
                     .symlink("abs", "/usr/lib")
                     .symlink("up", "../../../..")
                     .symlink("out", outside_.native())
                     .symlink("usr/back", "../lib/deeper")
                     .ended());
  extract(root_, TarMaker{}.file("lib/a").file("abs/b").file("up/top").file("out/caught").file("usr/back/c").ended());
  const auto tree = list_tree(root_);
  for (const auto& path : {std::string("usr/lib/a"), std::string("usr/lib/b"), std::string("top"), outside_.native().substr(1) + "/caught",
                           std::string("usr/lib/deeper/c")})
    EXPECT_TRUE(tree.contains(path)) << path;
  EXPECT_EQ(tree.at("lib"), "120777 -> usr/lib");
}

TEST_F(Extract, refuses_symlink_loops)
{
  extract(root_, TarMaker{}.symlink("a", "b").symlink("b", "a").ended());
  EXPECT_THAT([&] { extract(root_, TarMaker{}.file("a/x").ended()); }, ThrowsError(Errc::bad_input, "more than 40 symbolic links"));
}

TEST_F(Extract, refuses_a_parent_that_is_a_file)
{
  EXPECT_THAT([&] { extract(root_, TarMaker{}.file("a").file("a/b").ended()); },
              ThrowsError(Errc::bad_input, "parent 'a' is not a directory"));
}

TEST_F(Extract, refuses_entries_that_come_twice)
{
  const auto twice = ThrowsError(Errc::bad_input, "comes twice");
  EXPECT_THAT([&] { extract(root_, TarMaker{}.file("a").file("a").ended()); }, twice);
  EXPECT_THAT([&] { extract(root_, TarMaker{}.file("b").directory("b").ended()); }, twice);
  EXPECT_THAT([&] { extract(root_, TarMaker{}.directory("c").symlink("c", "/").ended()); }, twice);
  EXPECT_THAT([&] { extract(root_, TarMaker{}.file("d/e").file("d").ended()); }, twice);
  EXPECT_THAT([&] { extract(root_, TarMaker{}.file("x").hard_link("y", "x").file("y").ended()); }, twice);
  extract(root_, TarMaker{}.directory("usr").symlink("alias", "usr").ended());
  EXPECT_THAT([&] { extract(root_, TarMaker{}.file("usr/f").file("alias/f").ended()); }, twice);
}

TEST_F(Extract, takes_the_last_of_repeated_directories)
{
  extract(root_, TarMaker{}.directory("a", 0700).file("a/x").directory("./a/", 0755).ended());
  EXPECT_EQ(list_tree(root_).at("a"), "40755");
}

TEST_F(Extract, hides_what_whiteouts_name)
{
  extract(root_, TarMaker{}.file("a/x").file("a/y").file("b/c/d").file("e").file("f").symlink("lib", "a").ended());
  extract(root_, TarMaker{}.file("a/.wh.x").file(".wh.b").file(".wh.e").file(".wh.missing").file("no/such/.wh.dir").ended());
  EXPECT_THAT(list_tree(root_),
              ElementsAre(Pair("a", testing::_), Pair("a/y", testing::_), Pair("f", testing::_), Pair("lib", testing::_)));
  extract(root_, TarMaker{}.file("lib/.wh.y").ended());
  EXPECT_FALSE(list_tree(root_).contains("a/y"));
  extract(root_, TarMaker{}.file(".wh.lib").ended());
  EXPECT_THAT(list_tree(root_), ElementsAre(Pair("a", testing::_), Pair("f", testing::_)));
}

TEST_F(Extract, hides_only_lower_layers_wherever_the_whiteout_stands)
{
  const auto lower = TarMaker{}.file("d/lower").file("d/sub/lower").file("d/both", "old").ended();
  const auto expected =
      ElementsAre(Pair("d", testing::_), Pair("d/both", "100644 new"), Pair("d/sub", testing::_), Pair("d/sub/upper", testing::_));
  const auto upper = [](TarMaker maker) { return maker.file("d/both", "new").file("d/sub/upper"); };
  for (const auto* whiteout : {"d/.wh..wh..opq", ".wh.d"}) {
    for (const bool first : {true, false}) {
      TempDir root;
      extract(root.path(), lower);
      auto maker = first ? upper(TarMaker{}.file(whiteout)) : upper(TarMaker{}).file(whiteout);
      extract(root.path(), maker.ended());
      EXPECT_THAT(list_tree(root.path()), expected) << whiteout << first;
    }
  }
}

TEST_F(Extract, hides_everything_below_the_root)
{
  extract(root_, TarMaker{}.file("a/b").symlink("out", outside_.native()).ended());
  extract(root_, TarMaker{}.file("x").file(".wh..wh..opq").ended());
  EXPECT_THAT(list_tree(root_), ElementsAre(Pair("x", testing::_)));
}

TEST_F(Extract, removes_links_and_not_what_they_lead_to)
{
  fs::create_directory(root_ / "d");
  fs::create_directory_symlink(outside_, root_ / "d/out");
  fs::create_symlink(outside_ / "secret", root_ / "d/secret");
  extract(root_, TarMaker{}.file(".wh.d").ended());
  EXPECT_THAT(list_tree(root_), IsEmpty());
}

TEST_F(Extract, makes_hard_links_within_the_root)
{
  extract(root_, TarMaker{}.file("dir/a", "text").symlink("link", "dir/a").symlink("lib", "dir").ended());
  extract(root_, TarMaker{}.hard_link("b", "dir/a").hard_link("c", "/dir/a").hard_link("link2", "link").hard_link("d", "lib/a").ended());
  for (const auto* path : {"b", "c", "d"}) EXPECT_EQ(status_of(root_ / path).st_ino, status_of(root_ / "dir/a").st_ino);
  EXPECT_EQ(list_tree(root_).at("link2"), "120777 -> dir/a");
}

TEST_F(Extract, refuses_hard_links_to_anything_else)
{
  const auto expect_refused = [&](const TarMaker& maker, const char* why) {
    EXPECT_THAT([&] { extract(root_, maker.ended()); }, ThrowsError(Errc::bad_input, why));
  };
  expect_refused(TarMaker{}.hard_link("a", "missing"), "which is not there");
  expect_refused(TarMaker{}.hard_link("b", "later").file("later"), "which is not there");
  expect_refused(TarMaker{}.directory("dir").hard_link("c", "dir"), "not a file");
  expect_refused(TarMaker{}.symlink("out", outside_.native()).hard_link("d", "out/secret"), "symbolic link of the same layer");
  expect_refused(TarMaker{}.hard_link("e", outside_.native() + "/secret"), "which is not there");
  extract(root_, TarMaker{}.directory("real").symlink("alias", "real").file("real/f").ended());
  expect_refused(TarMaker{}.hard_link("alias/f", "real/f"), "hard link to itself");
  extract(root_, TarMaker{}.symlink("lower", outside_.native()).ended());
  expect_refused(TarMaker{}.hard_link("f", "lower/secret"), "which is not there");
}

TEST_F(Extract, leaves_hard_linked_files_their_mode)
{
  extract(root_, TarMaker{}.file("a", "x", 0600).header({.name = "b", .type = '1', .link = "a", .mode = "0000777"}).ended());
  EXPECT_EQ(list_tree(root_).at("a"), "100600 x");
}

TEST_F(Extract, drops_set_id_bits_for_the_caller)
{
  extract(root_, TarMaker{}.file("su", "", 06755).directory("d", 03755).ended());
  EXPECT_EQ(list_tree(root_).at("su"), "100755 ");
  EXPECT_EQ(list_tree(root_).at("d"), "41755");
}

TEST_F(Extract, keeps_owners_and_set_id_bits_when_asked)
{
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  extract(root_,
          TarMaker{}
              .header({.name = "su", .mode = "0004755", .uid = "0000012", .gid = "0000013"})
              .header({.name = "l", .type = '2', .link = "su", .uid = "0000012"})
              .ended(),
          Owner::archive);
  EXPECT_EQ(list_tree(root_).at("su"), "104755 ");
  EXPECT_EQ(status_of(root_ / "su").st_uid, 10u);
  EXPECT_EQ(status_of(root_ / "su").st_gid, 11u);
  EXPECT_EQ(status_of(root_ / "l").st_uid, 10u);
}

TEST_F(Extract, makes_devices_for_root_only)
{
  const auto bytes = TarMaker{}.device("null", '3', 1, 3).ended();
  EXPECT_TRUE(test::as_nobody([&] {
    const TempDir root("/tmp");
    EXPECT_THAT([&] { extract(root.path(), bytes); }, ThrowsError(Errc::unsupported, "layer: 'null': only root can make devices"));
    return !testing::Test::HasFailure();
  }));
  EXPECT_THAT([&] { extract(root_, TarMaker{}.device("w", '3', 0, 0).ended()); }, ThrowsError(Errc::bad_input, "whiteout of overlayfs"));
  if (::geteuid() != 0) GTEST_SKIP() << "the rest needs root";
  extract(root_, bytes);
  EXPECT_EQ(status_of(root_ / "null").st_rdev, ::makedev(1, 3));
}

TEST_F(Extract, fills_directories_that_deny_writing)
{
  EXPECT_TRUE(test::as_nobody([] {
    const TempDir directory("/tmp");
    const auto root = directory.path() / "root";
    fs::create_directory(root);
    extract(root, TarMaker{}.directory("ro", 0555).file("ro/a").directory("ro/deep", 0).file("ro/deep/b").ended());
    EXPECT_EQ(status_of(root / "ro").st_mode & 07777, 0555u);
    EXPECT_EQ(status_of(root / "ro/deep").st_mode & 07777, 0u);
    extract(root, TarMaker{}.file("ro/c").file("ro/deep/d").ended());
    EXPECT_EQ(status_of(root / "ro").st_mode & 07777, 0555u);
    EXPECT_EQ(status_of(root / "ro/c").st_mode & 07777, 0644u);
    EXPECT_EQ(status_of(root / "ro/deep").st_mode & 07777, 0u);
    extract(root, TarMaker{}.file("ro/e").directory("ro", 0755).ended());
    EXPECT_EQ(status_of(root / "ro").st_mode & 07777, 0755u);
    extract(root, TarMaker{}.directory("shut", 0).file("shut/lower").ended());
    extract(root, TarMaker{}.directory("shut", 0111).file(".wh.shut").file(".wh.ro").ended());
    EXPECT_EQ(status_of(root / "shut").st_mode & 07777, 0111u);
    extract(root, TarMaker{}.directory("shut", 0700).ended());
    EXPECT_THAT(list_tree(root), ElementsAre(Pair("shut", "40700")));
    return !testing::Test::HasFailure();
  }));
}

TEST_F(Extract, keeps_user_xattrs_and_drops_those_of_overlayfs)
{
  if (::setxattr(root_.c_str(), "user.probe", "1", 1, 0) != 0) GTEST_SKIP() << "no extended attributes in " << root_;
  int warnings = 0;
  log::set_sink(log::Level::warn, [&](log::Level, std::string_view) { ++warnings; });
  extract(root_, TarMaker{}
                     .pax({{"SCHILY.xattr.user.a", "1"},
                           {"SCHILY.xattr.user.overlay.opaque", "y"},
                           {"SCHILY.xattr.trusted.overlay.opaque", "y"},
                           {"SCHILY.xattr.security.selinux", "x"}})
                     .file("f")
                     .pax({{"SCHILY.xattr.user.d", "2"}})
                     .directory("d")
                     .pax({{"SCHILY.xattr.user.l", "2"}})
                     .symlink("l", "/etc/passwd")
                     .ended());
  log::set_sink(log::Level::warn, {});
  char value[16];
  EXPECT_EQ(::getxattr((root_ / "f").c_str(), "user.a", value, sizeof value), 1);
  EXPECT_EQ(::getxattr((root_ / "d").c_str(), "user.d", value, sizeof value), 1);
  for (const auto* dropped : {"user.overlay.opaque", "trusted.overlay.opaque"})
    EXPECT_LT(::getxattr((root_ / "f").c_str(), dropped, value, sizeof value), 0);
  EXPECT_LT(::getxattr("/etc/passwd", "user.l", value, sizeof value), 0);
  EXPECT_EQ(warnings, 1);
}

TEST_F(Extract, stops_when_asked)
{
  class Quiet final : public Reporter {
    void begin(std::uint64_t, const std::string&, std::uint64_t) noexcept override {}
    void advance(std::uint64_t, std::uint64_t) noexcept override {}
    void end(std::uint64_t) noexcept override {}
  } reporter;
  std::stop_source stop;
  const Task task(reporter, stop.get_token(), "extract", 0);
  stop.request_stop();
  const auto bytes = TarMaker{}.file("x").ended();
  MemorySource source(bytes);
  EXPECT_THROW(extract_layer(source, root_, {}, "layer", task), Cancelled);
}

TEST_F(Extract, stays_inside_while_directories_are_swapped_for_links)
{
  // One name is, in quick turns, a directory, a link out, and a link to a link out.
  const auto turning = root_ / "d";
  fs::create_directory(root_ / "real");
  fs::create_directory_symlink(outside_, root_ / "out");
  fs::create_directory_symlink("out", root_ / "out2");
  fs::create_directory(turning);
  std::atomic<bool> done{false};
  std::jthread swapper([&] {
    while (!done) {
      for (const auto* other : {"out", "real", "out2"})
        ::renameat2(AT_FDCWD, turning.c_str(), AT_FDCWD, (root_ / other).c_str(), RENAME_EXCHANGE);
    }
  });
  const auto bytes = TarMaker{}
                         .directory("d/sub", 0700)
                         .file("d/secret", "overwritten")
                         .file("d/sub/secret", "x")
                         .hard_link("d/hard", "d/secret")
                         .symlink("d/link", "secret")
                         .fifo("d/fifo")
                         .file("d/.wh.secret2")
                         .file("d/.wh..wh..opq")
                         .ended();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  int rounds = 0;
  for (; std::chrono::steady_clock::now() < end; ++rounds) {
    try {
      extract(root_, bytes);
    } catch (const Error&) {  // a name that is gone, or not a directory any more, is fair
    }
  }
  done = true;
  swapper.join();
  EXPECT_GT(rounds, 10);
}

}  // namespace
}  // namespace cairn::tar
