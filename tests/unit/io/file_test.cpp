// SPDX-License-Identifier: Apache-2.0
#include <cairn/io/file.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn {
namespace {

namespace fs = std::filesystem;
using test::ThrowsError;

TEST(FileSource, reads_all_or_a_part)
{
  const TempDir directory;
  const auto path = directory.path() / "f";
  write_file_atomically(path, "0123456789", Flush::no);
  FileSource all(path);
  EXPECT_EQ(all.size_bytes(), 10u);
  EXPECT_EQ(read_all(all, 10, "f"), "0123456789");
  FileSource part(open_file(path, O_RDONLY), 3, 4, "f");
  EXPECT_EQ(read_all(part, 10, "f"), "3456");
  FileSource over(open_file(path, O_RDONLY), 8, 4, "f");
  EXPECT_EQ(read_all(over, 10, "f"), "89");
}

TEST(FileSource, takes_regular_files_only)
{
  const TempDir directory;
  fs::create_symlink("/etc/passwd", directory.path() / "link");
  ASSERT_EQ(::mkfifo((directory.path() / "fifo").c_str(), 0600), 0);
  EXPECT_THROW(FileSource(directory.path() / "link"), Error);
  EXPECT_THAT([&] { FileSource(directory.path() / "fifo"); }, ThrowsError(Errc::bad_input, "not a regular file"));
  EXPECT_THROW(FileSource{directory.path()}, Error);
  EXPECT_THAT([&] { FileSource(directory.path() / "none"); }, ThrowsError(Errc::not_found, "none"));
}

TEST(ReadAll, keeps_to_its_limit)
{
  MemorySource exact("12345");
  EXPECT_EQ(read_all(exact, 5, "body"), "12345");
  MemorySource over("123456");
  EXPECT_THAT([&] { static_cast<void>(read_all(over, 5, "body")); }, ThrowsError(Errc::limit, "body: larger than the limit of 5 bytes"));
}

TEST(Copy, moves_everything)
{
  const std::string text(1'000'000, 'x');
  MemorySource source(text);
  MemorySink sink;
  EXPECT_EQ(copy(source, sink), text.size());
  EXPECT_EQ(sink.text(), text);
}

}  // namespace
}  // namespace cairn
