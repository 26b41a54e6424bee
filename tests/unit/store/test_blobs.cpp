// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/store.hpp>

#include <support/as_nobody.hpp>
#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::store {
namespace {

using test::ThrowsError;
namespace fs = std::filesystem;

class Blobs : public ::testing::Test {
protected:
  [[nodiscard]] fs::path file(const oci::Descriptor& blob) const { return root.path() / "blobs/sha256" / blob.digest.hex(); }
  [[nodiscard]] std::size_t temporaries() const
  {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(root.path() / "cairn/tmp"), fs::directory_iterator()));
  }

  TempDir root;
  Store store{root.path(), Access::write};
};

TEST_F(Blobs, come_back_as_they_were_put)
{
  const auto blob = store.put("hello", "text/plain");
  EXPECT_EQ(blob.digest, sha256("hello"));
  EXPECT_EQ(blob.size_bytes, 5u);
  EXPECT_EQ(blob.media_type, "text/plain");
  EXPECT_TRUE(store.has(blob));
  EXPECT_EQ(store.read(blob), "hello");
}

TEST_F(Blobs, can_be_empty)
{
  const auto blob = store.put("", "text/plain");
  EXPECT_EQ(store.read(blob), "");
}

TEST_F(Blobs, are_read_in_part)
{
  const auto blob = store.put("0123456789", "text/plain");
  EXPECT_EQ(read_all(*store.open_range(blob, 3, 4), 100, "part"), "3456");
  EXPECT_THAT([&] { (void)store.open_range(blob, 8, 3); }, ThrowsError(Errc::bad_input, "bytes 8 to 11 of 10"));
}

TEST_F(Blobs, are_invisible_until_committed_and_leave_nothing_otherwise)
{
  {
    auto writer = store.create();
    writer.write("half");
    EXPECT_EQ(temporaries(), 1u);
    EXPECT_TRUE(fs::is_empty(root.path() / "blobs/sha256"));
  }
  EXPECT_EQ(temporaries(), 0u);
  EXPECT_TRUE(fs::is_empty(root.path() / "blobs/sha256"));
}

TEST_F(Blobs, are_0644_whatever_the_umask)
{
  const auto before = ::umask(0077);
  const auto blob = store.put("x", "text/plain");
  ::umask(before);
  EXPECT_EQ(fs::status(file(blob)).permissions(), fs::perms(0644));
}

TEST_F(Blobs, that_are_there_already_are_kept)
{
  const auto blob = store.put("same", "text/plain");
  struct stat first{}, second{};
  ASSERT_EQ(::stat(file(blob).c_str(), &first), 0);
  auto writer = store.create();
  writer.write("same");
  EXPECT_EQ(writer.commit("text/plain"), blob);
  ASSERT_EQ(::stat(file(blob).c_str(), &second), 0);
  EXPECT_EQ(first.st_ino, second.st_ino);
}

TEST_F(Blobs, cut_short_by_a_power_cut_are_written_again)
{
  const auto blob = store.put("complete", "text/plain");
  fs::resize_file(file(blob), 0);
  EXPECT_FALSE(store.has(blob));
  EXPECT_EQ(store.put("complete", "text/plain"), blob);
  EXPECT_EQ(store.read(blob), "complete");
}

TEST_F(Blobs, are_taken_only_with_the_right_digest_and_size)
{
  const oci::Descriptor wanted{.media_type = "text/plain", .digest = sha256("right"), .size_bytes = 5};
  for (const std::string_view content : {"wrong", "righ", "right!"}) {
    MemorySource source(content);
    EXPECT_THAT([&] { store.put(wanted, source, Task()); }, ThrowsError(Errc::corrupt, wanted.digest.str()));
  }
  EXPECT_FALSE(store.has(wanted));
  EXPECT_EQ(temporaries(), 0u);
  MemorySource source("right");
  store.put(wanted, source, Task());
  EXPECT_EQ(store.read(wanted), "right");
}

TEST_F(Blobs, that_rotted_are_found_when_read_to_the_end)
{
  const auto blob = store.put("healthy", "text/plain");
  std::ofstream(file(blob)) << "changed";
  EXPECT_THAT([&] { (void)store.read(blob); }, ThrowsError(Errc::corrupt, "content has digest"));
}

TEST_F(Blobs, missing_are_not_found)
{
  const oci::Descriptor blob{.media_type = "text/plain", .digest = sha256("absent"), .size_bytes = 6};
  EXPECT_THAT([&] { (void)store.open(blob); }, ThrowsError(Errc::not_found, "not in the store"));
}

