// SPDX-License-Identifier: Apache-2.0
// Lua text that Lmod 8.6.19's tcl2lua.tcl and RC2lua.tcl make: which arguments they escape and how decides what Lmod
// sees, down to the values that break the text.
#include <cairn/module/tcl_translation.hpp>

#include <cairn/module/tcl_file_name.hpp>
#include <cairn/module/tcl_interpreter.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::module {
namespace {

using Arguments = TclInterpreter::Arguments;

/// `string trimright` with its default set (Tcl 8.6: Unicode white space).
std::string without_white_end(std::string text)
{
  static constexpr std::string_view wide[] = {"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe1\xa0\x8e", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82",
                                              "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89",
                                              "\xe2\x80\x8a", "\xe2\x80\x8b", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe2\x81\xa0",
                                              "\xe3\x80\x80", "\xef\xbb\xbf"};
  for (;;) {
    if (!text.empty() && std::string_view("\t\n\v\f\r \0", 7).find(text.back()) != std::string_view::npos) {
      text.pop_back();
      continue;
    }
    const auto end = std::ranges::find_if(wide, [&](std::string_view space) { return text.ends_with(space); });
    if (end == std::end(wide)) return text;
    text.resize(text.size() - end->size());
  }
}

/// An argument inside double quotes: a tab gets a backslash too, which Lua refuses.
std::string escaped(const std::string& text)
{
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '\t' || c == '"' || c == '\n') out += '\\';
    out += c;
  }
  return out;
}

std::string trimmed_and_escaped(const std::string& text) { return escaped(text.substr(0, text.find_last_not_of("\r\n ") + 1)); }

std::string at(const Arguments& words, std::size_t index) { return index < words.size() ? words[index] : std::string(); }

Arguments from(const Arguments& words, std::size_t index) { return {words.begin() + static_cast<std::ptrdiff_t>(std::min(index, words.size())), words.end()}; }

class Translation {
public:
  Translation(const std::string& full_name, const std::string& file_name) : full_name_(full_name), file_name_(file_name)
  {
    define_calls();
    define_paths();
    define_module();
    define_answers();
    define_file_names(tcl_);
    tcl_.set("ModulesCurrentModulefile", file_name);
    tcl_.set("ModuleTool", "Lmod");
    tcl_.set("ModuleToolVersion", "8.6.19");
    tcl_.set("g_help", "1");
    tcl_.set("g_shellType", "sh");
    tcl_.set("g_shellName", "bash");
  }

  TclTranslation run(const std::string& text)
  {
    TclTranslation out;
    const auto end = tcl_.source(text);
    const auto message = end == TclInterpreter::End::error ? tcl_.result() : std::string();
    if (!tcl_.limit_reached()) {
      if (tcl_.has_procedure("ModulesHelp")) {
        in_help_ = true;
        lua_ += "help([===[\n";
        tcl_.call("ModulesHelp");
        lua_ += "]===])\n";
        in_help_ = false;
      }
      if (end == TclInterpreter::End::stopped) call("LmodBreak", {""});
      if (end == TclInterpreter::End::error) lua_ += fmt::format("LmodError([===[{}: ({}): {}]===])\n", file_name_, full_name_, message);
    }
    if (end == TclInterpreter::End::error) out.error = message;
    else if (tcl_.limit_reached()) out.error = tcl_.result();
    out.lua = lua_.empty() ? " " : lua_;
    out.impure = tcl_.impure();
    return out;
  }

private:
  std::string call(const std::string& function, const Arguments& arguments)
  {
    std::string list;
    for (const auto& argument : arguments) list += fmt::format("{}\"{}\"", list.empty() ? "" : ",", trimmed_and_escaped(argument));
    lua_ += fmt::format("{}({})\n", function, list);
    return {};
  }

  void define_call(const std::string& name, std::size_t least, std::size_t most, const std::string& usage, const std::string& function)
  {
    tcl_.define(name, least, most, usage, [this, function](const Arguments& words) { return call(function, words); });
  }

