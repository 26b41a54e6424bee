// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/recipe/step.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// `cairn.yaml`: an image, as a user writes it; with the `layer.yaml` of all its layers read and put in order, variables filled in
/// and `extends` followed. docs/formats/recipe.md.
namespace cairn::recipe {

inline constexpr std::string_view image_file_name = "cairn.yaml";
inline constexpr std::string_view layer_file_name = "layer.yaml";

/// What an image's config gets. Env values may hold `${NAME}` for what base and earlier layers set (empty when nothing).
struct ConfigWishes {
  std::vector<std::pair<std::string, std::string>> env;  ///< in order; a later one wins
  std::map<std::string, std::string> labels;
  std::optional<std::string> user;
  std::optional<std::string> working_dir;
  std::optional<std::vector<std::string>> entrypoint;
  std::optional<std::vector<std::string>> cmd;
  std::vector<std::string> ports;
  std::vector<std::string> volumes;
  std::optional<std::string> stop_signal;
};

/// A command that must succeed in a container of the image: `cairn check` runs them.
struct ImageTest {
  std::string name;
  std::vector<std::string> command;
  std::string place;
};

struct ImageFile {
  std::filesystem::path path;
  std::string description;
  std::string base_directory;  ///< that has a base.yaml, from cairn.yaml's directory; or empty
  std::string base_image;      ///< as a user writes an image; or empty. Exactly one of the two is set
  std::string base_place;
  std::string platform;        ///< `linux/amd64`; empty: this machine's
  std::vector<Step> steps;     ///< of all layers, lowest first
  ConfigWishes config;
  std::vector<ImageTest> tests;
};

using Variables = std::map<std::string, std::string>;

/// Read `directory`/cairn.yaml and all that it names. `set` overrides the file's `variables`. Throws Error{bad_input} that begins with
/// file, line and column: unknown keys (the near one is proposed), a layer that is not there, a variable that nobody sets, paths
/// that lead out, `extends` in a circle.
[[nodiscard]] ImageFile read_image_file(const std::filesystem::path& directory, const Variables& set);

}  // namespace cairn::recipe
