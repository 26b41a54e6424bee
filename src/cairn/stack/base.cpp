// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/base.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/shown_files.hpp>
#include <cairn/python/record.hpp>
#include <cairn/python/text.hpp>
#include <cairn/stack/glibc.hpp>

#include <fmt/format.h>

#include <filesystem>

namespace cairn::stack {
namespace {

constexpr std::uint64_t content_limit_bytes = std::uint64_t{8} << 20;

std::string header(std::string_view text, std::string_view name)
{
  for (const auto line : python::split_lines(text)) {
    if (line.empty()) break;
    if (line.starts_with(name) && line.substr(name.size()).starts_with(":")) return std::string(python::trim(line.substr(name.size() + 1)));
  }
  return {};
}

/// `__pycache__/NAME.*.pyc` and `NAME.pyc` of a source, as pip removes them with it.
void add_bytecode(const std::set<std::string>& paths, const std::string& source, std::set<std::string>& files)
{
  if (!source.ends_with(".py")) return;
  const auto slash = source.rfind('/') + 1;
  const auto stem = source.substr(slash, source.size() - slash - 3);
  const auto cached = source.substr(0, slash) + "__pycache__/" + stem + ".";
  for (auto at = paths.lower_bound(cached); at != paths.end() && at->starts_with(cached); ++at)
    if (at->ends_with(".pyc")) files.insert(*at);
  if (paths.contains(source + "c")) files.insert(source + "c");
}

std::string parent(const std::string& path)
{
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

}  // namespace

BasePython read_base(const oci::BlobSource& blobs, const image::Image& image, const python::Layout& layout, const Task& task)
{
  const auto prefix = layout.prefix.substr(1) + "/";
  const auto site = layout.purelib.substr(1) + "/";
  const auto is_metadata = [&](const std::string& path) {
    return path.starts_with(site) && (path.ends_with(".dist-info/RECORD") || path.ends_with(".dist-info/METADATA")) &&
           std::string_view(path).substr(site.size()).find('/') == path.rfind('/') - site.size();
  };
  const auto shown = image::read_shown_files(
      blobs, image, [&](const std::string& path) { return is_metadata(path) || path.ends_with("/libc.so.6"); }, content_limit_bytes, task);
  BasePython base;
  for (auto at = shown.paths.lower_bound(prefix); at != shown.paths.end() && at->starts_with(prefix); ++at) {
    base.paths.insert(*at);
    if (at->starts_with(prefix + "bin/python")) base.has_python = true;
  }
  for (const auto& [path, content] : shown.contents) {
    if (path.ends_with("/libc.so.6")) base.glibc = glibc_version(content);
    if (!path.ends_with(".dist-info/METADATA")) continue;
    BaseProject project;
    project.name = python::canonical_name(header(content, "Name"));
    project.version = header(content, "Version");
    const auto info = parent(path);
    if (const auto record = shown.contents.find(info + "/RECORD"); record != shown.contents.end()) {
      project.has_record = true;
      for (const auto& row : python::parse_record(record->second, info + "/RECORD")) {
        const auto file = (row.path.starts_with('/') ? std::filesystem::path(row.path.substr(1)) : std::filesystem::path(site) / row.path)
                              .lexically_normal()
                              .string();
        if (!base.paths.contains(file)) continue;  // nothing outside the prefix is ever removed
        project.files.insert(file);
        add_bytecode(base.paths, file, project.files);
      }
    }
    base.projects[project.name] = std::move(project);
  }
  return base;
}

std::vector<std::string> leave_to_base(const BasePython& base, std::vector<python::Chosen>& wheels)
{
  std::vector<std::string> replaced;
  std::erase_if(wheels, [&](const python::Chosen& chosen) {
    const auto found = base.projects.find(chosen.pin.name);
    if (found == base.projects.end()) return false;
    const auto version = python::Version::parse(found->second.version);
    if (version && *version == chosen.wheel.version) return true;
    replaced.push_back(chosen.pin.name);
    return false;
  });
  return replaced;
}

Replaced replace(const BasePython& base, const std::vector<std::string>& projects)
{
  Replaced replaced;
  for (const auto& name : projects) {
    const auto& project = base.projects.at(name);
    if (!project.has_record)
      throw Error(
          Errc::unsupported,
          fmt::format("{} {} of the base has no RECORD: it belongs to the base's distribution; replace it there, or use another --prefix",
                      name, project.version));
    replaced.files.insert(project.files.begin(), project.files.end());
  }
  std::map<std::string, std::int64_t> left;
  const auto count = [&](const std::string& path, std::int64_t by) {
    for (auto directory = parent(path); !directory.empty(); directory = parent(directory)) left[directory] += by;
  };
  for (const auto& path : base.paths) count(path, 1);
  for (const auto& path : replaced.files) count(path, -1);
  for (const auto& path : replaced.files)
    for (auto directory = parent(path); !directory.empty() && left[directory] == 0; directory = parent(directory))
      replaced.directories.insert(directory);
  return replaced;
}

std::set<std::string> whiteouts(const Replaced& replaced, const std::set<std::string>& installed)
{
  std::set<std::string> used;
  for (const auto& path : installed)
    for (auto directory = parent(path); !directory.empty() && used.insert(directory).second;) directory = parent(directory);
  std::set<std::string> hidden;
  for (const auto& path : replaced.files) {
    if (installed.contains(path)) continue;
    auto highest = path;
    for (auto directory = parent(path); replaced.directories.contains(directory) && !used.contains(directory);
         directory = parent(directory))
      highest = directory;
    hidden.insert(highest);
  }
  return hidden;
}

}  // namespace cairn::stack
