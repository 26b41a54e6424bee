// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/build/build.hpp>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

/// Repositories that have no recipe: how they are built is found out from what lies in them. docs/projects.md.
namespace cairn::build {

enum class ProjectKind {
  recipe,         ///< a cairn.yaml
  containerfile,  ///< a Containerfile or Dockerfile, by buildah
  s2i,            ///< S2I with a builder image: its assemble script runs in a container
  lock,           ///< a lock of Python packages and the source: both become layers, nothing runs
};

[[nodiscard]] std::string_view name(ProjectKind kind);

/// What was said about a project besides its files: by options, or by its .aicoe-ci.yaml.
struct ProjectWishes {
  std::string base;           ///< image, or directory with a base.yaml: of `lock`
  std::string builder;        ///< image: of `s2i`
  std::string scripts_url;    ///< of S2I scripts: `image:///usr/libexec/s2i`, `file:///DIR`; else .s2i/bin, else the builder's label
  std::string containerfile;  ///< relative to the project; empty: Containerfile, then Dockerfile
  std::optional<ProjectKind> kind{};
  bool is_incremental = false;   ///< S2I: what save-artifacts of the image that has the tag now gives is there while assemble runs
  std::string source{};            ///< URL of the repository that the directory is a checkout of; for labels
  std::string source_directory{};  ///< in it
};

struct Project {
  std::filesystem::path directory;
  ProjectKind kind = ProjectKind::lock;
  std::string why;  ///< `has a Pipfile.lock and nothing else that says how`
  ProjectWishes wishes;
};

/// In this order: cairn.yaml; a kind that was wished; a builder that was wished, or `.s2i`; Containerfile, Dockerfile; a lock. Throws
/// Error{bad_input} naming what was looked for.
[[nodiscard]] Project detect_project(const std::filesystem::path& directory, const ProjectWishes& wishes);

/// A directory with a base.yaml whose lock has the Python that the project's lock is for, among `places` (directories with such
/// directories). Throws Error{not_found} that says what to give.
[[nodiscard]] std::filesystem::path find_base(const Project& project, const std::vector<std::filesystem::path>& places);

/// The recipe that a project of kind `lock` stands for: its base, a virtual environment with the stack at /opt/app-root, the source at
/// /opt/app-root/src without what .s2iignore and .containerignore leave out, the user 1001 of group 0.
[[nodiscard]] recipe::ImageFile recipe_of(const Project& project);

/// Build a project that is no recipe and tag it. As `build`.
[[nodiscard]] Built build_project(const Project& project, const BuildSettings& settings, const Surroundings& surroundings, store::Store& store,
                                  const Task& task);

/// Write, instead of building, what `buildah build` makes the same image of with S2I: `file`, and beside it `upload/src` and `upload/scripts`.
/// Throws Error{bad_input} when `project` is not for S2I, Error{exists} when one of them is there.
void write_containerfile(const Project& project, const std::filesystem::path& file, const std::string& tag, const Surroundings& surroundings, const Task& task);

}  // namespace cairn::build
