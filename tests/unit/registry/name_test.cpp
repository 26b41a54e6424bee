// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/name.hpp>

#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

namespace cairn::registry {
namespace {

using test::ThrowsError;

TEST(Name, keeps_a_port_in_the_host)
{
  const auto name = Name::parse("Host:5000/team/app:1.0");
  EXPECT_EQ(name.host, "host:5000");
  EXPECT_EQ(name.repository, "team/app");
  EXPECT_EQ(name.tag, "1.0");
  EXPECT_EQ(name.reference(), "1.0");
  EXPECT_EQ(name.str(), "host:5000/team/app:1.0");
}

TEST(Name, means_docker_hub_where_no_host_stands)
{
  EXPECT_EQ(Name::parse("debian:12").path(), "docker.io/library/debian");
  EXPECT_EQ(Name::parse("index.docker.io/team/app").path(), "docker.io/team/app");
  EXPECT_EQ(Name::parse("localhost/app").path(), "localhost/app");
  EXPECT_EQ(Name::parse("debian").reference(), "latest");
}

TEST(Name, prefers_the_digest_to_the_tag)
{
  const std::string digest = "sha256:" + std::string(64, 'a');
  const auto name = Name::parse("h.io/a:tag@" + digest);
  EXPECT_EQ(name.reference(), digest);
  EXPECT_EQ(name.tag, "tag");
}

TEST(Name, says_which_part_is_wrong)
{
  EXPECT_THAT([] { (void)Name::parse("h.io/App"); }, ThrowsError(Errc::bad_input, "'App' is no part of a repository"));
  EXPECT_THAT([] { (void)Name::parse("h.io/a//b"); }, ThrowsError(Errc::bad_input, "'' is no part of a repository"));
  EXPECT_THAT([] { (void)Name::parse("h.io/../a"); }, ThrowsError(Errc::bad_input, "'..' is no part"));
  EXPECT_THAT([] { (void)Name::parse("h.io/"); }, ThrowsError(Errc::bad_input, "names no repository"));
  EXPECT_THAT([] { (void)Name::parse("h.io/a:.x"); }, ThrowsError(Errc::bad_input, "'.x': no tag"));
  EXPECT_THAT([] { (void)Name::parse("h.io/a@sha256:12"); }, ThrowsError(Errc::bad_input, "2"));
  EXPECT_THAT([] { (void)Name::parse("h.io:port/a"); }, ThrowsError(Errc::bad_input, "'h.io:port': no registry"));
  EXPECT_THAT([] { (void)Name::parse("h.io/" + std::string(300, 'a')); }, ThrowsError(Errc::bad_input, "300 characters, the limit is 255"));
}

}  // namespace
}  // namespace cairn::registry