  void define_calls()
  {
    define_call("require-fullname", 0, 0, "require-fullname", "requireFullName");
    define_call("set-alias", 2, 2, "set-alias var val", "set_alias");
    define_call("unset-alias", 1, 1, "unset-alias var", "unset_alias");
    define_call("add-property", 2, 2, "add-property var val", "add_property");
    define_call("remove-property", 2, 2, "remove-property var val", "remove_property");
    define_call("family", 1, 1, "family var", "family");
    define_call("depends-on", 0, any_number, "depends-on args", "depends_on");
    define_call("always-load", 0, any_number, "always-load args", "always_load");
    define_call("prereq", 0, any_number, "prereq args", "prereq_any");
    define_call("prereq-any", 0, any_number, "prereq-any args", "prereq_any");
    define_call("conflict", 0, any_number, "conflict args", "conflict");
    tcl_.define("set-function", 2, 2, "set-function var val", [this](const Arguments& words) { return call("set_shell_function", {words[0], words[1], ""}); });
    tcl_.define("unset-function", 1, 1, "unset-function var", [this](const Arguments& words) { return call("unset_shell_function", {words[0], "", ""}); });
    tcl_.define("unsetenv", 1, 2, "unsetenv var ?val?", [this](const Arguments& words) { return call("unsetenv", {words[0], at(words, 1)}); });
    tcl_.define("exit", 0, 1, "exit ?code?", [this](const Arguments& words) { return call("os.exit", tcl_words(words.empty() ? "1" : words[0])); });
    tcl_.define("setenv", 2, any_number, "setenv var val ?arg ...?", [this](const Arguments& words) {
      // With -respect Lmod takes the words one too far to the right.
      if (words[0] == "-respect" || words[0] == "-r" || words[0] == "--respect") return call("setenv", {at(words, 2), at(words, 3), "true"});
      return call("setenv", {words[0], words[1]});
    });
    tcl_.define("pushenv", 2, 2, "pushenv var val", [this](const Arguments& words) {
      tcl_.set_environment(words[0], words[1]);
      return call("pushenv", words);
    });
    tcl_.define("module-whatis", 0, any_number, "module-whatis args", [this](const Arguments& words) {
      std::string text;
      for (const auto& word : words) text += word + " ";
      std::ranges::replace(text, '\n', ' ');
      lua_ += fmt::format("whatis([===[{}]===])\n", without_white_end(text));
      return std::string();
    });
    tcl_.define("extensions", 0, any_number, "extensions args", [this](const Arguments& words) {
      if (words.empty()) return std::string();
      std::string list;
      for (const auto& word : words) list += (list.empty() ? "" : ",") + escaped(word);
      return call("extensions", tcl_words(list));
    });
    tcl_.define("complete", 2, any_number, "complete shellName name ?arg ...?", [this](const Arguments& words) {
      std::string list;
      for (const auto& word : from(words, 2)) list += (list.empty() ? "" : " ") + trimmed_and_escaped(word);
      lua_ += words.size() > 2 ? fmt::format("complete(\"{}\",\"{}\",\"{}\")\n", words[0], words[1], list) : fmt::format("complete(\"{}\",\"{}\")\n", words[0], words[1]);
      return std::string();
    });
  }

  void define_paths()
  {
    for (const auto& [name, function] : {std::pair("prepend-path", "prepend_path"), std::pair("append-path", "append_path"), std::pair("remove-path", "remove_path")}) {
      tcl_.define(name, 2, any_number, fmt::format("{} var val ?arg ...?", name), [this, function](const Arguments& words) {
        std::string delimiter = ":";
        Arguments rest = words;
        if (words[0].starts_with("--delim=")) {
          delimiter = words[0].substr(8);
          rest = from(words, 1);
        } else if (words[0] == "-delim" || words[0] == "-d" || words[0] == "--delim") {
          delimiter = words[1];
          rest = from(words, 2);
        }
        const auto priority = at(rest, 2);
        // Nothing is escaped here: that is Lmod's flaw, and kept.
        lua_ += fmt::format("{}{{\"{}\",\"{}\",delim=\"{}\",priority=\"{}\"}}\n", function, at(rest, 0), at(rest, 1), delimiter, priority.empty() ? "0" : priority);
        return std::string();
      });
    }
  }

