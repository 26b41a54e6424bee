// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/digest.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

#include <unordered_set>

namespace cairn {
namespace {

using test::ThrowsError;

const std::string empty_hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Digest, reads_what_it_writes)
{
  const auto digest = Digest::parse("sha256:" + empty_hex);
  EXPECT_EQ(digest.hex(), empty_hex);
  EXPECT_EQ(digest.str(), "sha256:" + empty_hex);
  EXPECT_EQ(digest.bytes()[0], std::byte{0xe3});
  EXPECT_EQ(Digest(digest.bytes()), digest);
}

TEST(Digest, refuses_what_could_become_a_path)
{
  const auto refused = [](const std::string& text, Errc code, const char* why) {
    EXPECT_THAT([&] { static_cast<void>(Digest::parse(text)); }, ThrowsError(code, why)) << text;
  };
  refused("", Errc::bad_input, "not a digest");
  refused(empty_hex, Errc::bad_input, "not a digest");
  refused("sha256:", Errc::bad_input, "0 hex digits, expected 64");
  refused("sha256:" + empty_hex.substr(1), Errc::bad_input, "63 hex digits");
  refused("sha256:" + empty_hex + "0", Errc::bad_input, "65 hex digits");
  refused("sha256:" + std::string(64, 'A'), Errc::bad_input, "lower-case hex digit");
  refused("sha256:../../../" + std::string(55, '0'), Errc::bad_input, "lower-case hex digit");
  refused("SHA256:" + empty_hex, Errc::bad_input, "unknown digest algorithm");
  refused("sha257:" + empty_hex, Errc::bad_input, "unknown digest algorithm");
  refused(" sha256:" + empty_hex, Errc::bad_input, "unknown digest algorithm");
  refused("sha512:" + empty_hex + empty_hex, Errc::unsupported, "only sha256");
}

TEST(Digest, orders_and_hashes_by_value)
{
  const auto one = Digest::parse("sha256:" + std::string(63, '0') + "1");
  const auto two = Digest::parse("sha256:" + std::string(63, '0') + "2");
  EXPECT_LT(one, two);
  EXPECT_LT(Digest{}, one);
  EXPECT_EQ((std::unordered_set<Digest>{one, two, one}.size()), 2u);
}

}  // namespace
}  // namespace cairn
