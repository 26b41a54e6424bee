// SPDX-License-Identifier: Apache-2.0
#include <cairn/http/url.hpp>

#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

namespace cairn::http {
namespace {

using test::ThrowsError;

TEST(Url, reads_its_parts)
{
  const auto url = Url::parse("HTTPS://Registry.Example.com:5000/v2/a/b?x=1&y=2#part");
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.host, "registry.example.com");
  EXPECT_EQ(url.port, 5000);
  EXPECT_EQ(url.path, "/v2/a/b");
  EXPECT_EQ(url.query, "x=1&y=2");
  EXPECT_EQ(url.str(), "https://registry.example.com:5000/v2/a/b?x=1&y=2");
  EXPECT_EQ(Url::parse("http://[::1]:80").str(), "http://[::1]/");
}

TEST(Url, hides_what_its_query_says) { EXPECT_EQ(Url::parse("https://h/p?sig=geheim&x").redacted(), "https://h/p?sig=***&x"); }

TEST(Url, refuses_what_must_not_be_followed)
{
  for (const auto* bad : {"file:///etc/passwd", "gopher://h/", "https://", "https://user@evil/", "https://h:0/", "https://h:99999/",
                          "https://a b/", "https://h/\r\nX: y", "https://h\\@evil/", "https://[::1/", "//h/p", ""})
    EXPECT_THAT([&] { (void)Url::parse(bad); }, ThrowsError(Errc::bad_input, "URL")) << bad;
}

TEST(Url, does_not_repeat_a_password_in_an_error)
{
  try {
    (void)Url::parse("https://user:geheim@host/");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find("geheim"), std::string::npos) << error.what();
  }
}

TEST(Url, resolves_references_as_rfc_3986_does)
{
  const auto base = Url::parse("https://h/a/b?q=1");
  EXPECT_EQ(base.resolve("/x/../y").str(), "https://h/y");
  EXPECT_EQ(base.resolve("c?d=2").str(), "https://h/a/c?d=2");
  EXPECT_EQ(base.resolve("../../..").str(), "https://h/");
  EXPECT_EQ(base.resolve("?z").str(), "https://h/a/b?z");
  EXPECT_EQ(base.resolve("//other/p").str(), "https://other/p");
  EXPECT_EQ(base.resolve("http://other/p").str(), "http://other/p");
}

TEST(Url, knows_who_belongs_together)
{
  EXPECT_TRUE(same_site("registry-1.docker.io", "auth.docker.io"));
  EXPECT_FALSE(same_site("registry.example.co.uk", "evil.co.uk"));
  EXPECT_FALSE(same_site("10.0.0.1", "10.0.0.2"));
  EXPECT_TRUE(is_loopback("127.1.2.3"));
  EXPECT_FALSE(is_loopback("128.0.0.1"));
}

TEST(Url, encodes_values) { EXPECT_EQ(encoded("a/b:c d"), "a%2Fb%3Ac%20d"); }

}  // namespace
}  // namespace cairn::http
