// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/library_file.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace cairn::recipe {
namespace {

/// Slash-separated, without components that mean something else to a file system.
void check_components(const Yaml& value, std::string_view path)
{
  for (;;) {
    const auto slash = path.find('/');
    const auto component = path.substr(0, slash);
    if (component.empty()) value.fail("has an empty component; write single slashes, and none at the end");
    if (component == "." || component == "..") value.fail(fmt::format("has a component {}; write the plain path", printable(component)));
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

void check_controls(const Yaml& value, std::string_view text)
{
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    value.fail("has a control character");
}

std::string target_path(const Yaml& value)
{
  auto path = value.word();
  if (!path.starts_with('/')) value.fail(fmt::format("{} is not an absolute path", printable(path)));
  if (path == "/") value.fail("cannot be the root directory; name the directory at which users will see the tree");
  check_components(value, std::string_view(path).substr(1));
  check_controls(value, path);
  return path;
}

/// A path or pattern, relative to the tree.
std::string relative_path(const Yaml& value)
{
  auto path = value.word();
  if (path.starts_with('/')) value.fail(fmt::format("{} is absolute; write it relative to the tree", printable(path)));
  check_components(value, path);
  check_controls(value, path);
  return path;
}

std::string module_name(const Yaml& value, std::string_view name)
{
  if (name.empty() || name.starts_with('/') || name.ends_with('/') || name.find_first_of(" \t\n") != std::string_view::npos)
    value.fail(fmt::format("{} is not a module name, as in 'zlib/1.3.1'", printable(name)));
  check_controls(value, name);
  return std::string(name);
}

/// A level of the x86-64 psABI or a flag of /proc/cpuinfo.
std::string processor(const Yaml& value)
{
  auto name = value.word();
  constexpr std::string_view level = "x86-64-v";
  const bool is_level = name.size() == level.size() + 1 && name.starts_with(level) && name.back() >= '1' && name.back() <= '4';
  const bool is_flag = std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  if (!is_level && !is_flag)
    value.fail(fmt::format("{} is neither a level, x86-64-v1 to x86-64-v4, nor a flag of /proc/cpuinfo", printable(name)));
  return name;
}

std::string accelerator(const Yaml& value)
{
  auto name = value.word();
  if (name != "nvidia" && name != "amd") value.fail(fmt::format("{} is not known: nvidia or amd", printable(name)));
  return name;
}

HardwareNeed hardware_need(const Yaml& value)
{
  value.check_keys({"cpu", "gpu"});
  HardwareNeed need;
  if (const auto cpu = value.find("cpu")) need.cpu = processor(*cpu);
  if (const auto gpu = value.find("gpu")) need.gpu = accelerator(*gpu);
  if (need == HardwareNeed{}) value.fail("says nothing; write cpu, gpu or both");
  return need;
}

template <class Read>
std::vector<std::string> once_each(const Yaml& root, std::string_view key, const Read& read)
{
  std::vector<std::string> out;
  const auto found = root.find(key);
  if (!found) return out;
  std::set<std::string> seen;
  for (const auto& value : found->list()) {
    out.push_back(read(value));
    if (!seen.insert(out.back()).second) value.fail(fmt::format("{} is here twice", printable(out.back())));
  }
  return out;
}

LibraryFile from(const Yaml& root)
{
  root.check_keys({"target", "modulepath", "prefixes", "shared", "include", "exclude", "featured", "descriptions", "requires", "layers"});
  LibraryFile out;
  if (const auto value = root.find("target")) out.target = target_path(*value);
  out.modulepath = once_each(root, "modulepath", relative_path);
  out.prefixes = once_each(root, "prefixes", relative_path);
  out.shared = once_each(root, "shared", relative_path);
  out.includes = once_each(root, "include", relative_path);
  out.excludes = once_each(root, "exclude", relative_path);
  out.featured = once_each(root, "featured", [](const Yaml& value) { return module_name(value, value.word()); });
  if (const auto value = root.find("descriptions"))
    for (const auto& [name, text] : value->map()) out.descriptions.emplace(module_name(text, name), text.word());
  if (const auto value = root.find("requires"))
    for (const auto& [name, need] : value->map()) out.requirements.emplace(module_name(need, name), hardware_need(need));
  if (const auto value = root.find("layers")) out.layers = value->uint64(library_file_least_layers, library_file_most_layers);
  return out;
}

}  // namespace

LibraryFile LibraryFile::parse(std::string_view text, std::string what)
{
  return from(YamlDocument::parse(text, std::move(what)).root());
}

LibraryFile LibraryFile::read(const std::filesystem::path& path) { return from(YamlDocument::read(path).root()); }

}  // namespace cairn::recipe
