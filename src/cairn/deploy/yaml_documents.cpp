// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/yaml_documents.hpp>

#include <algorithm>

namespace cairn::deploy {
namespace {

bool is_marker(std::string_view line, std::string_view marker)
{
  return line.starts_with(marker) && (line.size() == marker.size() || std::string_view(" \t\r\n").contains(line[marker.size()]));
}

}  // namespace

std::vector<recipe::YamlDocument> yaml_documents(std::string_view text, const std::string& what)
{
  std::vector<recipe::YamlDocument> out;
  std::string document;  // lines of other documents are empty in it
  std::string lines_before;
  bool has_text = false;
  const auto finish = [&] {
    if (has_text) out.push_back(recipe::YamlDocument::parse(document, what));
    document = lines_before;
    has_text = false;
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const auto line = text.substr(at, end - at);
    at = end;
    lines_before += '\n';
    if (is_marker(line, "---") || is_marker(line, "...")) {
      finish();
      continue;
    }
    const auto first = line.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && line[first] != '#' && line.front() != '%') has_text = true;
    document += line;
  }
  finish();
  return out;
}

}  // namespace cairn::deploy
