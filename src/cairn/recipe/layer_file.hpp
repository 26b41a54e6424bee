// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/recipe/image_file.hpp>
#include <cairn/recipe/yaml.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// `layer.yaml` and the steps in it. docs/formats/recipe.md.
namespace cairn::recipe {

/// Fills `${NAME}` of a recipe's variables into a value. `$$` is a dollar.
class Substitution {
public:
  explicit Substitution(const Variables& variables) : variables_(variables) {}
  /// Throws Error{bad_input} with the value's place for a variable that nobody sets.
  [[nodiscard]] std::string of(const Yaml& value) const;

private:
  const Variables& variables_;
};

struct LayerFile {
  std::string description;
  std::vector<std::pair<std::string, std::string>> env;
  std::map<std::string, std::string> labels;
  std::vector<Step> steps;
  std::vector<ImageTest> tests;
};

/// Throws as read_image_file.
[[nodiscard]] LayerFile read_layer_file(const std::filesystem::path& directory, const Substitution& variables);

/// One element of `steps:`, or an inline one of `layers:`, of a file in `directory`; `layer` names it in reports (empty: its kind).
[[nodiscard]] Step read_step(const Yaml& step, const std::filesystem::path& directory, const std::string& layer, const Substitution& variables);

[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_env(const Yaml& env);
[[nodiscard]] std::map<std::string, std::string> read_labels(const Yaml& labels, const Substitution& variables);
[[nodiscard]] std::vector<ImageTest> read_tests(const Yaml& tests);

}  // namespace cairn::recipe
