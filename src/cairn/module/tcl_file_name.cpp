// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/tcl_file_name.hpp>

#include <fmt/format.h>

#include <set>

namespace cairn::module {
namespace {

std::string_view without_end_slashes(std::string_view path)
{
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string tail(std::string_view path)
{
  path = without_end_slashes(path);
  return path == "/" ? std::string() : std::string(path.substr(path.rfind('/') + 1));
}

std::string directory(std::string_view path)
{
  path = without_end_slashes(path);
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(without_end_slashes(path.substr(0, slash + 1)));
}

std::string extension(std::string_view path)
{
  const auto name = path.substr(path.rfind('/') + 1);
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string() : std::string(name.substr(dot));
}

std::string joined_path(const TclInterpreter::Arguments& pieces)
{
  std::string out;
  for (const auto& piece : pieces) {
    if (piece.starts_with('/')) out = piece;
    else if (!piece.empty()) out += (out.empty() || out.ends_with('/') ? "" : "/") + piece;
  }
  std::string single;
  for (const char c : out)
    if (c != '/' || !single.ends_with('/')) single += c;
  return std::string(without_end_slashes(single));
}

}  // namespace

void define_file_names(TclInterpreter& tcl)
{
  tcl.define("file", 1, any_number, "file subcommand ?arg ...?", [&tcl](const TclInterpreter::Arguments& words) -> std::string {
    static const std::set<std::string_view> truths = {"exists", "isdirectory", "isfile", "readable", "executable", "writable", "owned", "size", "mtime", "atime"};
    const auto& what = words[0];
    const auto first = words.size() > 1 ? words[1] : std::string();
    if (what == "join") return joined_path({words.begin() + 1, words.end()});
    if (what == "tail") return tail(first);
    if (what == "dirname") return directory(first);
    if (what == "extension") return extension(first);
    if (what == "rootname") return first.substr(0, first.size() - extension(first).size());
    if (what == "separator") return "/";
    if (what == "nativename") return first;
    tcl.note_impure(fmt::format("file {} {}", what, first));
    return truths.contains(what) ? "0" : "";
  });
}

}  // namespace cairn::module
