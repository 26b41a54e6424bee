// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/s2i_environment.hpp>
#include <cairn/recipe/source_ignore.hpp>

#include <cairn/base/error.hpp>

#include <gmock/gmock.h>

#include <string>

namespace cairn::recipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

bool s2i(const std::string& text, const std::string& path)
{
  return SourceIgnore::parse(text, SourceIgnore::Rules::s2i, "f").ignores(path);
}
bool container(const std::string& text, const std::string& path)
{
  return SourceIgnore::parse(text, SourceIgnore::Rules::container, "f").ignores(path);
}

template <class Body>
std::string refused(Body&& body)
{
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

TEST(S2iIgnore, looks_in_the_root_only)
{
  EXPECT_TRUE(s2i("*.md", "a.md"));
  EXPECT_FALSE(s2i("*.md", "docs/a.md"));
  EXPECT_TRUE(s2i("*/*.md", "docs/a.md"));
  EXPECT_TRUE(s2i("**/*.md", "docs/a.md"));
  EXPECT_FALSE(s2i("**/*.md", "a.md"));
  EXPECT_FALSE(s2i("**/*.md", "a/b/c.md"));
  EXPECT_TRUE(s2i("*", ".hidden"));
  EXPECT_TRUE(s2i("docs/", "docs/a/b"));
  EXPECT_FALSE(s2i("doc*/", "docs/a"));
  EXPECT_TRUE(s2i("[a-c]?[^x]", "bzy"));
  EXPECT_FALSE(s2i("[a-c]?[^x]", "bzx"));
}

TEST(S2iIgnore, takes_back_only_what_was_matched_itself)
{
  EXPECT_FALSE(s2i("*.md\n!README.md", "README.md"));
  EXPECT_TRUE(s2i("!README.md\n*.md", "README.md"));
  EXPECT_TRUE(s2i("docs\n!docs/a", "docs/a"));
  EXPECT_FALSE(s2i("docs/*\n!docs/a", "docs/a"));
  EXPECT_TRUE(s2i("docs/*\n!docs/a", "docs/b"));
}

TEST(ContainerIgnore, looks_everywhere_when_asked)
{
  EXPECT_FALSE(container("*.md", "docs/a.md"));
  EXPECT_TRUE(container("**/*.md", "docs/b/a.md"));
  EXPECT_TRUE(container("**/*.md", "a.md"));
  EXPECT_TRUE(container("/docs", "docs/a"));
  EXPECT_TRUE(container("docs/**", "docs/a/b"));
  EXPECT_TRUE(container("# no\n\n  .git  \r\n", ".git/config"));
  EXPECT_FALSE(container("docs\n!docs/a", "docs/a"));
  EXPECT_TRUE(container("docs\n!docs/a", "docs/b"));
  EXPECT_FALSE(container("a?c", "a/c"));
  EXPECT_TRUE(container("a\\*", "a*"));
  EXPECT_FALSE(container("a\\*", "ab"));
}

TEST(SourceIgnore, refuses_broken_patterns)
{
  EXPECT_THAT(refused([] { (void)s2i("ok\n[a", ""); }), HasSubstr("f:2: pattern '[a' has a [ without its ]"));
  EXPECT_THAT(refused([] { (void)s2i("a\\", ""); }), HasSubstr("at its end"));
  EXPECT_THAT(refused([] { (void)s2i("[]", ""); }), HasSubstr("has"));
}

TEST(S2iEnvironment, is_lines_of_names_and_values)
{
  EXPECT_THAT(parse_s2i_environment("# no\nA=b\n\nC = d=e \r\nE=\n", "f"), ElementsAre(Pair("A", "b"), Pair("C", "d=e"), Pair("E", "")));
  EXPECT_THAT(refused([] { (void)parse_s2i_environment("A=b\n # not a comment\n", "f"); }),
              HasSubstr("f:2: '# not a comment' is not NAME=VALUE"));
  EXPECT_THAT(refused([] { (void)parse_s2i_environment("=b\n", "f"); }), HasSubstr("f:1:"));
}

}  // namespace
}  // namespace cairn::recipe
