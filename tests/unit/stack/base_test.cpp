// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/base.hpp>

#include <cairn/base/error.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

namespace cairn::stack {
namespace {

using cairn::test::ThrowsError;
using testing::ElementsAre;

/// A base with setuptools 65, and another project in the same namespace.
BasePython base()
{
  BasePython base;
  base.paths = {"p/setuptools/a.py", "p/setuptools/sub/b.py", "p/setuptools-65.dist-info/RECORD", "p/ns/one.py", "p/ns/two.py"};
  base.projects["setuptools"] = {
      "setuptools", "65", {"p/setuptools/a.py", "p/setuptools/sub/b.py", "p/setuptools-65.dist-info/RECORD"}, true};
  base.projects["one"] = {"one", "1", {"p/ns/one.py"}, true};
  base.projects["distro"] = {"distro", "1", {}, false};
  return base;
}

TEST(Base, hides_what_is_not_installed_anew_and_whole_directories_where_nothing_is)
{
  EXPECT_THAT(whiteouts(replace(base(), {"setuptools"}), {"p/setuptools/a.py", "p/setuptools-78.dist-info/RECORD"}),
              ElementsAre("p/setuptools-65.dist-info", "p/setuptools/sub"));
  EXPECT_THAT(whiteouts(replace(base(), {"one"}), {}), ElementsAre("p/ns/one.py"));
}

TEST(Base, refuses_to_replace_what_the_distribution_owns)
{
  EXPECT_THAT([] { static_cast<void>(replace(base(), {"distro"})); }, ThrowsError(Errc::unsupported, "distro 1 of the base has no RECORD"));
}

}  // namespace
}  // namespace cairn::stack
