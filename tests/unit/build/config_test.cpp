// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/config.hpp>

#include <cairn/image/edit.hpp>

#include <gmock/gmock.h>

namespace cairn::build {
namespace {

using testing::Contains;
using testing::ElementsAre;

recipe::ConfigWishes wishes_of(std::vector<std::pair<std::string, std::string>> env)
{
  recipe::ConfigWishes out;
  out.env = std::move(env);
  return out;
}

TEST(WishedEnv, fills_in_what_is_set_before)
{
  const auto env = wished_env({"PATH=/usr/bin", "A=1"}, wishes_of({{"PATH", "/opt/bin:${PATH}"}, {"B", "${A}${NOBODY}!"}, {"PATH", "/more:${PATH}"}}));
  EXPECT_THAT(env, ElementsAre("PATH=/more:/opt/bin:/usr/bin", "A=1", "B=1!"));
}

TEST(WishedEnv, has_the_usual_directories_where_the_base_has_no_path)
{
  EXPECT_THAT(wished_env({}, {}), ElementsAre("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
  EXPECT_THAT(wished_env({}, wishes_of({{"PATH", "/x:${PATH}"}})), Contains("PATH=/x:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
}

TEST(WishedEnv, takes_an_open_brace_as_it_stands)
{
  EXPECT_THAT(wished_env({"PATH=/"}, wishes_of({{"A", "${B"}, {"C", "$D {E}"}})), ElementsAre("PATH=/", "A=${B", "C=$D {E}"));
}

TEST(WithWishes, writes_the_config_and_one_line_of_history)
{
  image::Image base;
  base.config.platform = {"amd64", "linux", ""};
  base.config.user = "root";
  base = image::make_image(base.manifest, base.config);
  auto wishes = wishes_of({});
  wishes.user = "1001:0";
  wishes.ports = {"8888", "53/udp"};
  wishes.labels = {{"title", "x"}};
  wishes.entrypoint = {"tini", "--"};
  wishes.stop_signal = "SIGINT";
  const auto image = with_wishes(base, wishes, "1970-01-01T00:00:00Z");
  EXPECT_EQ(image.config.user, "1001:0");
  EXPECT_THAT(image.config.exposed_ports, testing::UnorderedElementsAre("8888/tcp", "53/udp"));
  EXPECT_EQ(image.config.labels.at("title"), "x");
  EXPECT_THAT(image.config.entrypoint, ElementsAre("tini", "--"));
  EXPECT_EQ(image.config.history.size(), base.config.history.size() + 1);
}

}  // namespace
}  // namespace cairn::build
