// SPDX-License-Identifier: Apache-2.0
// What unpack takes and refuses. Streams are made with zlib and libzstd directly, so that packer and unpacker cannot be
// wrong in the same way.
#include <cairn/io/codec.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <functional>

namespace cairn {
namespace {

using test::ThrowsError;

std::string gzip(std::string_view plain, const std::function<void(gz_header&)>& adjust = {})
{
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  gz_header header{};
  if (adjust) {
    adjust(header);
    deflateSetHeader(&stream, &header);
  }
  std::string packed(deflateBound(&stream, plain.size()) + 100'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

enum class Checksum { yes, no };

std::string zstd(std::string_view plain, Checksum checksum = Checksum::yes, int window_log = 0)
{
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum == Checksum::yes ? 1 : 0);
  if (window_log != 0) {
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  }
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  ZSTD_inBuffer in{plain.data(), plain.size(), 0};
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  EXPECT_EQ(ZSTD_compressStream2(context, &out, &in, window_log != 0 ? ZSTD_e_flush : ZSTD_e_end), 0u);
  if (window_log != 0) {
    EXPECT_EQ(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0u);
  }
  packed.resize(out.pos);
  ZSTD_freeCCtx(context);
  return packed;
}

std::string skippable(std::string_view content)
{
  std::string frame("\x50\x2a\x4d\x18", 4);
  for (int shift = 0; shift < 32; shift += 8) frame += static_cast<char>(content.size() >> shift & 0xff);
  return frame + std::string(content);
}

/// Gives at most `step` bytes at a time.
class Slow final : public Source {
public:
  Slow(std::string_view bytes, std::size_t step) : inner_(bytes), step_(step) {}
  std::size_t read(std::span<std::byte> buffer) override { return inner_.read(buffer.first(std::min(step_, buffer.size()))); }

private:
  MemorySource inner_;
  std::size_t step_;
};

std::string unpacked(std::string_view packed, Codec codec, const UnpackLimits& limits = {}, std::size_t in_step = 1 << 20,
                     std::size_t out_step = 1 << 16)
{
  Slow source(packed, in_step);
  const auto plain = unpack(source, codec, limits, "blob");
  std::string text;
  std::vector<std::byte> buffer(out_step);
  while (const auto n = plain->read(buffer)) text.append(reinterpret_cast<const char*>(buffer.data()), n);
  EXPECT_EQ(plain->read(buffer), 0u);
  return text;
}

void expect_refused(std::string_view packed, Codec codec, Errc code, const char* why, const UnpackLimits& limits = {})
{
  EXPECT_THAT([&] { static_cast<void>(unpacked(packed, codec, limits)); }, ThrowsError(code, why));
}

/// Text that does not compress to nothing.
std::string sample(std::size_t size)
{
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (auto& c : text) c = static_cast<char>('a' + ((state = state * 1664525 + 1013904223) >> 28));
  return text;
}

class Unpack : public testing::TestWithParam<Codec> {
protected:
  static std::string pack(std::string_view plain)
  {
    switch (GetParam()) {
      case Codec::gzip: return gzip(plain);
      case Codec::zstd: return zstd(plain);
      case Codec::none: break;
    }
    return std::string(plain);
  }
};

INSTANTIATE_TEST_SUITE_P(Codecs, Unpack, testing::Values(Codec::gzip, Codec::zstd),
                         [](const auto& codec) { return std::string(name(codec.param)); });

TEST_P(Unpack, gives_the_plain_bytes_whatever_the_steps)
{
  const auto plain = sample(300'000);
  const auto packed = pack(plain);
  for (const std::size_t in : {1, 7, 1 << 20})
    for (const std::size_t out : {1, 100, 1 << 20}) EXPECT_EQ(unpacked(packed, GetParam(), {}, in, out), plain) << in << ' ' << out;
  EXPECT_EQ(unpacked(pack(""), GetParam()), "");
}

TEST_P(Unpack, joins_members) { EXPECT_EQ(unpacked(pack("one ") + pack("") + pack("two"), GetParam()), "one two"); }

TEST_P(Unpack, refuses_a_stream_cut_at_any_byte)
{
  const auto packed = pack(sample(100)) + pack(sample(50));
  const auto first = pack(sample(100)).size();
  for (std::size_t cut = 0; cut < packed.size(); ++cut) {
    if (cut == first) continue;  // a whole stream
    EXPECT_THAT([&] { static_cast<void>(unpacked(std::string_view(packed).substr(0, cut), GetParam())); },
                ThrowsError(Errc::corrupt, "blob: "))
        << cut;
  }
}

TEST_P(Unpack, never_gives_other_bytes_when_one_was_changed)
{
  const auto plain = sample(2000);
  auto packed = pack(plain);
  for (std::size_t at = GetParam() == Codec::gzip ? 10 : 6; at < packed.size(); ++at) {
    packed[at] = static_cast<char>(packed[at] ^ 0x10);
    try {
      EXPECT_EQ(unpacked(packed, GetParam()), plain) << at;  // zstd has a few bits that nobody reads
    } catch (const Error&) {
    }
    packed[at] = static_cast<char>(packed[at] ^ 0x10);
  }
}

TEST_P(Unpack, refuses_what_is_not_of_this_codec)
{
  const std::string tar(1024, 't');
  const std::string xz(
      "\xfd"
      "7zXZ\0\0\4",
      8);
  const auto other = GetParam() == Codec::gzip ? zstd("x") : gzip("x");
  for (const auto& bytes : {tar, xz, other, std::string("BZh91AY&SY"), std::string("PK\3\4"), std::string("x"), std::string(1024, '\0')})
    expect_refused(bytes, GetParam(), Errc::corrupt, GetParam() == Codec::gzip ? "blob: not a gzip stream" : "blob: not a zstd stream");
  expect_refused("", GetParam(), Errc::corrupt, "it is empty");
}

TEST_P(Unpack, refuses_junk_after_the_end)
{
  const auto why = GetParam() == Codec::gzip ? "other bytes follow the last gzip member" : "other bytes follow the last zstd frame";
  for (const auto* junk : {"x", "junk after the end", "\x1f", "\x28\xb5\x2f"})
    expect_refused(pack("x") + junk, GetParam(), Errc::corrupt, why);
  expect_refused(pack("x") + std::string(600'000, '\0') + "x", GetParam(), Errc::corrupt, why);
}

TEST_P(Unpack, stops_bombs_at_the_limit)
{
  // 256 times the same 16 MiB of zeros: 4 GiB in a few hundred KiB.
  const auto one = pack(std::string(std::size_t{16} << 20, '\0'));
  std::string bomb;
  for (int i = 0; i < 256; ++i) bomb += one;
  const UnpackLimits limits{.plain_bytes = std::uint64_t{20} << 20};
  expect_refused(bomb, GetParam(), Errc::limit, "blob: unpacks to more than the limit of 20971520 bytes", limits);
  EXPECT_EQ(unpacked(one, GetParam(), limits).size(), std::size_t{16} << 20);
}

TEST_P(Unpack, allows_exactly_the_limit)
{
  EXPECT_EQ(unpacked(pack("12345"), GetParam(), {.plain_bytes = 5}), "12345");
  expect_refused(pack("12345"), GetParam(), Errc::limit, "limit of 4 bytes", {.plain_bytes = 4});
}

TEST_P(Unpack, unpacks_one_time_only)
{
  const auto inner = pack("x");
  EXPECT_EQ(unpacked(pack(inner), GetParam()), inner);
}

TEST(UnpackNone, gives_the_same_bytes_within_the_limit)
{
  EXPECT_EQ(unpacked("abc", Codec::none), "abc");
  EXPECT_EQ(unpacked("", Codec::none), "");
  expect_refused("abc", Codec::none, Errc::limit, "limit of 2 bytes", {.plain_bytes = 2});
}

TEST(UnpackGzip, tolerates_zeros_after_the_last_member)
{
  for (const std::size_t zeros : {1, 512, 1'000'000}) EXPECT_EQ(unpacked(gzip("x") + std::string(zeros, '\0'), Codec::gzip), "x");
  expect_refused(gzip("x") + std::string(10, '\0') + gzip("y"), Codec::gzip, Errc::corrupt, "other bytes follow");
}

TEST(UnpackGzip, refuses_a_wrong_crc_and_a_wrong_size)
{
  auto packed = gzip(sample(100));
  packed[packed.size() - 8] = static_cast<char>(packed[packed.size() - 8] ^ 1);
  expect_refused(packed, Codec::gzip, Errc::corrupt, "incorrect data check");
  packed = gzip(sample(100));
  packed[packed.size() - 1] = static_cast<char>(packed[packed.size() - 1] ^ 1);
  expect_refused(packed, Codec::gzip, Errc::corrupt, "incorrect length check");
}

TEST(UnpackGzip, ignores_names_comments_and_extra_fields)
{
  std::string extra(65'535, '\xff');
  std::string file = "../../../etc/passwd";
  const auto packed = gzip("x", [&](gz_header& header) {
    header.extra = reinterpret_cast<Bytef*>(extra.data());
    header.extra_len = static_cast<uInt>(extra.size());
    header.name = reinterpret_cast<Bytef*>(file.data());
    header.comment = reinterpret_cast<Bytef*>(file.data());
    header.hcrc = 1;
    header.time = 12345;
  });
  EXPECT_EQ(unpacked(packed, Codec::gzip), "x");
}

TEST(UnpackGzip, refuses_reserved_flags_and_methods)
{
  auto packed = gzip("x");
  packed[3] = '\x20';
  expect_refused(packed, Codec::gzip, Errc::corrupt, "unknown header flags");
  packed = gzip("x");
  packed[2] = 7;
  expect_refused(packed, Codec::gzip, Errc::corrupt, "unknown compression method");
}

TEST(UnpackZstd, gives_what_the_decoder_still_holds_when_its_input_has_ended)
{
  const auto plain = sample(200'000);
  for (const std::size_t out : {1, 1000, 65536}) EXPECT_EQ(unpacked(zstd(plain, Checksum::no), Codec::zstd, {}, 1 << 20, out), plain);
}

TEST(UnpackZstd, skips_skippable_frames)
{
  EXPECT_EQ(unpacked(skippable("one") + zstd("x") + skippable("") + zstd("y") + skippable(std::string(300'000, 's')), Codec::zstd), "xy");
  EXPECT_EQ(unpacked(skippable("only"), Codec::zstd), "");
  expect_refused(skippable("cut").substr(0, 9), Codec::zstd, Errc::corrupt, "ends inside a frame");
}

TEST(UnpackZstd, refuses_large_windows_before_allocating_them)
{
  expect_refused(zstd(sample(1000), Checksum::yes, 28), Codec::zstd, Errc::limit, "zstd window is larger than 2^27 bytes");
  EXPECT_EQ(unpacked(zstd(sample(1000), Checksum::yes, 27), Codec::zstd).size(), 1000u);
  expect_refused(zstd(sample(1000), Checksum::yes, 24), Codec::zstd, Errc::limit, "larger than 2^23 bytes",
                 {.window_bytes = std::uint64_t{8} << 20});
  // Window descriptor 0xf8: exponent 31, 2^41 bytes.
  expect_refused(std::string("\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00", 9), Codec::zstd, Errc::limit, "zstd window is larger");
  // One segment that says it holds 1 GiB.
  expect_refused(std::string("\x28\xb5\x2f\xfd\xa0\x00\x00\x00\x40\x01\x00\x00", 12), Codec::zstd, Errc::limit, "zstd window is larger");
}

TEST(UnpackZstd, refuses_dictionaries)
{
  expect_refused(std::string("\x28\xb5\x2f\xfd\x21\x07\x00\x01\x00\x00", 10), Codec::zstd, Errc::unsupported, "needs a dictionary");
}

TEST(UnpackZstd, refuses_the_formats_before_the_standard)
{
  for (const char version : {'\x25', '\x26', '\x27'}) {
    auto packed = zstd("x");
    packed[0] = version;
    expect_refused(packed, Codec::zstd, Errc::corrupt, "not a zstd stream");
  }
}

TEST(UnpackZstd, refuses_a_missing_last_block_and_reserved_blocks)
{
  expect_refused(std::string("\x28\xb5\x2f\xfd\x00\x50\x08\x00\x00x", 10), Codec::zstd, Errc::corrupt, "ends inside a frame");
  expect_refused(std::string("\x28\xb5\x2f\xfd\x00\x50\x07\x00\x00", 9), Codec::zstd, Errc::corrupt, "zstd: ");
}

TEST(Codec, has_names)
{
  for (const auto codec : {Codec::none, Codec::gzip, Codec::zstd}) EXPECT_EQ(codec_from(name(codec)), codec);
  EXPECT_EQ(codec_from("xz"), std::nullopt);
  EXPECT_EQ(codec_from("GZIP"), std::nullopt);
}

}  // namespace
}  // namespace cairn