  void define_module()
  {
    tcl_.define("module", 1, any_number, "module command ?arg ...?", [this](const Arguments& words) {
      const auto& what = words[0];
      const auto rest = from(words, 1);
      if (what == "load" || what == "add") return call("load", rest);
      if (what == "load-any") return call("load_any", rest);
      if (what == "try-load" || what == "try-add") return call("try_load", rest);
      if (what == "unload" || what == "del" || what == "rm") return call("unload", rest);
      if (what == "switch" || what == "swap") {
        if (rest.empty() || rest.size() > 2) throw TclFailure{"wrong # args: should be \"swapcmd old ?new?\""};
        call("unload", tcl_words(rest[0]));
        return call("load", tcl_words(at(rest, 1).empty() ? rest[0] : rest[1]));
      }
      if (what == "use") return use(rest);
      if (what == "unuse")
        for (const auto& path : rest) call_with_path("remove_path", path);
      return std::string();
    });
  }

  std::string use(const Arguments& words)
  {
    std::string function = "prepend_path";
    for (const auto& word : words) {
      if (word.empty()) continue;
      if (word == "--append" || word == "-a" || word == "-append") function = "append_path";
      else if (word == "--prepend" || word == "-p" || word == "-prepend") function = "prepend_path";
      else call_with_path(function, word);
    }
    return {};
  }

  /// Lmod evaluates the path a second time, so one with a blank becomes two arguments.
  void call_with_path(const std::string& function, const std::string& path)
  {
    Arguments arguments = {"MODULEPATH"};
    for (auto& word : tcl_words(path)) arguments.push_back(std::move(word));
    call(function, arguments);
  }

  void define_answers()
  {
    tcl_.define("is-loaded", 1, 1, "is-loaded arg", [](const Arguments&) { return std::string("0"); });
    tcl_.define("is-avail", 1, 1, "is-avail arg", [this](const Arguments& words) {
      tcl_.note_impure("is-avail " + words[0]);
      return std::string("0");
    });
    tcl_.define("system", 0, any_number, "system args", [](const Arguments&) { return std::string(); });
    tcl_.define("uname", 1, 1, "uname what", [this](const Arguments& words) {
      if (words[0] == "sysname") return std::string("Linux");
      tcl_.note_impure("uname " + words[0]);
      return std::string();
    });
    tcl_.define("versioncmp", 2, 2, "versioncmp str1 str2", [this](const Arguments& words) {
      if (words[0] == words[1]) return std::string("0");
      tcl_.set("::cairn_a", words[0]);
      tcl_.set("::cairn_b", words[1]);
      tcl_.call("lindex [lsort -dictionary [list $::cairn_a $::cairn_b]] 0");
      return std::string(tcl_.result() == words[0] ? "-1" : "1");
    });
    tcl_.define("module-info", 1, 2, "module-info what ?more?", [this](const Arguments& words) { return module_info(words[0], at(words, 1)); });
    tcl_.define("puts", 0, any_number, "puts ?-nonewline? ?channel? text", [this](const Arguments& words) { return put(words); });
  }

  [[nodiscard]] std::string module_info(const std::string& what, const std::string& more) const
  {
    if (what == "mode") return more.empty() ? "display" : more == "display" ? "1" : "0";
    if (what == "shell") return "bash";
    if (what == "shelltype") return "sh";
    if (what == "flags") return "0";
    if (what == "name" || what == "specified") return full_name_;
    if (what == "user" || what == "symbols") return more.empty() ? "" : "0";
    if (what == "version") {
      const auto slash = more.find('/');
      const auto rest = slash == std::string::npos ? std::string() : more.substr(slash + 1);
      return fmt::format("{}/{}", more.substr(0, slash), rest.empty() ? "default" : rest);
    }
    throw TclFailure{fmt::format("module-info {} not supported", what)};
  }

