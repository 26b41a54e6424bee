// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/regular_path.hpp>

#include <vector>

namespace cairn::module {
namespace {

constexpr std::string_view white_space = " \t\n\v\f\r";

/// `//` to `/`, then each `/./` found in one pass to `/`.
std::string with_single_slashes(std::string_view text)
{
  std::string single;
  for (const char c : text)
    if (c != '/' || single.empty() || single.back() != '/') single += c;
  std::string out;
  for (std::size_t at = 0; at < single.size();) {
    if (single.compare(at, 3, "/./") == 0) {
      out += '/';
      at += 3;
    } else {
      out += single[at++];
    }
  }
  return out;
}

}  // namespace

std::string_view trimmed(std::string_view text)
{
  const auto first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string regular_path(std::string_view path)
{
  const auto size = path.size();
  const bool double_slash = size >= 3 && path.ends_with("//") && path[size - 3] != '/';
  auto text = with_single_slashes(trimmed(path));
  if (text.ends_with('/')) text.pop_back();
  if (text.empty()) return " ";

  std::vector<std::string_view> components;
  for (std::string_view rest = text;;) {
    const auto slash = rest.find('/');
    components.push_back(rest.substr(0, slash));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  std::string out;
  bool first = true;
  for (const auto component : components) {
    if (component == ".") continue;
    if (!first) out += '/';
    out += component;
    first = false;
  }
  if (first) out = ".";
  return double_slash ? out + "//" : out;
}

}  // namespace cairn::module
