// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/tcl_translation.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cairn::module {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Optional;

TclTranslation translate(const std::string& text) { return translate_modulefile(text, "zlib/1.3.1", "/apps/zlib/1.3.1"); }

TEST(TclTranslation, leaves_a_quote_in_a_path_as_it_is)
{
  EXPECT_EQ(translate("prepend-path PATH {/a\"b}").lua, "prepend_path{\"PATH\",\"/a\"b\",delim=\":\",priority=\"0\"}\n");
}

TEST(TclTranslation, puts_a_backslash_before_a_tab) { EXPECT_EQ(translate("setenv A {x\ty}").lua, "setenv(\"A\",\"x\\\ty\")\n"); }

TEST(TclTranslation, trims_the_ends_of_arguments) { EXPECT_EQ(translate("family {  x \n}").lua, "family(\"  x\")\n"); }

TEST(TclTranslation, collects_all_output_of_help)
{
  EXPECT_EQ(translate("proc ModulesHelp {} { puts stdout a; puts stderr b; puts -nonewline c }").lua, "help([===[\na\nb\nc]===])\n");
}

TEST(TclTranslation, keeps_what_came_before_an_error)
{
  const auto out = translate("module-whatis a\nnosuch\nmodule-whatis b");
  EXPECT_THAT(out.lua, HasSubstr("whatis([===[a]===])"));
  EXPECT_THAT(out.lua, Not(HasSubstr("[b]")));
  EXPECT_THAT(out.error, Optional(HasSubstr("nosuch")));
}

TEST(TclTranslation, reads_lines_as_tcl_does) { EXPECT_EQ(translate("module-whatis a\r\nmodule-whatis b\x1amodule-whatis c").lua, "whatis([===[a]===])\nwhatis([===[b]===])\n"); }

TEST(TclTranslation, answers_questions_about_the_host_with_nothing_and_notes_them)
{
  const auto out = translate("module-whatis [exec id] [file exists /] $env(HOME) [info exists env(USER)] [glob *] [uname machine] [info hostname] [clock seconds]");
  EXPECT_EQ(out.error, std::nullopt);
  EXPECT_EQ(out.lua, "whatis([===[ 0  0    0]===])\n");
  EXPECT_THAT(out.impure, ElementsAre("exec id", "file exists /", "env HOME", "env USER", "glob *", "uname machine", "info hostname", "clock seconds"));
}

TEST(TclTranslation, keeps_the_environment_of_one_file_from_the_next)
{
  EXPECT_THAT(translate("pushenv CAIRN_TEST x\nmodule-whatis $env(CAIRN_TEST)").lua, HasSubstr("[x]"));
  EXPECT_THAT(translate("module-whatis <$env(CAIRN_TEST)>").lua, HasSubstr("[<>]"));
}

TEST(TclTranslation, takes_file_names_apart)
{
  EXPECT_THAT(translate("module-whatis [file join /a b /c d] [file tail /a/b/] [file dirname /a/b] [file dirname a] [file extension a.b.c] [file rootname a/b.c]").lua,
              HasSubstr("[/c/d b /a . .c a/b]"));
}

TEST(TclTranslation, ends_endless_loops)
{
  EXPECT_THAT(translate("while {1} {catch {file join a b}}").error, Optional(HasSubstr("limit")));
  EXPECT_NE(translate("proc f {} { f }\nf").error, std::nullopt);
  EXPECT_THAT(translate("proc ModulesHelp {} { while {1} {file join a b} }").error, Optional(HasSubstr("limit")));
}

TEST(TclTranslation, has_no_way_out)
{
  for (const std::string name : {"trace", "coroutine", "exec", "open", "socket", "source", "load", "interp", "vwait", "after"}) {
    const auto out = translate(name + " x");
    EXPECT_TRUE(out.error || !out.impure.empty()) << name;
  }
}

TEST(RcTranslation, is_nothing_after_an_error)
{
  EXPECT_EQ(translate_rc("module-alias a b").lua, "ModA={\n{kind=\"module_alias\",name=\"a\",mfile=\"b\"},\n}\n");
  EXPECT_EQ(translate_rc("module-alias a b\nnosuch").lua, "");
}

}  // namespace
}  // namespace cairn::module
