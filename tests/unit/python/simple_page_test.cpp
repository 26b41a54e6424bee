// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/index_source.hpp>
#include <cairn/python/simple_page.hpp>

#include <cairn/base/error.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

namespace cairn::python {
namespace {

using cairn::test::ThrowsError;

const auto page = http::Url::parse("https://i.example.org/simple/demo/");
const std::string hex(64, 'a');

TEST(SimplePage, reads_json)
{
  const auto offers = parse_simple_json(R"({"meta": {"api-version": "1.4"}, "name": "demo", "_private": 1, "files": [
    {"filename": "demo-1+l-py3-none-any.whl", "url": "../../f/demo-1%2Bl-py3-none-any.whl", "hashes": {"sha256": ")" +
                                            hex + R"("}, "requires-python": ">=3.8", "size": 7},
    {"filename": "demo-1.tar.gz", "url": "https://f.example.org/demo-1.tar.gz", "hashes": {"md5": "0"}, "yanked": "why"},
    {"filename": "evil", "url": "file:///etc/passwd", "hashes": {}}]})",
                                        page, "page");
  ASSERT_EQ(offers.size(), 2u);
  EXPECT_EQ(offers[0].place, "https://i.example.org/f/demo-1%2Bl-py3-none-any.whl");
  EXPECT_EQ(offers[0].digest->hex(), hex);
  EXPECT_EQ(offers[0].requires_python, ">=3.8");
  EXPECT_FALSE(offers[0].yanked);
  EXPECT_FALSE(offers[1].digest);
  EXPECT_TRUE(offers[1].yanked);
  EXPECT_THAT([] { static_cast<void>(parse_simple_json(R"({"meta": {"api-version": "2.0"}, "files": []})", page, "page")); },
              ThrowsError(Errc::unsupported, "simple API '2.0'"));
  EXPECT_THAT([] { static_cast<void>(parse_simple_json("<html>", page, "page")); }, ThrowsError(Errc::bad_input, "page"));
}

TEST(SimplePage, reads_html)
{
  const auto offers = parse_simple_html(
      "<!DOCTYPE html><html><head><base href='https://b.example.org/x/'></head><body>\n<!-- <a href=\"no-1-py3-none-any.whl\"> -->"
      "<A HREF=\"demo-1%2Bl-py3-none-any.whl#sha256=" +
          hex +
          "\" data-requires-python=\"&gt;=3.8\" data-yanked>text</A>"
          "<a class=x href='/abs/demo-2.zip#md5=00'/><a name=y>none</a><a href=demo-3.tar.gz>3</a><a href='ftp://f/demo-4.tar.gz'>4</a><a "
          "href=\"broken",
      page);
  ASSERT_GE(offers.size(), 3u);
  EXPECT_EQ(offers[0].file, "demo-1+l-py3-none-any.whl");
  EXPECT_EQ(offers[0].place, "https://b.example.org/x/demo-1%2Bl-py3-none-any.whl");
  EXPECT_EQ(offers[0].digest->hex(), hex);
  EXPECT_EQ(offers[0].requires_python, ">=3.8");
  EXPECT_TRUE(offers[0].yanked);
  EXPECT_EQ(offers[1].place, "https://b.example.org/abs/demo-2.zip");
  EXPECT_FALSE(offers[1].digest);
  EXPECT_EQ(offers[2].file, "demo-3.tar.gz");
}

TEST(SimplePage, reads_a_large_page_in_one_pass)
{
  std::string html;
  while (html.size() < (std::size_t{10} << 20)) html += "<a href=\"demo-1-py3-none-any.whl#sha256=" + hex + "\">demo</a><br/>\n";
  EXPECT_GT(parse_simple_html(html, page).size(), 80'000u);
}

TEST(Netrc, finds_the_login_of_a_host)
{
  const std::string_view text =
      "machine a.example.org login u password p\nmachine b.example.org\n  login v\n  password q\ndefault login w password r\n";
  EXPECT_EQ(find_login(text, "a.example.org")->password.reveal(), "p");
  EXPECT_EQ(find_login(text, "b.example.org")->user, "v");
  EXPECT_EQ(find_login(text, "c.example.org")->user, "w");
  EXPECT_FALSE(find_login("machine a.example.org login u password p", "c.example.org"));
}

}  // namespace
}  // namespace cairn::python
