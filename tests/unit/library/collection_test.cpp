// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/collection.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

namespace cairn::library {
namespace {

using cairn::test::ThrowsError;

// As Lmod 8.6.19 writes it.
constexpr const char* saved = R"(-- -*- lua -*-
-- created: Wed Nov 25 02:45:37 2026 --
_ModuleTable_ = {
  MTversion = 3,
  c_rebuildTime = false,
  depthT = {},
  mT = {
    numpy = {
      fn = "/opt/modules/all/numpy/1.26.lua",
      fullName = "numpy/1.26",
      loadOrder = 2,
      propT = {},
      status = "active",
      userName = "numpy",
    },
    ["GCC-core"] = {
      fullName = "GCC-core/12",
      loadOrder = 1,
    },
  },
  mpathA = {
    "/opt/modules/all",
  },
}
)";

TEST(Collection, names_its_modules_in_the_order_of_loading)
{
  EXPECT_THAT(read_collection(saved, "c"), testing::ElementsAre("GCC-core/12", "numpy/1.26"));
}

TEST(Collection, refuses_what_is_none)
{
  const auto refused = [](const char* text, const char* why) {
    EXPECT_THAT([&] { return read_collection(text, "mine"); }, ThrowsError(Errc::bad_input, std::string("mine: ") + why));
  };
  refused("{", "no Lmod collection: ");
  refused("a = 1", "no Lmod collection: it has no _ModuleTable_.mT");
  refused("_ModuleTable_ = { mT = {} }", "");
  refused("_ModuleTable_ = { mT = { a = { userName = \"a\" } } }", "no Lmod collection: module 'a' has no fullName");
  refused("while true do end", "no Lmod collection: ");
}

}  // namespace
}  // namespace cairn::library
