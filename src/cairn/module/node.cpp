// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/node.hpp>

#include <cairn/module/canonical_version.hpp>
#include <cairn/module/regular_path.hpp>

#include <fmt/format.h>

namespace cairn::module {
namespace {

constexpr std::string_view meta_weight = "M.*zfinal";
constexpr std::string_view final_part = ".*zfinal";

std::optional<DefaultMark> first_of(const std::vector<DefaultMark>& marks)
{
  if (marks.empty()) return std::nullopt;
  return marks.front();
}

std::string below(const std::string& above, const std::string& piece) { return above.empty() ? piece : above + '/' + piece; }

/// `piece` as a weight: marked when the default of its directory means it.
std::string weighed(const std::string& piece, const std::optional<DefaultMark>& marked, const std::string& full_name)
{
  if (!marked || !marked->value || (*marked->value != full_name && *marked->value != base_name(full_name))) return piece;
  return '^' + piece.substr(1);
}

/// `full_name` without the module's name in front, as Lmod takes it off.
std::optional<std::string> version_of(const std::string& full_name, const std::string& name)
{
  if (!full_name.starts_with(name)) return full_name;
  auto rest = full_name.substr(name.size());
  if (rest.starts_with('/')) rest.erase(0, 1);
  if (rest.empty()) return std::nullopt;
  return rest;
}

Node versions(const Directory& directory, const std::string& name, const std::string& parsed, const std::string& weight)
{
  Node node;
  node.marks = directory.marks;
  node.marked = first_of(directory.marks);
  for (const auto& [full_name, file] : directory.files) {
    const auto piece = canonical_version(base_name(full_name));
    node.entries.emplace(full_name, Entry{file,
                                          name,
                                          full_name,
                                          version_of(full_name, name),
                                          below(parsed, piece),
                                          below(weight, weighed(piece, node.marked, full_name)),
                                          {},
                                          {}});
  }
  for (const auto& [full_name, inner] : directory.directories) {
    auto piece = canonical_version(base_name(full_name));
    if (piece.ends_with(final_part)) piece.resize(piece.size() - final_part.size());
    node.levels.emplace(full_name, versions(inner, name, below(parsed, piece), below(weight, weighed(piece, node.marked, full_name))));
  }
  return node;
}

void collect(const Directory& directory, std::map<std::string, Node>& out, const std::function<void(const std::string&)>& lost)
{
  for (const auto& [full_name, file] : directory.files) {
    Node node;
    node.is_meta = true;
    node.marks = directory.marks;
    if (const auto marked = first_of(directory.marks); marked && marked->value == full_name) node.marked = marked;
    node.entries.emplace(full_name,
                         Entry{file, full_name, full_name, std::nullopt, std::string(meta_weight), std::string(meta_weight), {}, {}});
    out.insert_or_assign(full_name, std::move(node));
  }
  for (const auto& [name, inner] : directory.directories) {
    if (inner.marks.empty() && !inner.directories.empty()) {
      collect(inner, out, lost);
      continue;
    }
    if (out.contains(name)) lost(name);
    out.insert_or_assign(name, versions(inner, name, "", ""));
  }
}

}  // namespace

std::map<std::string, Node> group(const Directory& top, const std::function<void(const std::string&)>& lost)
{
  std::map<std::string, Node> out;
  collect(top, out, lost);
  return out;
}

}  // namespace cairn::module