  std::string put(const Arguments& words)
  {
    std::string channel = "stdout";
    std::string text;
    bool newline = true;
    if (words.size() == 1) {
      text = words[0];
    } else if (words.size() == 2) {
      newline = words[0] != "-nonewline";
      if (newline) channel = words[0];
      text = words[1];
    } else if (words.size() == 3 && (words[0] == "-nonewline" || words[1] == "-nonewline")) {
      newline = false;
      channel = words[0] == "-nonewline" ? words[1] : words[0];
      text = words[2];
    } else {
      throw TclFailure{"puts ?-nonewline? ?channel? text"};
    }
    if (!in_help_) {
      if (newline && channel != "stdout") text += '\n';
      newline = true;
      if (channel == "stderr") text = fmt::format("LmodMsgRaw([===[{}]===])", text);
      else if (channel == "stdout") text = fmt::format("execute{{cmd=[===[{}]===],modeA={{\"load\"}}}}", text);
      else if (channel == "prestdout") text = fmt::format("io.stdout:write([===[{}]===])", text);
    }
    lua_ += text;
    if (newline) lua_ += '\n';
    return {};
  }

  std::string full_name_;
  std::string file_name_;
  TclInterpreter tcl_;
  std::string lua_;
  bool in_help_ = false;
};

}  // namespace

TclTranslation translate_modulefile(const std::string& text, const std::string& full_name, const std::string& file_name)
{
  return Translation(full_name, file_name).run(text);
}

TclTranslation translate_rc(const std::string& text)
{
  TclInterpreter tcl;
  std::string lua = "ModA={\n";
  const auto entry = [&lua](const std::string& body) {
    lua += "{" + body + "},\n";
    return std::string();
  };
  tcl.set("ModuleTool", "Lmod");
  tcl.set("ModuleToolVersion", "8.6.19");
  define_file_names(tcl);
  tcl.define("puts", 0, any_number, "puts ?-nonewline? ?channel? text", [](const Arguments&) { return std::string(); });
  tcl.define("exit", 0, any_number, "exit ?code?", [](const Arguments&) -> std::string { throw TclFailure{"exit is not supported here"}; });
  tcl.define("module-alias", 2, 2, "module-alias name mfile",
             [&](const Arguments& words) { return entry(fmt::format("kind=\"module_alias\",name=\"{}\",mfile=\"{}\"", words[0], words[1])); });
  tcl.define("hide-version", 1, 1, "hide-version mfile", [&](const Arguments& words) { return entry(fmt::format("kind=\"hide_version\", mfile=\"{}\"", words[0])); });
  tcl.define("hide-modulefile", 1, 1, "hide-modulefile mfile",
             [&](const Arguments& words) { return entry(fmt::format("kind=\"hide_modulefile\", mfile=\"{}\"", words[0])); });
  tcl.define("module-version", 0, any_number, "module-version args", [&](const Arguments& words) {
    if (words.size() < 2) throw TclFailure{"module-version without a version"};
    std::string versions;
    for (const auto& word : from(words, 1)) {
      std::string quoted;
      for (const char c : word) quoted += c == '"' ? "\\\"" : std::string(1, c);
      versions += fmt::format("{}\"{}\"", versions.empty() ? "" : ",", quoted);
    }
    return entry(fmt::format("kind=\"module_version\",module_name=\"{}\", module_versionA={{{}}}", words[0], versions));
  });

  TclTranslation out;
  const auto end = tcl.source(text);
  if (end != TclInterpreter::End::normal) {
    out.error = end == TclInterpreter::End::error ? tcl.result() : "break or continue outside of a loop";
  } else {
    auto version = tcl.variable("ModulesVersion");
    if (!version) version = tcl.variable("ModuleVersion");
    if (version) entry(fmt::format("kind=\"set_default_version\", version=\"{}\"", *version));
    out.lua = lua + "}\n";
  }
  out.impure = tcl.impure();
  return out;
}

}  // namespace cairn::module
