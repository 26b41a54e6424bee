// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// The steps of recipes: what makes layers. docs/formats/recipe.md. Paths are as written, relative to the file that has the step
/// (no `..` out of it, no absolute ones).
namespace cairn::recipe {

/// What lies in a directory or file beside the recipe. Native.
struct FilesStep {
  std::string from;
  std::string to;                     ///< absolute, in the image
  bool is_group_writable = false;     ///< 0664 and 0775 instead of 0644 and 0755: for what random users of group 0 change
  std::vector<std::string> excludes;  ///< fnmatch(3) patterns of paths below `from`
};

enum class Bytecode { none, unchecked_hash };

/// A locked stack of Python packages. Native.
struct PythonStep {
  std::string lock;                   ///< a lock or a directory that has one
  std::string prefix;                 ///< of the virtual environment in the image
  bool makes_venv = false;            ///< the environment itself too (interpreter links, pyvenv.cfg, activate)
  Bytecode bytecode = Bytecode::none;
  std::vector<std::string> groups;    ///< of the lock, besides the default one
  std::optional<std::size_t> layers;  ///< at most so many
};

/// Packages of the base's distribution. In a container.
struct PackagesStep {
  std::vector<std::string> packages;  ///< `name` or `name=version`
};

/// A script, by `/bin/sh -eu`. In a container.
struct RunStep {
  std::string script;
  bool has_network = false;
};

/// A module library, or a part of it. Native.
struct ModulesStep {
  std::string library;               ///< as a user writes an image; `${NAME}` of the recipe's variables is filled in
  std::vector<std::string> modules;  ///< empty: all
  std::string collection;            ///< a file as `cairn bake --collection` takes; may be empty
};

struct Step {
  std::variant<FilesStep, PythonStep, PackagesStep, RunStep, ModulesStep> what;
  std::string directory;  ///< that its paths are relative to
  std::string place;      ///< `layers/lmod/layer.yaml:7:5`
  std::string layer;      ///< the recipe layer it belongs to: `lmod`; of a step in cairn.yaml itself: its kind
};

/// What a step is called in recipes, in the order of `Step::what`.
inline constexpr std::array<std::string_view, 5> step_kinds{"files", "python", "packages", "run", "modules"};
[[nodiscard]] inline std::string_view kind_of(const Step& step) { return step_kinds[step.what.index()]; }
/// Whether it needs a container of what lies below it; native otherwise.
[[nodiscard]] inline bool runs_in_container(const Step& step)
{
  return std::holds_alternative<PackagesStep>(step.what) || std::holds_alternative<RunStep>(step.what);
}

}  // namespace cairn::recipe
