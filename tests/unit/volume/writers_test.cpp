// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/writers.hpp>

#include <cairn/os/beneath.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/volume/layout.hpp>

#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn::volume {
namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }
Content content(std::string_view text) { return ContentBlocks().copy(bytes(text)); }

class WritersTest : public testing::Test {
protected:
  std::shared_ptr<Staging> stage(Writers& writers, std::size_t lane = 0)
  {
    return writers.stage(open_root(dir_.path()), lane, "unit x", [this] { done_.set_value(); });
  }
  [[nodiscard]] std::string read(const std::string& path) const { return read_small_file(dir_.path() / path, 1 << 20); }

  TempDir dir_;
  OpenUmask umask_;
  std::promise<void> done_;
};

TEST_F(WritersTest, write_many_files_in_many_directories)
{
  Writers writers({.writers = 16, .open_directories = 4});
  const auto staging = stage(writers);
  for (int d = 0; d < 30; ++d) {
    const auto directory = "d" + std::to_string(d);
    staging->add_directory(directory, 0750);
    staging->add_directory(directory + "/deep", 0700);
    for (int f = 0; f < 30; ++f) staging->add_file(directory + "/deep/f" + std::to_string(f), 0640, std::nullopt, content(directory));
  }
  staging->close();
  done_.get_future().get();
  EXPECT_EQ(read("d29/deep/f29"), "d29");
  EXPECT_EQ(writers.written().files, 900u);
  EXPECT_EQ(writers.written().calls, 900u * 2 + 60);
  struct stat status{};
  ASSERT_EQ(::stat((dir_.path() / "d7/deep/f7").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0640u);
}

TEST_F(WritersTest, keep_times_links_and_hard_links)
{
  Writers writers({.writers = 4});
  const auto staging = stage(writers);
  staging->add_hard_link("early", "a/file", 0644);
  staging->add_directory("a", 0755);
  staging->add_file("a/file", 0644, 12345, content("x"));
  staging->add_symlink("a/link", "file");
  auto large = staging->create("a/large", 0600);
  large.write(bytes("lar"));
  large.write(bytes("ge"));
  large.finish(54321);
  staging->close();
  done_.get_future().get();
  struct stat first{};
  struct stat again{};
  ASSERT_EQ(::stat((dir_.path() / "a/file").c_str(), &first), 0);
  ASSERT_EQ(::stat((dir_.path() / "early").c_str(), &again), 0);
  EXPECT_EQ(first.st_ino, again.st_ino);
  EXPECT_EQ(first.st_mtim.tv_sec, 12345);
  EXPECT_EQ(read("a/large"), "large");
  EXPECT_EQ(std::filesystem::read_symlink(dir_.path() / "a/link"), "file");
}

TEST_F(WritersTest, hold_back_who_fills_the_queue)
{
  Writers writers({.writers = 2, .queued_bytes = 64 << 10, .lanes = 2});
  const auto staging = stage(writers, 1);
  for (int i = 0; i < 200; ++i) staging->add_file("f" + std::to_string(i), 0644, std::nullopt, content(std::string(20 << 10, '\0')));
  staging->add_file("larger than the queue", 0644, std::nullopt, content(std::string(200 << 10, '\0')));
  staging->close();
  done_.get_future().get();
  EXPECT_EQ(writers.written().bytes, 200u * (20 << 10) + (200 << 10));
}

TEST_F(WritersTest, refuse_a_name_that_is_there)
{
  Writers writers({.writers = 2});
  std::filesystem::create_symlink("/etc/passwd", dir_.path() / "planted");
  const auto staging = stage(writers);
  staging->add_file("planted", 0644, std::nullopt, content("x"));
  EXPECT_THAT(
      [&] {
        for (;;) writers.check();
      },
      test::ThrowsError(Errc::exists, "unit x: 'planted'"));
  EXPECT_THAT([&] { staging->add_file("more", 0644, std::nullopt, {}); }, test::ThrowsError(Errc::exists, "planted"));
}

TEST_F(WritersTest, refuse_what_has_no_directory)
{
  Writers writers({.writers = 1});
  const auto staging = stage(writers);
  EXPECT_THAT([&] { staging->add_file("no/where", 0644, std::nullopt, {}); }, test::ThrowsError(Errc::bad_input, "before the directory"));
  staging->add_directory("twice", 0755);
  EXPECT_THAT([&] { staging->add_directory("twice", 0755); }, test::ThrowsError(Errc::bad_input, "twice"));
}

TEST_F(WritersTest, follow_no_link_that_takes_a_directory_s_place)
{
  Writers writers({.writers = 1, .open_directories = 0});
  TempDir outside;
  const auto staging = stage(writers);
  staging->add_directory("a", 0755);
  staging->add_directory("a/b", 0755);
  while (writers.written().directories != 2) std::this_thread::yield();
  std::filesystem::rename(dir_.path() / "a", dir_.path() / "moved");
  std::filesystem::create_directory_symlink(outside.path(), dir_.path() / "a");
  std::filesystem::create_directory(outside.path() / "b");
  staging->add_file("a/b/file", 0644, std::nullopt, content("x"));
  EXPECT_THAT(
      [&] {
        for (;;) writers.check();
      },
      test::ThrowsError(Errc::bad_input, "symbolic link"));
  EXPECT_TRUE(std::filesystem::is_empty(outside.path() / "b"));
}

}  // namespace
}  // namespace cairn::volume
