// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/rc_file.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::module {
namespace {

using test::ThrowsError;
using testing::HasSubstr;
using testing::Optional;
using testing::Pair;
using testing::UnorderedElementsAre;

RcFile read_rc_file(Language language, const std::string& text, const std::string& shown)
{
  return rc_file_of(language, run({Script::Kind::rc, language, text, {}}), shown);
}

std::optional<std::string> applied(Language language, const std::string& text, RcTables& tables, const std::optional<std::string>& directory = "A")
{
  return apply(read_rc_file(language, text, "A/rc").directives, directory, tables, [](const std::string&) {});
}

TEST(RcFile, gives_versions_names_and_marks_one)
{
  RcTables tables;
  EXPECT_EQ(applied(Language::lua, "module_version('A/1.0', 'stable', 'default') module_alias('a', 'A/1.0') hide_version('A/2.0')", tables), "A/1.0");
  EXPECT_THAT(tables.version2mod, UnorderedElementsAre(Pair("A/stable", "A/1.0")));
  EXPECT_THAT(tables.alias2mod, UnorderedElementsAre(Pair("a", "A/1.0")));
  EXPECT_THAT(tables.hidden, UnorderedElementsAre(Pair("A/2.0", true)));
}

TEST(RcFile, says_the_same_in_tcl)
{
  RcTables tables;
  EXPECT_EQ(applied(Language::tcl, "#%Module\nmodule-version A/1.0 stable\nmodule-alias a A/1.0\nhide-version A/2.0\nset ModulesVersion 3.0", tables), "3.0");
  EXPECT_THAT(tables.version2mod, UnorderedElementsAre(Pair("A/stable", "A/1.0")));
  EXPECT_THAT(tables.hidden, UnorderedElementsAre(Pair("A/2.0", true)));
}

TEST(RcFile, puts_the_directory_before_a_leading_slash)
{
  RcTables tables;
  EXPECT_EQ(applied(Language::lua, "module_version('/1.0', 'default')", tables, "cat/A"), "cat/A/1.0");
  EXPECT_THAT([&] { static_cast<void>(applied(Language::lua, "module_alias('/x', 'y')", tables, std::nullopt)); }, ThrowsError(Errc::bad_input, "'/x'"));
}

TEST(RcFile, keeps_what_lua_said_before_an_error_and_nothing_of_tcl)
{
  const auto lua = read_rc_file(Language::lua, "module_alias('a', 'A/1') hide{name='A'} module_alias('b', 'A/1')", "A/.modulerc.lua");
  EXPECT_EQ(lua.directives.size(), 1U);
  EXPECT_THAT(lua.error, Optional(HasSubstr("A/.modulerc.lua")));
  const auto tcl = read_rc_file(Language::tcl, "module-alias a A/1\nnosuch", "A/.modulerc");
  EXPECT_TRUE(tcl.directives.empty());
  EXPECT_THAT(tcl.error, Optional(HasSubstr("nosuch")));
}

TEST(RcFile, refuses_exit_in_tcl) { EXPECT_THAT(read_rc_file(Language::tcl, "exit 3", "x").error, Optional(HasSubstr("exit"))); }

TEST(RcFile, runs_no_code_smuggled_into_a_name)
{
  const auto rc = read_rc_file(Language::tcl, R"(module-alias {a",b=os.execute("id"),c="} b)", "x");
  EXPECT_TRUE(rc.directives.empty());
  EXPECT_NE(rc.error, std::nullopt);
}

TEST(RcFile, notes_questions_about_the_host)
{
  EXPECT_THAT(read_rc_file(Language::lua, "if isDir('/opt') then end", "x").impure, testing::ElementsAre("isDir /opt"));
  EXPECT_THAT(read_rc_file(Language::tcl, "set h $env(HOME)", "x").impure, testing::ElementsAre("env HOME"));
}

TEST(Resolved, looks_once_for_an_alias_and_follows_versions)
{
  const RcTables tables{{{"a", "b"}, {"b", "c"}}, {{"b", "A/one"}, {"A/one", "A/1.0"}}, {}};
  EXPECT_EQ(resolved({&tables}, "a"), "A/1.0");
  const RcTables chain{{{"a", "b"}, {"b", "c"}}, {}, {}};
  EXPECT_EQ(resolved({&chain}, "a"), "b");
}

TEST(Resolved, ends_in_a_circle)
{
  const RcTables tables{{}, {{"a", "b"}, {"b", "a"}}, {}};
  static_cast<void>(resolved({&tables}, "a"));
}

}  // namespace
}  // namespace cairn::module
