// SPDX-License-Identifier: Apache-2.0
#include <cairn/toml/toml.hpp>

#include <cairn/base/error.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

namespace cairn::toml {
namespace {

using cairn::test::ThrowsError;

TEST(Toml, becomes_json_with_sorted_keys)
{
  EXPECT_EQ(as_json("b = 1\na = [true, 1.10, 'x']\n[t.u]\nd = 2026-01-02T03:04:05Z\ne = 2026-01-02\n", "x"),
            R"({"a":[true,1.1,"x"],"b":1,"t":{"u":{"d":"2026-01-02T03:04:05Z","e":"2026-01-02"}}})");
}

TEST(Toml, names_the_place_of_an_error)
{
  EXPECT_THAT([] { static_cast<void>(as_json("a = 1\na = 2\n", "Pipfile")); }, ThrowsError(Errc::bad_input, "Pipfile: line 2, column"));
  EXPECT_THAT([] { static_cast<void>(as_json("a = inf\n", "Pipfile")); },
              ThrowsError(Errc::bad_input, "Pipfile: line 1: a number that is not finite"));
}

}  // namespace
}  // namespace cairn::toml
