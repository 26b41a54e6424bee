// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/entry_point.hpp>

#include <cairn/base/error.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

namespace cairn::python {
namespace {

using cairn::test::ThrowsError;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names(const std::string& text)
{
  std::vector<std::string> found;
  for (const auto& entry : script_entry_points(text, Target{}, "x")) found.push_back(entry.name);
  return found;
}

TEST(EntryPoint, refuses_names_that_leave_the_directory_or_replace_python)
{
  const auto make = [](const std::string& name) { return [name] { names("[console_scripts]\n" + name + " = m:f\n"); }; };
  for (const auto* name : {"../evil", "a/b", "..", "a\\b"})
    EXPECT_THAT(make(name), ThrowsError(Errc::bad_input, "leads out of the directory")) << name;
  for (const auto* name : {"python", "python3", "python3.12", "pythonw"})
    EXPECT_THAT(make(name), ThrowsError(Errc::bad_input, "would replace the interpreter")) << name;
  EXPECT_THAT(make(""), ThrowsError(Errc::bad_input, "has no name"));
  EXPECT_THAT(make(".wh.x"), ThrowsError(Errc::bad_input, "no file name that a layer can hold"));
  EXPECT_THAT(names("[console_scripts]\nh\xc3\xa9 = m:f\npythonic=m:f\n"), ElementsAre("h\xc3\xa9", "pythonic"));
}

TEST(EntryPoint, refuses_values_without_a_callable)
{
  for (const auto* value : {"m", "m : f", ":f", "m:", "m:f:g", ""})
    EXPECT_THAT([&] { names(std::string("[console_scripts]\na = ") + value + "\n"); }, ThrowsError(Errc::bad_input, "names no callable"))
        << value;
}

TEST(EntryPoint, names_pips_scripts_for_the_target)
{
  EXPECT_THAT(names("[console_scripts]\npip=p:m\npip3=p:m\npip3.9=p:m\npipx=p:m\n"), ElementsAre("pip", "pip3", "pip3.11", "pipx"));
  EXPECT_THAT(names("[console_scripts]\neasy_install=p:m\neasy_install-3.9=p:m\n"), ElementsAre("easy_install", "easy_install-3.11"));
}

TEST(EntryPoint, starts_long_and_odd_interpreters_through_a_shell)
{
  EXPECT_EQ(shebang("/opt/app/bin/python"), "#!/opt/app/bin/python\n");
  EXPECT_EQ(shebang("/with space/python"), "#!/bin/sh\n'''exec' \"/with space/python\" \"$0\" \"$@\"\n' '''\n");
  const std::string path = "/" + std::string(300, 'x');
  EXPECT_EQ(shebang(path), "#!/bin/sh\n'''exec' " + path + " \"$0\" \"$@\"\n' '''\n");
  EXPECT_EQ(shebang("/" + std::string(123, 'x')).substr(0, 3), "#!/");
  EXPECT_EQ(shebang("/" + std::string(124, 'x')).substr(0, 9), "#!/bin/sh");
}

TEST(EntryPoint, writes_scripts_as_each_pip_does)
{
  const EntryPoint entry{"a", "m.n", "C.f"};
  EXPECT_THAT(script_text(entry, "/p", {23, 2}), HasSubstr("import re\nimport sys\nfrom m.n import C\n"));
  EXPECT_THAT(script_text(entry, "/p", {25, 1}), HasSubstr("re.sub"));
  EXPECT_THAT(script_text(entry, "/p", {25, 3}), HasSubstr("sys.argv[0][:-4]"));
  EXPECT_THAT(script_text(entry, "/p", {26, 0}), HasSubstr("removesuffix('.exe')"));
}

}  // namespace
}  // namespace cairn::python
