// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/zip.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>
#include <support/zip_maker.hpp>

#include <gmock/gmock.h>

namespace cairn::python {
namespace {

using cairn::test::ThrowsError;
using cairn::test::ZipMaker;
using cairn::test::ZipMember;

class Zip : public testing::Test {
protected:
  ZipArchive open(const ZipMaker& maker, const ZipLimits& limits = {})
  {
    maker.write(directory_.path() / "a.whl");
    return ZipArchive(directory_.path() / "a.whl", limits);
  }
  void refuses(const ZipMember& member, const std::string& text, Errc code = Errc::bad_input)
  {
    ZipMaker maker;
    maker.add("first", "1").add(member);
    EXPECT_THAT([&] { open(maker); }, ThrowsError(code, text)) << text;
  }
  TempDir directory_;
};

TEST_F(Zip, reads_stored_and_deflated_entries)
{
  ZipMaker maker;
  maker.add("d/", "", 040755).add("d/a", "stored", 0100755).add({.name = "b", .content = "deflated", .deflate = true});
  const auto archive = open(maker);
  ASSERT_EQ(archive.entries().size(), 3u);
  EXPECT_TRUE(archive.find("d")->is_directory);
  EXPECT_TRUE(archive.find("d/a")->is_executable());
  EXPECT_EQ(archive.read(*archive.find("d/a"), 100), "stored");
  EXPECT_EQ(archive.read(*archive.find("b"), 100), "deflated");
  const auto stream = archive.open(*archive.find("b"));
  EXPECT_EQ(read_all(*stream, 100, "b"), "deflated");
  EXPECT_EQ(archive.find("c"), nullptr);
}

TEST_F(Zip, takes_equal_duplicates_once_and_refuses_others)
{
  ZipMaker same;
  same.add("a", "x").add("a", "x");
  EXPECT_EQ(open(same).entries().size(), 1u);
  ZipMaker other;
  other.add("a", "x").add("a", "y");
  EXPECT_THAT([&] { open(other); }, ThrowsError(Errc::bad_input, "'a' comes twice with different content"));
  ZipMaker mode;
  mode.add("a", "x").add("a", "x", 0100755);
  EXPECT_THAT([&] { open(mode); }, ThrowsError(Errc::bad_input, "comes twice"));
}

TEST_F(Zip, takes_data_descriptors_that_agree)
{
  const auto descriptor =
      ZipMaker::number(0x08074b50, 4) + ZipMaker::number(crc32(0, as_bytes("x")), 4) + ZipMaker::number(1, 4) + ZipMaker::number(1, 4);
  ZipMaker maker;
  maker.add({.name = "a", .content = "x", .flags = 8, .local_crc = 0, .local_size = 0, .descriptor = descriptor});
  EXPECT_EQ(open(maker).entries().size(), 1u);
  refuses(
      {.name = "a", .content = "x", .flags = 8, .local_crc = 0, .descriptor = ZipMaker::number(0x08074b50, 4) + ZipMaker::number(0, 12)},
      "data descriptor that disagrees");
  refuses({.name = "a", .content = "x", .flags = 8, .local_crc = 0}, "data descriptor");
  refuses({.name = "a", .content = "x", .descriptor = descriptor}, "belong to no entry");
}

TEST_F(Zip, refuses_names_that_lead_elsewhere)
{
  refuses({.name = "../x"}, "'.' or '..' in its name");
  refuses({.name = "a/../x"}, "'.' or '..' in its name");
  refuses({.name = "./x"}, "'.' or '..' in its name");
  refuses({.name = "/x"}, "absolute name");
  refuses({.name = "C:x"}, "drive in its name");
  refuses({.name = "a\\b"}, "backslash");
  refuses({.name = "a//b"}, "empty component");
  refuses({.name = ""}, "has no name");
  refuses({.name = "a\nb"}, "control character");
  refuses({.name = "\xc3\xa9"}, "does not say it is UTF-8");
  refuses({.name = "\xe9", .flags = 1 << 11}, "not UTF-8");
  refuses({.name = ".wh.a"}, "whiteout");
  refuses({.name = "first/x"}, "lies below an entry that is a file");
}

TEST_F(Zip, refuses_headers_that_disagree)
{
  refuses({.name = "a", .local_name = "b"}, "another name in its local header");
  refuses({.name = "a", .content = "x", .local_crc = 1}, "another CRC");
  refuses({.name = "a", .content = "x", .local_size = 2}, "other sizes");
  refuses({.name = "a", .content = "x", .local_method = 8}, "another method");
  refuses({.name = "a", .content = "x", .local_flags = 1 << 11}, "other flags");
  refuses({.name = "a", .content = "x", .central_size = 2}, "stored in another size");
  refuses({.name = "a", .content = "x", .central_offset = 5}, "no local header");
  refuses({.name = "a", .content = "x", .central_offset = 0}, "another name");
  refuses({.name = "a", .content = "x", .in_directory = false}, "belong to no entry");
}

TEST_F(Zip, refuses_what_it_cannot_read)
{
  refuses({.name = "a", .flags = 1}, "encrypted", Errc::unsupported);
  refuses({.name = "a", .central_method = 12, .local_method = 12}, "method 12", Errc::unsupported);
  refuses({.name = "a", .central_method = 14, .local_method = 14}, "method 14", Errc::unsupported);
  refuses({.name = "a", .comment = "c"}, "has a comment");
  refuses({.name = "a", .mode = 010644}, "no file, directory or link");
  refuses({.name = "a/", .content = "x", .mode = 040755}, "directory with content");
  const auto zip64 = ZipMaker::number(1, 2) + ZipMaker::number(8, 2) + ZipMaker::number(1, 8);
  refuses({.name = "a", .central_extra = zip64 + zip64}, "come twice");
  refuses({.name = "a", .central_extra = zip64}, "more than is asked");
  const auto second_name = ZipMaker::number(0x7075, 2) + ZipMaker::number(6, 2) + std::string(5, '\1') + "b";
  refuses({.name = "a", .central_extra = second_name}, "second name");
}

TEST_F(Zip, refuses_bytes_around_the_archive)
{
  ZipMaker maker;
  maker.add("a", "x");
  auto broken = maker;
  broken.suffix = "\n";
  EXPECT_THAT([&] { open(broken); }, ThrowsError(Errc::bad_input, "bytes follow its end record"));
  broken = maker;
  broken.comment = std::string("PK\5\6") + std::string(18, '\0');
  EXPECT_THAT([&] { open(broken); }, ThrowsError(Errc::bad_input, ""));
  broken = maker;
  broken.count = 2;
  EXPECT_THAT([&] { open(broken); }, ThrowsError(Errc::bad_input, "breaks off at entry 1"));
  broken = maker;
  broken.count = 0;
  EXPECT_THAT([&] { open(broken); }, ThrowsError(Errc::bad_input, "holds more than the entries"));
  broken = maker;
  broken.prefix = "#!/bin/sh\n";
  EXPECT_THAT([&] { open(broken); }, ThrowsError(Errc::bad_input, "belong to no entry"));
  std::ofstream(directory_.path() / "a.whl") << "PK";
  EXPECT_THAT([&] { ZipArchive(directory_.path() / "a.whl"); }, ThrowsError(Errc::bad_input, "too short"));
  std::ofstream(directory_.path() / "a.whl") << std::string(1000, 'x');
  EXPECT_THAT([&] { ZipArchive(directory_.path() / "a.whl"); }, ThrowsError(Errc::bad_input, "no end record"));
}

TEST_F(Zip, refuses_overlapping_entries)
{
  // Two directory entries that share one local header.
  ZipMaker maker;
  maker.add("a", "x").add({.name = "a", .content = "x", .central_offset = 0});
  EXPECT_THAT([&] { open(maker); }, ThrowsError(Errc::bad_input, "overlap"));
}

TEST_F(Zip, bounds_entries_and_size)
{
  ZipMaker maker;
  maker.add("a", "xx").add("b", "yy");
  EXPECT_THAT([&] { open(maker, {.entries = 1}); }, ThrowsError(Errc::limit, "has 2 entries, the limit is 1"));
  EXPECT_THAT([&] { open(maker, {.plain_bytes = 3}); }, ThrowsError(Errc::limit, "more than 3 bytes"));
}

TEST_F(Zip, finds_broken_content_when_it_is_read)
{
  ZipMaker maker;
  maker.add({.name = "a", .content = "x", .central_crc = 1, .local_crc = 1})
      .add({.name = "b", .content = "yy", .deflate = true, .central_size = 3, .local_size = 3});
  const auto archive = open(maker);
  EXPECT_THAT([&] { static_cast<void>(archive.read(*archive.find("a"), 9)); }, ThrowsError(Errc::bad_input, "another CRC"));
  EXPECT_THAT([&] { static_cast<void>(read_all(*archive.open(*archive.find("a")), 9, "a")); }, ThrowsError(Errc::bad_input, "another CRC"));
  EXPECT_THAT([&] { static_cast<void>(archive.read(*archive.find("b"), 9)); },
              ThrowsError(Errc::corrupt, "inflates to 2 bytes, expected 3"));
  EXPECT_THAT([&] { static_cast<void>(read_all(*archive.open(*archive.find("b")), 9, "b")); }, ThrowsError(Errc::bad_input, "shorter"));
}

}  // namespace
}  // namespace cairn::python
