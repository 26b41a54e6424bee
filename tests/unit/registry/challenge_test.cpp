// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/challenge.hpp>

#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

namespace cairn::registry {
namespace {

using test::ThrowsError;

TEST(Challenge, reads_parameters_with_commas_and_escapes)
{
  const auto all = parse_challenges({R"(BEARER Realm="https://a/t?x=1,2",service="s\"q", scope = "a b")"});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].scheme, "bearer");
  EXPECT_EQ(all[0].parameters.at("realm"), "https://a/t?x=1,2");
  EXPECT_EQ(all[0].parameters.at("service"), "s\"q");
  EXPECT_EQ(all[0].parameters.at("scope"), "a b");
}

TEST(Challenge, takes_an_unquoted_realm_as_openshift_sends_it)
{
  const auto all = parse_challenges({"Basic realm=https://h/openshift/token?a=b,charset=utf-8"});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].parameters.at("realm"), "https://h/openshift/token?a=b");
}

TEST(Challenge, prefers_bearer_among_several_in_one_header_or_more)
{
  const auto all = parse_challenges({R"(Negotiate, Basic realm="x", Bearer realm="y")", R"(Digest realm="z")"});
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(choose(all)->parameters.at("realm"), "y");
  EXPECT_FALSE(choose({}).has_value());
  EXPECT_FALSE(choose(parse_challenges({"Negotiate"})).has_value());
}

TEST(Challenge, refuses_what_has_no_end)
{
  EXPECT_THAT([] { (void)parse_challenges({R"(Bearer realm="x)"}); },
              ThrowsError(Errc::bad_input, "WWW-Authenticate: a quote without its end"));
  EXPECT_THAT([] { (void)parse_challenges({"Bearer =x"}); }, ThrowsError(Errc::bad_input, "WWW-Authenticate: cannot be read at byte"));
  const std::string long_one(100'000, 'x');
  EXPECT_THAT([&] { (void)parse_challenges({long_one}); }, ThrowsError(Errc::limit, "100000 bytes, the limit is 65536"));
  std::string many;
  for (int i = 0; i < 40; ++i) many += "A,";
  EXPECT_THAT([&] { (void)parse_challenges({many}); }, ThrowsError(Errc::limit, "more than 32 challenges"));
}

}  // namespace
}  // namespace cairn::registry
