// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/project.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/containerfile.hpp>
#include <cairn/build/s2i.hpp>
#include <cairn/build/source.hpp>
#include <cairn/python/lock.hpp>
#include <cairn/recipe/base_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cairn::build {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 2> containerfiles{"Containerfile", "Dockerfile"};

std::string found_containerfile(const fs::path& directory, const std::string& wished)
{
  if (!wished.empty()) {
    if (!fs::exists(directory / wished)) throw Error(Errc::not_found, fmt::format("{}: no such file", printable((directory / wished).native())));
    return wished;
  }
  for (const auto* name : containerfiles)
    if (fs::exists(directory / name)) return name;
  return {};
}

/// What a platform would do with the source, as its own start scripts guess it.
std::vector<std::string> found_command(const fs::path& directory)
{
  if (fs::exists(directory / "app.sh")) return {"./app.sh"};
  if (fs::exists(directory / "app.py")) return {"python", "app.py"};
  return {};
}

}  // namespace

std::string_view name(ProjectKind kind)
{
  constexpr std::array<std::string_view, 4> names{"recipe", "containerfile", "s2i", "lock"};
  return names[static_cast<std::size_t>(kind)];
}

Project detect_project(const fs::path& directory, const ProjectWishes& wishes)
{
  if (!fs::is_directory(directory)) throw Error(Errc::not_found, fmt::format("{}: no such directory", printable(directory.native())));
  Project out{.directory = directory, .kind = ProjectKind::lock, .why = {}, .wishes = wishes};
  const auto as = [&](ProjectKind kind, std::string why) {
    out.kind = kind;
    out.why = std::move(why);
    return out;
  };
  if (!wishes.kind && fs::exists(directory / recipe::image_file_name)) return as(ProjectKind::recipe, "has a cairn.yaml");
  const auto wanted = [&](ProjectKind kind) { return wishes.kind == kind; };
  const auto containerfile = wanted(ProjectKind::s2i) || wanted(ProjectKind::lock) ? std::string() : found_containerfile(directory, wishes.containerfile);
  const auto lock = found_lock(directory);
  if (wanted(ProjectKind::containerfile) && containerfile.empty())
    throw Error(Errc::not_found, fmt::format("{}: neither Containerfile nor Dockerfile", printable(directory.native())));
  if (wanted(ProjectKind::s2i) && wishes.builder.empty())
    throw Error(Errc::bad_input, fmt::format("{}: S2I needs a builder image; give --builder", printable(directory.native())));
  if (wanted(ProjectKind::s2i) || (!wishes.kind && !wishes.builder.empty()))
    return as(ProjectKind::s2i, fmt::format("builder {}", wishes.builder));
  if (!containerfile.empty()) {
    out.wishes.containerfile = containerfile;
    return as(ProjectKind::containerfile, fmt::format("has a {}", containerfile));
  }
  if (!lock.empty()) return as(ProjectKind::lock, fmt::format("has a {}, and nothing else that says how", lock));
  if (fs::exists(directory / ".s2i"))
    throw Error(Errc::bad_input, fmt::format("{}: has .s2i; give --builder, the image that builds it", printable(directory.native())));
  throw Error(Errc::bad_input, fmt::format("{}: has no cairn.yaml, Containerfile, Dockerfile, .s2i, Pipfile.lock, pylock.toml or requirements.txt: nothing to build",
                                           printable(directory.native())));
}

fs::path find_base(const Project& project, const std::vector<fs::path>& places)
{
  const auto lock = python::read_lock(python::find_lock(project.directory), {});
  const auto minor = lock.python.substr(0, lock.python.find('.', lock.python.find('.') + 1));
  if (minor.empty())
    throw Error(Errc::bad_input, fmt::format("{}: does not say for which Python it is; give --base", printable(lock.file.native())));
  std::vector<fs::path> candidates;
  for (const auto& place : places)
    if (fs::is_directory(place))
      for (const auto& entry : fs::directory_iterator(place))
        if (fs::exists(entry.path() / recipe::base_file_name)) candidates.push_back(entry.path());
  std::ranges::sort(candidates);
  for (const auto& candidate : candidates) {
    const auto packages = recipe::BaseLock::read(candidate);
    if (packages && std::ranges::any_of(packages->packages, [&](const recipe::LockedPackage& one) {
          return one.name == "python3" && one.version.starts_with(minor + ".");
        }))
      return candidate;
  }
  throw Error(Errc::not_found, fmt::format("{} is for Python {}, and no base at hand has it; give --base IMAGE or --base DIR", printable(lock.file.native()), minor));
}

recipe::ImageFile recipe_of(const Project& project)
{
  const auto& directory = project.directory;
  recipe::ImageFile out;
  out.path = directory;
  const auto lock = found_lock(directory);
  const auto place = (directory / lock).native();
  out.base_place = place;
  if (fs::exists(fs::path(project.wishes.base) / recipe::base_file_name)) out.base_directory = project.wishes.base;
  else out.base_image = project.wishes.base;

  recipe::PythonStep python;
  python.lock = lock;
  python.prefix = app_root;
  // An image of one's own brings its environment along, or not: the stack goes where it is.
  python.makes_venv = !out.base_directory.empty();
  python.bytecode = recipe::Bytecode::unchecked_hash;
  out.steps.push_back({.what = std::move(python), .directory = directory.native(), .place = place, .layer = "stack"});
  out.steps.push_back({.what = source_step(directory), .directory = directory.native(), .place = directory.native(), .layer = "source"});

  auto& config = out.config;
  config.working_dir = app_source;
  if (out.base_directory.empty()) return out;
  config.env = {{"APP_ROOT", std::string(app_root)},
                {"VIRTUAL_ENV", std::string(app_root)},
                {"HOME", std::string(app_source)},
                {"PATH", fmt::format("{}/bin:${{PATH}}", app_root)}};
  config.user = "1001:0";
  if (auto command = found_command(directory); !command.empty()) config.cmd = std::move(command);
  return out;
}

Built build_project(const Project& project, const BuildSettings& settings, const Surroundings& surroundings, store::Store& store, const Task& task)
{
  switch (project.kind) {
    case ProjectKind::containerfile: return build_containerfile(project, settings, store, task);
    case ProjectKind::s2i: return build_s2i(project, settings, surroundings, store, task);
    case ProjectKind::lock:
    case ProjectKind::recipe: break;
  }
  return build(recipe_of(project), settings, surroundings, store, task);
}

}  // namespace cairn::build
