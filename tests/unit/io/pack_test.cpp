// SPDX-License-Identifier: Apache-2.0
#include <cairn/io/codec.hpp>
#include <cairn/io/hash.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

namespace cairn {
namespace {

using test::ThrowsError;

std::string pack(FramePacker& packer, std::string_view plain)
{
  std::string packed(packer.bound(plain.size()), '\0');
  packed.resize(packer.pack(std::as_bytes(std::span(plain)), std::as_writable_bytes(std::span(packed))));
  return packed;
}

std::string unpacked(std::string_view packed, Codec codec)
{
  MemorySource source(packed);
  return read_all(*unpack(source, codec, {}, "frame"), std::uint64_t{1} << 30, "frame");
}

class FramePackerTest : public testing::TestWithParam<Codec> {};

INSTANTIATE_TEST_SUITE_P(Codecs, FramePackerTest, testing::Values(Codec::none, Codec::gzip, Codec::zstd),
                         [](const auto& codec) { return std::string(name(codec.param)); });

TEST_P(FramePackerTest, makes_frames_that_join)
{
  FramePacker packer(Compression::standard(GetParam()));
  const auto packed = pack(packer, "one ") + pack(packer, "") + pack(packer, std::string(100'000, 'x'));
  EXPECT_EQ(unpacked(packed, GetParam()), "one " + std::string(100'000, 'x'));
}

TEST_P(FramePackerTest, forgets_what_it_packed_before)
{
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919 % 10007) + "\n";
  FramePacker fresh(Compression::standard(GetParam()));
  const auto expected = pack(fresh, text);
  FramePacker used(Compression::standard(GetParam()));
  pack(used, std::string(1'000'000, 'y'));
  pack(used, text.substr(100));
  EXPECT_EQ(pack(used, text), expected);
  auto moved = std::move(used);
  EXPECT_EQ(pack(moved, text), expected);
}

TEST(FramePacker, writes_no_name_and_no_time_into_gzip)
{
  FramePacker packer(Compression::standard(Codec::gzip));
  const auto packed = pack(packer, "x");
  EXPECT_EQ(packed.substr(0, 3), "\x1f\x8b\x08");
  EXPECT_EQ(packed.substr(3, 5), std::string(5, '\0'));  // no flags, time 0
  EXPECT_EQ(packed[9], '\xff');
}

TEST(FramePacker, writes_size_and_checksum_into_zstd)
{
  FramePacker packer(Compression::standard(Codec::zstd));
  const auto packed = pack(packer, std::string(1000, 'x'));
  EXPECT_EQ(packed.substr(0, 4), "\x28\xb5\x2f\xfd");
  EXPECT_EQ(packed[4] & 0x24, 0x24);  // single segment, checksum
}

TEST(FramePacker, refuses_levels_that_its_codec_lacks)
{
  for (const int level : {0, 20, -1})
    EXPECT_THAT([&] { FramePacker({Codec::zstd, level}); }, ThrowsError(Errc::bad_input, "not between 1 and 19"));
  for (const int level : {0, 13})
    EXPECT_THAT([&] { FramePacker({Codec::gzip, level}); }, ThrowsError(Errc::bad_input, "not between 1 and 12"));
}

}  // namespace
}  // namespace cairn
