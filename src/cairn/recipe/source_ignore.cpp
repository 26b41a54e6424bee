// SPDX-License-Identifier: Apache-2.0
// S2I: pkg/ignore/ignore.go of source-to-image, over Go's path/filepath.Match. Containers: moby's patternmatcher, which buildah uses.
#include <cairn/recipe/source_ignore.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace cairn::recipe {
namespace {

/// A class `[a-z]` at the begin of `glob`; cuts it off. `^` at its begin turns it round.
bool match_class(std::string_view& glob, char c)
{
  glob.remove_prefix(1);
  const bool negated = glob.starts_with('^');
  if (negated) glob.remove_prefix(1);
  bool matched = false;
  const auto next = [&] {
    if (glob.front() == '\\') glob.remove_prefix(1);
    const char out = glob.front();
    glob.remove_prefix(1);
    return out;
  };
  while (!glob.starts_with(']')) {
    const char low = next();
    char high = low;
    if (glob.starts_with('-')) {
      glob.remove_prefix(1);
      high = next();
    }
    matched = matched || (low <= c && c <= high);
  }
  glob.remove_prefix(1);
  return matched != negated && c != '/';
}

bool matches(std::string_view glob, std::string_view path)
{
  while (!glob.empty()) {
    if (glob.starts_with("**")) {
      glob.remove_prefix(std::min(glob.find_first_not_of('*'), glob.size()));
      const bool whole = glob.starts_with('/');  // `**/`: directories, or none
      if (whole) glob.remove_prefix(1);
      for (std::size_t at = 0; at <= path.size(); ++at)
        if ((!whole || at == 0 || path[at - 1] == '/') && matches(glob, path.substr(at))) return true;
      return false;
    }
    if (glob.front() == '*') {
      glob.remove_prefix(1);
      for (std::size_t at = 0;; ++at) {
        if (matches(glob, path.substr(at))) return true;
        if (at == path.size() || path[at] == '/') return false;
      }
    }
    if (path.empty()) return false;
    if (glob.front() == '[') {
      if (!match_class(glob, path.front())) return false;
    } else {
      if (glob.front() == '?') {
        if (path.front() == '/') return false;
      } else {
        if (glob.front() == '\\') glob.remove_prefix(1);
        if (glob.front() != path.front()) return false;
      }
      glob.remove_prefix(1);
    }
    path.remove_prefix(1);
  }
  return path.empty();
}

/// What is wrong with a pattern; nothing when it is fine.
std::string_view defect(std::string_view glob)
{
  for (std::size_t at = 0; at < glob.size(); ++at) {
    if (glob[at] == '\\' && ++at == glob.size()) return "a \\ at its end";
    if (glob[at] != '[' || (at > 0 && glob[at - 1] == '\\')) continue;
    ++at;
    if (at < glob.size() && glob[at] == '^') ++at;
    const auto first = at;
    for (; at < glob.size() && glob[at] != ']'; ++at)
      if (glob[at] == '\\' || glob[at] == '-') ++at;
    if (at >= glob.size()) return "a [ without its ]";
    if (at == first) return "an empty []";
  }
  return {};
}

bool has_meta(std::string_view glob) { return glob.find_first_of("*?[\\") != std::string_view::npos; }

std::string_view trimmed(std::string_view text)
{
  const auto begin = text.find_first_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

}  // namespace

SourceIgnore SourceIgnore::parse(std::string_view text, Rules rules, const std::string& what)
{
  SourceIgnore out;
  out.rules_ = rules;
  std::size_t number = 0;
  while (!text.empty()) {
    const auto whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), whole.size() + 1));
    ++number;
    auto line = trimmed(whole);
    if (line.empty() || line.starts_with('#')) continue;
    const bool takes_back = line.starts_with('!');
    if (takes_back) line = trimmed(line.substr(1));
    if (const auto wrong = defect(line); !wrong.empty())
      throw Error(Errc::bad_input, fmt::format("{}:{}: pattern {} has {}", what, number, printable(line), wrong));
    // Glob expands a pattern with a slash at its end to nothing, but a plain name with one to the directory.
    if (rules == Rules::s2i && line.ends_with('/') && has_meta(line)) continue;
    auto glob = std::filesystem::path(line).lexically_normal().native();
    while (glob.ends_with('/')) glob.pop_back();
    glob.erase(0, glob.find_first_not_of('/'));
    if (rules == Rules::s2i)
      for (auto at = glob.find("**"); at != std::string::npos; at = glob.find("**")) glob.erase(at, 1);
    if (!glob.empty() && glob != ".") out.patterns_.push_back({std::move(glob), takes_back});
  }
  return out;
}

bool SourceIgnore::last_says(std::string_view path) const
{
  bool out = false;
  for (const auto& pattern : patterns_)
    if (matches(pattern.glob, path)) out = !pattern.takes_back;
  return out;
}

bool SourceIgnore::ignores(std::string_view path) const
{
  const auto any_part = [&](auto&& says) {
    for (auto slash = path.find('/');; slash = path.find('/', slash + 1)) {
      if (says(path.substr(0, slash))) return true;
      if (slash == std::string_view::npos) return false;
    }
  };
  if (rules_ == Rules::s2i) return any_part([&](std::string_view part) { return last_says(part); });
  bool out = false;
  for (const auto& pattern : patterns_)
    if (any_part([&](std::string_view part) { return matches(pattern.glob, part); })) out = !pattern.takes_back;
  return out;
}

}  // namespace cairn::recipe
