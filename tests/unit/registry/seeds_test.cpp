// SPDX-License-Identifier: Apache-2.0
#include <unit/registry/registry_test.hpp>

#include <cairn/image/copy.hpp>

#include <cstdlib>

namespace cairn::registry {
namespace {

class Seeds : public RegistryTest {};

/// What one seed did.
struct Outcome {
  bool pushed = false;
  bool pulled = false;
  bool wrong = false;
};

TEST_F(Seeds, a_third_of_all_requests_may_fail)
{
  const char* asked = std::getenv("CAIRN_SEEDS");
  const int seeds = asked == nullptr ? 100 : std::atoi(asked);
  test::ImageMaker maker(here);
  for (int i = 0; i < 3; ++i)
    maker.layer(test::tar_of([&](tar::Writer& tar) { tar.add(test::tar_file("f"), bytes(9000 << i, static_cast<unsigned>(i))); }),
                Codec::none);
  const auto root = maker.put();
  int good = 0;
  int wrong = 0;
  int failed = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    server->reset();
    server->quirks(fmt::format(
        R"({{"fail": {{"rate": 0.3, "seed": {}}}, "challenge": ["Bearer realm=\"http://127.0.0.1:{{port}}/token\",service=\"quirk\""]}})",
        seed));
    try {
      const auto up = open("team/app", {}, small_chunks());
      image::copy(here, root, *up, {.in_flight = 2, .root = image::Root::leave}, task);
      up->tag("1", root, here, task);
      const auto down = open();
      const auto found = down->resolve("1", task);
      MemoryBlobs there;
      image::copy(*down, found, there, {.in_flight = 1}, task);
      wrong += found.digest != root.digest || there.count() != 5;
      ++good;
    } catch (const Error& error) {
      // It may fail, but says so with a code.
      ++failed;
      EXPECT_TRUE(error.code() == Errc::network || error.code() == Errc::permission) << seed << ": " << error.what();
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(good * 100, seeds * 99) << failed << " of " << seeds << " failed";
}

}  // namespace
}  // namespace cairn::registry
