// SPDX-License-Identifier: Apache-2.0
#include <cairn/os/temp.hpp>

#include <cairn/os/fd.hpp>

#include <support/as_nobody.hpp>
#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

namespace cairn {
namespace {

namespace fs = std::filesystem;
using test::ThrowsError;

mode_t mode_of(const fs::path& path)
{
  struct stat status{};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

TEST(TempDir, is_private_and_gone_afterwards)
{
  fs::path path;
  {
    const TempDir directory;
    path = directory.path();
    EXPECT_EQ(mode_of(path), 0700u);
    fs::create_directories(path / "a/b");
    std::ofstream(path / "a/b/c") << "x";
    fs::create_directory_symlink("/", path / "a/root");
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(TempDir, removes_directories_that_deny_it)
{
  EXPECT_TRUE(test::as_nobody([] {
    fs::path path;
    {
      const TempDir directory("/tmp");
      path = directory.path();
      fs::create_directories(path / "a/b");
      ::chmod((path / "a").c_str(), 0);
    }
    return !fs::exists(path);
  }));
}

TEST(TempFile, vanishes_unless_published)
{
  const TempDir directory;
  {
    const TempFile file(directory.path());
    EXPECT_TRUE(fs::exists(file.path()));
  }
  EXPECT_TRUE(fs::is_empty(directory.path()));
  TempFile file(directory.path(), 0640);
  write_full(file.fd(), as_bytes("text"), "file");
  auto moved = std::move(file);
  moved.publish(directory.path() / "target", Flush::yes);
  EXPECT_EQ(read_small_file(directory.path() / "target", 10), "text");
}

TEST(TempFile, has_its_mode_whatever_the_umask)
{
  const TempDir directory;
  const auto old = ::umask(0777);
  write_file_atomically(directory.path() / "a", "", Flush::no, 0664);
  ::umask(0);
  write_file_atomically(directory.path() / "b", "", Flush::no, 0600);
  ::umask(old);
  EXPECT_EQ(mode_of(directory.path() / "a"), 0664u);
  EXPECT_EQ(mode_of(directory.path() / "b"), 0600u);
}

TEST(TempFile, replaces_a_link_and_not_its_target)
{
  const TempDir directory;
  write_file_atomically(directory.path() / "target", "old", Flush::no);
  fs::create_symlink("target", directory.path() / "link");
  write_file_atomically(directory.path() / "link", "new", Flush::no);
  EXPECT_EQ(read_small_file(directory.path() / "target", 10), "old");
  EXPECT_EQ(read_small_file(directory.path() / "link", 10), "new");
}

TEST(StaleTemporaries, are_those_whose_writer_is_gone)
{
  const TempDir directory;
  const auto child = ::fork();
  if (child == 0) {
    auto* leaked = new TempFile(directory.path());  // killed before its destructor
    static_cast<void>(leaked);
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  const TempFile alive(directory.path());
  std::ofstream(directory.path() / "other") << "x";
  EXPECT_EQ(remove_stale_temporaries(directory.path()), 1u);
  EXPECT_TRUE(fs::exists(alive.path()));
  EXPECT_TRUE(fs::exists(directory.path() / "other"));
  EXPECT_EQ(remove_stale_temporaries(directory.path()), 0u);
}

TEST(ReadSmallFile, keeps_to_its_limit_and_to_regular_files)
{
  const TempDir directory;
  write_file_atomically(directory.path() / "f", "12345", Flush::no);
  EXPECT_EQ(read_small_file(directory.path() / "f", 5), "12345");
  EXPECT_THAT([&] { static_cast<void>(read_small_file(directory.path() / "f", 4)); }, ThrowsError(Errc::limit, "limit of 4 bytes"));
  EXPECT_THAT([&] { static_cast<void>(read_small_file(directory.path(), 4)); }, ThrowsError(Errc::bad_input, "not a regular file"));
  ASSERT_EQ(::mkfifo((directory.path() / "fifo").c_str(), 0600), 0);
  EXPECT_THAT([&] { static_cast<void>(read_small_file(directory.path() / "fifo", 4)); },
              ThrowsError(Errc::bad_input, "not a regular file"));
}

}  // namespace
}  // namespace cairn
