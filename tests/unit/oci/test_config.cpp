// SPDX-License-Identifier: Apache-2.0
#include <cairn/oci/manifest.hpp>

#include <cairn/io/hash.hpp>
#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

namespace cairn::oci {
namespace {

using test::ThrowsError;
using ::testing::ElementsAre;

ImageConfig example()
{
  ImageConfig config;
  config.created = "2026-01-01T00:00:00Z";
  config.platform = {"amd64", "linux", ""};
  config.user = "1001:0";
  config.env = {"PATH=/bin", "LANG=C.UTF-8"};
  config.entrypoint = {"/init"};
  config.cmd = {"start", "--all"};
  config.working_dir = "/opt";
  config.labels = {{"b", "2"}, {"a", "1"}};
  config.exposed_ports = {"8080/tcp", "8888/tcp"};
  config.diff_ids = {sha256("one"), sha256("two")};
  config.history = {{.created = "2026-01-01T00:00:00Z", .created_by = "cairn", .comment = "c"},
                    {.created = "", .created_by = "ENV", .comment = "", .empty_layer = true, .author = "me"}};
  config.volumes = {"/data", "/log"};
  config.stop_signal = "SIGINT";
  config.other_json = R"({"author":"somebody","config":{"Shell":["sh","-c"]},"os.version":"1"})";
  return config;
}

TEST(ImageConfig, reads_back_what_it_wrote)
{
  const auto config = example();
  EXPECT_EQ(ImageConfig::parse(config.json(), "c"), config);
  EXPECT_EQ(ImageConfig::parse(config.json(), "c").json(), config.json());
}

TEST(ImageConfig, is_written_canonically)
{
  ImageConfig config;
  config.platform = {"amd64", "linux", ""};
  EXPECT_EQ(config.json(), R"({"architecture":"amd64","config":{},"os":"linux","rootfs":{"diff_ids":[],"type":"layers"}})");
}

TEST(ImageConfig, keeps_what_it_does_not_know)
{
  const auto text =
      R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":null},"container_config":{"Cmd":["old"]},)"
      R"("config":{"Env":null,"Healthcheck":{"Test":["CMD","true"],"Interval":30000000000},"OnBuild":["RUN x"],"Volumes":null}})";
  const auto config = ImageConfig::parse(text, "c");
  EXPECT_TRUE(config.env.empty());
  EXPECT_EQ(
      config.other_json,
      R"({"config":{"Healthcheck":{"Interval":30000000000,"Test":["CMD","true"]},"OnBuild":["RUN x"]},"container_config":{"Cmd":["old"]}})");
}

TEST(ImageConfig, members_it_knows_win_over_the_others)
{
  auto config = example();
  config.other_json = R"({"os":"plan9","config":{"User":"root"}})";
  const auto read = ImageConfig::parse(config.json(), "c");
  EXPECT_EQ(read.platform.os, "linux");
  EXPECT_EQ(read.user, "1001:0");
}

TEST(ImageConfig, sorts_ports)
{
  auto config = example();
  config.exposed_ports = {"9/udp", "8080/tcp", "9/udp"};
  EXPECT_THAT(ImageConfig::parse(config.json(), "c").exposed_ports, ElementsAre("8080/tcp", "9/udp"));
}

TEST(ImageConfig, must_have_a_platform_and_layers)
{
  for (const auto* text : {R"({})", R"({"architecture":"amd64","rootfs":{"type":"layers"}})", R"({"architecture":"amd64","os":"linux"})",
                           R"({"architecture":"amd64","os":"linux","rootfs":{"type":"magic"}})",
                           R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["md5:1"]}})"})
    EXPECT_THAT([&] { (void)ImageConfig::parse(text, "c"); }, ThrowsError(Errc::bad_input, "c: ")) << text;
}

TEST(ImageConfig, refuses_case_variants)
{
  EXPECT_THAT(
      [] { (void)ImageConfig::parse(R"({"architecture":"amd64","os":"linux","config":{"user":"root"},"rootfs":{"type":"layers"}})", "c"); },
      ThrowsError(Errc::bad_input, "'config.user': differs from the key 'User' in case alone"));
}

}  // namespace
}  // namespace cairn::oci