TEST_F(Blobs, larger_than_the_limit_are_refused)
{
  const auto blob = store.put("0123456789", "text/plain");
  EXPECT_THAT([&] { (void)store.read(blob, 9); }, ThrowsError(Errc::limit, "10 bytes, the limit is 9"));
}

TEST_F(Blobs, that_are_links_fifos_or_directories_are_refused)
{
  const auto link = store.put("link", "text/plain");
  fs::remove(file(link));
  std::ofstream(root.path() / "elsewhere") << "link";
  fs::create_symlink(root.path() / "elsewhere", file(link));
  EXPECT_THAT([&] { (void)store.open(link); }, ThrowsError(Errc::corrupt, "is a symbolic link"));
  EXPECT_FALSE(store.has(link));

  const auto fifo = store.put("fifo", "text/plain");
  fs::remove(file(fifo));
  ASSERT_EQ(::mkfifo(file(fifo).c_str(), 0644), 0);
  EXPECT_THAT([&] { (void)store.open(fifo); }, ThrowsError(Errc::corrupt, "not a regular file"));

  const auto directory = store.put("directory", "text/plain");
  fs::remove(file(directory));
  fs::create_directory(file(directory));
  EXPECT_THAT([&] { (void)store.open(directory); }, ThrowsError(Errc::corrupt, "not a regular file"));
}

TEST_F(Blobs, that_cannot_be_read_say_so)
{
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  const auto blob = store.put("secret", "text/plain");
  fs::permissions(root.path(), fs::perms(0755));
  fs::permissions(file(blob), fs::perms(0));
  EXPECT_TRUE(test::as_nobody([&] {
    const Store reader(root.path(), Access::read);
    return ::testing::Value([&] { (void)reader.open(blob); }, ThrowsError(Errc::permission, "Permission denied"));
  }));
}

TEST_F(Blobs, of_another_size_than_the_descriptor_says_are_corrupt)
{
  auto blob = store.put("12345", "text/plain");
  blob.size_bytes = 6;
  EXPECT_THAT([&] { (void)store.open(blob); }, ThrowsError(Errc::corrupt, "5 bytes are stored, its descriptor says 6"));
}

TEST_F(Blobs, of_many_megabytes_are_flushed_as_they_grow)
{
  const std::string chunk(std::size_t{8} << 20, 'x');
  auto writer = store.create();
  for (int i = 0; i < 9; ++i) writer.write(chunk);
  const auto blob = writer.commit("application/octet-stream");
  EXPECT_EQ(blob.size_bytes, 9 * chunk.size());
  EXPECT_EQ(copy(*store.open(blob), *std::make_unique<DigestSink>()), blob.size_bytes);
}

TEST(FullDisk, is_no_space_and_changes_nothing)
{
  TempDir mountpoint;
  if (::geteuid() != 0 || ::mount("cairn-test", mountpoint.path().c_str(), "tmpfs", 0, "size=1m") != 0)
    GTEST_SKIP() << "needs root and the right to mount a tmpfs";
  struct Unmount {
    fs::path path;
    ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
  } unmount{mountpoint.path()};

  Store store(mountpoint.path() / "store", Access::write);
  const auto small = store.put("{}", "application/json");
  store.tag("kept", small, Task());
  EXPECT_THAT([&] { (void)store.put(std::string(std::size_t{2} << 20, 'x'), "text/plain"); }, ThrowsError(Errc::no_space, "No space left"));
  EXPECT_TRUE(fs::is_empty(mountpoint.path() / "store/cairn/tmp"));
  EXPECT_EQ(store.resolve("kept").digest, small.digest);

  // Fill the rest, so that not even a new index.json fits.
  std::ofstream filler(mountpoint.path() / "filler");
  while (filler.put('x').flush()) filler << std::string(4095, 'x') << std::flush;
  filler.close();
  EXPECT_THAT([&] { store.tag("new", small, Task()); }, ThrowsError(Errc::no_space, "No space left"));
  EXPECT_TRUE(fs::is_empty(mountpoint.path() / "store/cairn/tmp"));
  EXPECT_EQ(store.tags().size(), 1u);
  EXPECT_EQ(Store(mountpoint.path() / "store", Access::read).resolve("kept").digest, small.digest);
}

}  // namespace
}  // namespace cairn::store
