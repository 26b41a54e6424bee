// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/build/project.hpp>
#include <cairn/recipe/aicoe_ci.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What a release of a repository builds and pushes: read from the checkout, before anything is done. docs/releases.md.
namespace cairn::release {

struct ReleaseImage {
  std::string name;                 ///< of the overlay; empty: the repository's own image
  build::Project project;
  std::string repository;           ///< `registry.example.com/team/project`
  std::string tag;                  ///< of the release: the git tag, with the architecture where the overlay has one
  std::vector<std::string> also;    ///< other tags to push
  std::optional<recipe::AicoeDeploy> deploy;
};

struct Plan {
  std::filesystem::path directory;  ///< the checkout's root
  std::string tag;
  std::string commit;               ///< full
  std::string source;               ///< the remote's URL without credentials; may be empty
  std::string name;                 ///< of the repository
  std::vector<ReleaseImage> images;
  std::vector<std::string> warnings;
};

struct Wishes {
  std::string tag;                 ///< empty: the one at HEAD
  std::string image;               ///< `HOST/REPOSITORY`, where the repository has no .aicoe-ci.yaml
  std::vector<std::string> also;   ///< with `image`
  std::string base;                ///< of projects with nothing but a lock
  std::vector<std::filesystem::path> base_places;
};

/// What a `build` of .aicoe-ci.yaml says of how `directory` is built.
[[nodiscard]] build::ProjectWishes wishes_of(const recipe::AicoeBuild& build, const std::filesystem::path& directory);

/// Throws Error{bad_input}: no git checkout, uncommitted changes (the first is named), no tag at HEAD or a tag elsewhere, no word on where the
/// image goes; and as AicoeCi::read and build::detect_project.
[[nodiscard]] Plan make_plan(const std::filesystem::path& directory, const Wishes& wishes, const Task& task);

/// Why the locks of a plan must not be built: one that is not what its Pipfile says. Throws Error{bad_input} naming it.
void check_locks(const Plan& plan);

}  // namespace cairn::release
