// SPDX-License-Identifier: Apache-2.0
#include <cairn/io/hash.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

#include <array>

namespace cairn {
namespace {

using test::ThrowsError;

std::string drain(Source& source)
{
  std::string text;
  std::array<std::byte, 3> buffer{};
  while (const auto n = source.read(buffer)) text.append(reinterpret_cast<const char*>(buffer.data()), n);
  return text;
}

TEST(Sha256, knows_the_test_vectors)
{
  EXPECT_EQ(sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, starts_anew_after_finish)
{
  Sha256 hash;
  hash.update("x");
  static_cast<void>(hash.finish());
  hash.update("a");
  hash.update("bc");
  auto moved = std::move(hash);
  EXPECT_EQ(moved.finish(), sha256("abc"));
}

TEST(DigestSink, passes_on_and_counts)
{
  MemorySink inner;
  DigestSink sink(inner);
  sink.write("ab");
  sink.write("c");
  EXPECT_EQ(inner.text(), "abc");
  EXPECT_EQ(sink.size_bytes(), 3u);
  EXPECT_EQ(sink.finish(), sha256("abc"));
}

TEST(VerifiedSource, passes_on_what_is_right)
{
  MemorySource inner("content");
  VerifiedSource source(inner, sha256("content"), 7, "blob");
  EXPECT_EQ(drain(source), "content");
  EXPECT_EQ(drain(source), "");
  MemorySource empty("");
  VerifiedSource none(empty, sha256(""), 0, "blob");
  none.finish();
}

TEST(VerifiedSource, refuses_wrong_size_and_wrong_digest)
{
  const auto refused = [](std::string_view bytes, std::string_view of, std::uint64_t size, const char* why) {
    MemorySource inner(bytes);
    VerifiedSource source(inner, sha256(of), size, "blob");
    EXPECT_THAT([&] { source.finish(); }, ThrowsError(Errc::corrupt, why));
  };
  refused("content", "content", 6, "blob: longer than its 6 bytes");
  refused("content", "content", 8, "blob: ends after 7 of 8 bytes");
  refused("contend", "content", 7, "blob: content has digest sha256:");
  refused("", "content", 7, "ends after 0 of 7");
  refused("x", "", 0, "longer than its 0 bytes");
}

TEST(VerifiedSource, hands_out_no_surplus)
{
  MemorySource inner("content and more");
  VerifiedSource source(inner, sha256("content"), 7, "blob");
  std::string seen;
  std::array<std::byte, 16> buffer{};
  EXPECT_THAT(
      [&] {
        while (const auto n = source.read(buffer)) seen.append(reinterpret_cast<const char*>(buffer.data()), n);
      },
      ThrowsError(Errc::corrupt, "longer"));
  EXPECT_EQ(seen, "content");
}

TEST(VerifiedSource, keeps_refusing)
{
  MemorySource inner("wrong");
  VerifiedSource source(inner, sha256("right"), 5, "blob");
  EXPECT_THROW(source.finish(), Error);
  EXPECT_THROW(source.finish(), Error);
}

}  // namespace
}  // namespace cairn
