// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/registries_conf.hpp>

#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

namespace cairn::registry {
namespace {

using test::ThrowsError;

class Conf : public ::testing::Test {
protected:
  RegistriesConf load(const std::string& text)
  {
    write_file_atomically(root.path() / "registries.conf", text, Flush::no);
    return RegistriesConf::load(root.path() / "registries.conf", root.path() / "registries.conf.d");
  }
  TempDir root;
};

TEST_F(Conf, says_nothing_when_it_is_not_there)
{
  const RegistriesConf conf = RegistriesConf::load("/nonexistent/file", "/nonexistent/directory");
  EXPECT_EQ(conf.resolve("debian").path(), "docker.io/library/debian");
  EXPECT_EQ(conf.pull_from(Name::parse("h.io/a")).size(), 1u);
}

TEST_F(Conf, resolves_short_names)
{
  const auto conf = load("unqualified-search-registries = ['own.io', 'docker.io']\n[aliases]\n'tool' = 'quay.io/team/tool'\n");
  EXPECT_EQ(conf.resolve("tool:1").str(), "quay.io/team/tool:1");
  EXPECT_EQ(conf.resolve("app:2").str(), "own.io/app:2");
  EXPECT_EQ(conf.resolve("h.io/app").path(), "h.io/app");
}

TEST_F(Conf, asks_mirrors_first)
{
  const auto conf = load(R"(
[[registry]]
prefix = "h.io/team"
location = "real.io/group"
insecure = true
[[registry.mirror]]
location = "mirror:5000/copy"
insecure = true
[[registry.mirror]]
location = "digests.io"
pull-from-mirror = "digest-only"
)");
  const auto by_tag = conf.pull_from(Name::parse("h.io/team/app:1"));
  ASSERT_EQ(by_tag.size(), 2u);
  EXPECT_EQ(by_tag[0].name.str(), "mirror:5000/copy/app:1");
  EXPECT_TRUE(by_tag[0].mirror && by_tag[0].insecure);
  EXPECT_EQ(by_tag[1].name.str(), "real.io/group/app:1");
  EXPECT_TRUE(by_tag[1].insecure && !by_tag[1].mirror);
  EXPECT_EQ(conf.pull_from(Name::parse("h.io/team/app@sha256:" + std::string(64, 'a'))).size(), 3u);
  EXPECT_EQ(conf.pull_from(Name::parse("h.io/teams/app")).size(), 1u);
  EXPECT_EQ(conf.push_to(Name::parse("h.io/team/app:1")).name.str(), "real.io/group/app:1");
}

TEST_F(Conf, blocks)
{
  const auto conf = load("[[registry]]\nprefix = '*.evil.io'\nblocked = true\n");
  EXPECT_THAT([&] { (void)conf.pull_from(Name::parse("x.evil.io/a")); },
              ThrowsError(Errc::permission, "x.evil.io/a: registries.conf blocks '*.evil.io'"));
  EXPECT_NO_THROW((void)conf.pull_from(Name::parse("evil.io/a")));
}

TEST_F(Conf, takes_later_files_last)
{
  std::filesystem::create_directories(root.path() / "registries.conf.d");
  write_file_atomically(root.path() / "registries.conf.d/1.conf", "[[registry]]\nlocation = 'h.io'\nblocked = true\n", Flush::no);
  write_file_atomically(root.path() / "registries.conf.d/2.conf", "[[registry]]\nlocation = 'h.io'\ninsecure = true\n", Flush::no);
  EXPECT_TRUE(load("").push_to(Name::parse("h.io/a")).insecure);
}

TEST_F(Conf, names_file_and_place)
{
  EXPECT_THAT([&] { load("x = \n"); }, ThrowsError(Errc::bad_input, "registries.conf': line 1, column"));
  EXPECT_THAT([&] { load("[[registry]]\nlocation = 'h.io'\ninsecure = 'yes'\n"); },
              ThrowsError(Errc::bad_input, "registries.conf': 'registry[0].insecure'"));
  EXPECT_THAT([&] { load("[[registry]]\ninsecure = true\n"); }, ThrowsError(Errc::bad_input, "has neither 'prefix' nor 'location'"));
  EXPECT_THAT([&] { load("[registries.search]\nregistries = ['docker.io']\n"); }, ThrowsError(Errc::unsupported, "version 1"));
}

}  // namespace
}  // namespace cairn::registry
