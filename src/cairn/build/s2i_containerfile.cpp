// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/build/project.hpp>
#include <cairn/build/s2i_builder.hpp>
#include <cairn/build/source.hpp>
#include <cairn/image/image.hpp>
#include <cairn/image/reference.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

namespace cairn::build {
namespace {

namespace fs = std::filesystem;

std::string in_quotes(std::string_view text)
{
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '$') out += '\\';
    out += c;
  }
  return out + '"';
}

/// `["a", "b"]`: the form that no shell reads.
std::string words(const std::vector<std::string>& arguments)
{
  oci::JsonWriter json;
  json.value(arguments);
  return json.finish();
}

/// Relative, directories before what they hold.
std::vector<fs::path> source_paths(const fs::path& directory)
{
  const auto ignored = ignored_paths(directory);
  std::vector<fs::path> out;
  for (auto at = fs::recursive_directory_iterator(directory); at != fs::recursive_directory_iterator(); ++at) {
    auto path = at->path().lexically_relative(directory);
    if (!ignored.contains(path.native())) out.push_back(std::move(path));
    else if (at->is_directory() && !at->is_symlink()) at.disable_recursion_pending();
  }
  return out;
}

void copy_one(const fs::path& from, const fs::path& to)
{
  if (fs::is_directory(fs::symlink_status(from))) fs::create_directory(to, from);
  else fs::copy(from, to, fs::copy_options::copy_symlinks);
}

std::string containerfile(const Project& project, const S2iBuild& s2i, const std::string& tag, const Task& task)
{
  const auto owner = s2i.user();
  const auto user = owner.substr(0, owner.find(':'));
  auto out = fmt::format("# Made by cairn build --as-containerfile. Beside it are the source and the project's own scripts:\n#   buildah build --tag {} .\n",
                         tag.empty() ? "NAME" : tag);
  const auto archive = s2i.artifacts_place() + ".tar";
  if (project.wishes.is_incremental) {
    const auto script = s2i.path("save-artifacts");
    out += fmt::format("FROM {} AS cached\n", tag);
    if (s2i.is_own("save-artifacts")) out += fmt::format("COPY --chown={} upload/scripts {}\n", owner, s2i.scripts_place());
    out += fmt::format("USER {}\nRUN if [ -x {} ]; then {} >{}; else tar -cf {} -T /dev/null; fi\n", user, script, script, archive, archive);
  }
  out += fmt::format("FROM {}\n", image::without_transport(project.wishes.builder));
  for (const auto& [name, value] : s2i.labels(task)) out += fmt::format("LABEL {}={}\n", in_quotes(name), in_quotes(value));
  for (const auto& [name, value] : s2i.environment()) out += fmt::format("ENV {}={}\n", name, in_quotes(value));
  if (!s2i.own_scripts().empty()) out += fmt::format("COPY --chown={} upload/scripts {}\n", owner, s2i.scripts_place());
  out += fmt::format("COPY --chown={} upload/src {}\n", owner, s2i.source_place());
  if (project.wishes.is_incremental) out += fmt::format("COPY --chown={} --from=cached {} {}\n", owner, archive, archive);
  out += fmt::format("USER {}\n", user);
  if (project.wishes.is_incremental)
    out += fmt::format("RUN mkdir -p {0} && tar -C {0} -xf {1} && rm {1}\n", s2i.artifacts_place(), archive);
  out += fmt::format("RUN {}\nENTRYPOINT []\nCMD {}\n", words({"/bin/sh", "-c", fmt::format("umask 0002; exec {}", s2i.path("assemble"))}), words({s2i.path("run")}));
  return out;
}

}  // namespace

void write_containerfile(const Project& project, const fs::path& file, const std::string& tag, const Surroundings& surroundings, const Task& task)
{
  if (project.kind != ProjectKind::s2i)
    throw Error(Errc::bad_input, fmt::format("{}: is built as {}, not by S2I; give --builder", printable(project.directory.native()), name(project.kind)));
  if (project.wishes.is_incremental && tag.empty()) throw Error(Errc::bad_input, "an incremental build needs --tag, the image whose artifacts it takes");
  const auto upload = file.parent_path() / "upload";
  for (const auto& path : {file, upload})
    if (fs::exists(path)) throw Error(Errc::exists, fmt::format("{}: is there already; remove it, or name another directory", printable(path.native())));
  const auto opened = surroundings.open(project.wishes.builder);
  const auto builder = image::load(*opened.blobs, opened.manifest);
  const S2iBuild s2i(project, builder);
  const auto text = containerfile(project, s2i, tag, task);
  const auto paths = source_paths(project.directory);  // before there is a copy, which may lie in the project
  const auto directory = file.parent_path().empty() ? fs::path(".") : file.parent_path();
  fs::create_directories(directory);
  const TempDir aside(directory);
  fs::create_directory(aside.path() / "src");
  for (const auto& path : paths) copy_one(project.directory / path, aside.path() / "src" / path);
  if (!s2i.own_scripts().empty()) fs::copy(s2i.own_scripts(), aside.path() / "scripts", fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  fs::permissions(aside.path(), fs::perms(0755));
  fs::rename(aside.path(), upload);
  write_file_atomically(file, text, Flush::no);
}

}  // namespace cairn::build
