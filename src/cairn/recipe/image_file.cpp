// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/image_file.hpp>

#include <cairn/base/error.hpp>
#include <cairn/recipe/layer_file.hpp>
#include <cairn/recipe/yaml.hpp>

#include <fmt/format.h>

#include <set>

namespace cairn::recipe {
namespace {

constexpr std::size_t extends_limit = 8;

std::vector<std::string> words(const Yaml& value)
{
  std::vector<std::string> out;
  for (const auto& word : value.list()) out.push_back(word.string());
  return out;
}

/// A directory beside the recipe, or anywhere: that of a layer, a base, another recipe.
std::filesystem::path directory_of(const Yaml& value, const std::filesystem::path& directory, std::string_view file)
{
  const auto path = (directory / value.word()).lexically_normal();
  if (!std::filesystem::exists(path / file)) value.fail(fmt::format("{}: no such file", printable((path / file).native())));
  return path;
}

class Reader {
public:
  explicit Reader(const Variables& set) : set_(set) {}

  ImageFile read(const std::filesystem::path& directory)
  {
    ImageFile out;
    add(directory, {}, out, 0);
    for (const auto& [name, value] : set_)
      if (!known_.contains(name))
        throw Error(Errc::bad_input, fmt::format("--set {}: {} has no such variable in 'variables'", printable(name), printable(out.path.native())));
    if (out.base_directory.empty() && out.base_image.empty())
      throw Error(Errc::bad_input, fmt::format("{}:1:1: 'base' is missing: a directory with a base.yaml or {{image: REFERENCE}}", out.path.native()));
    return out;
  }

private:
  /// What `directory`'s file says, on top of what it extends. `overrides` are variables of who extends it.
  void add(const std::filesystem::path& directory, const Variables& overrides, ImageFile& out, std::size_t depth)
  {
    const auto path = directory / image_file_name;
    const auto document = YamlDocument::read(path);
    const auto root = document.root();
    root.check_keys({"description", "extends", "variables", "base", "platform", "layers", "env", "user", "workdir", "entrypoint", "cmd", "ports",
                     "volumes", "labels", "stop-signal", "tests", "settings"});
    Variables variables;
    if (const auto own = root.find("variables")) variables = own->string_map();
    for (const auto& [name, value] : variables) known_.insert(name);
    for (const auto& [name, value] : overrides) variables[name] = value;
    if (const auto extended = root.find("extends")) {
      if (depth == extends_limit) extended->fail(fmt::format("a circle, or more than {} recipes in a row", extends_limit));
      add(directory_of(*extended, directory, image_file_name), variables, out, depth + 1);
    }
    for (const auto& [name, value] : set_) variables[name] = value;
    const Substitution substitution(variables);
    out.path = path;
    if (const auto base = root.find("base")) read_base(*base, directory, substitution, out);
    if (const auto layers = root.find("layers"))
      for (const auto& layer : layers->list()) add_layer(layer, directory, substitution, out);
    read_rest(root, substitution, out);
  }

  static void read_base(const Yaml& base, const std::filesystem::path& directory, const Substitution& substitution, ImageFile& out)
  {
    out.base_place = base.place();
    out.base_directory.clear();
    out.base_image.clear();
    if (base.kind() == Yaml::Kind::map) {
      base.check_keys({"image"});
      out.base_image = substitution.of(base.at("image"));
      if (out.base_image.empty()) base.at("image").fail("empty: the name of an image is wanted");
    } else {
      out.base_directory = directory_of(base, directory, "base.yaml").native();
    }
  }

  static void add_layer(const Yaml& layer, const std::filesystem::path& directory, const Substitution& substitution, ImageFile& out)
  {
    if (layer.kind() == Yaml::Kind::map) {
      out.steps.push_back(read_step(layer, directory, "", substitution));
      return;
    }
    auto file = read_layer_file(directory_of(layer, directory, layer_file_name), substitution);
    for (auto& step : file.steps) out.steps.push_back(std::move(step));
    for (auto& variable : file.env) out.config.env.push_back(std::move(variable));
    for (auto& [name, value] : file.labels) out.config.labels[name] = std::move(value);
    for (auto& test : file.tests) out.tests.push_back(std::move(test));
  }

  static void read_rest(const Yaml& root, const Substitution& substitution, ImageFile& out)
  {
    auto& config = out.config;
    if (const auto value = root.find("description")) out.description = value->string();
    if (const auto value = root.find("platform")) out.platform = value->word();
    if (const auto value = root.find("env"))
      for (auto& variable : read_env(*value)) config.env.push_back(std::move(variable));
    if (const auto value = root.find("labels"))
      for (auto& [name, text] : read_labels(*value, substitution)) config.labels[name] = std::move(text);
    if (const auto value = root.find("user")) config.user = value->word();
    if (const auto value = root.find("workdir")) config.working_dir = value->word();
    if (const auto value = root.find("entrypoint")) config.entrypoint = words(*value);
    if (const auto value = root.find("cmd")) config.cmd = words(*value);
    if (const auto value = root.find("ports"))
      for (auto& port : value->strings()) config.ports.push_back(std::move(port));
    if (const auto value = root.find("volumes"))
      for (auto& volume : value->strings()) config.volumes.push_back(std::move(volume));
    if (const auto value = root.find("stop-signal")) config.stop_signal = value->word();
    if (const auto value = root.find("tests"))
      for (auto& test : read_tests(*value)) out.tests.push_back(std::move(test));
  }

  const Variables& set_;
  std::set<std::string> known_;
};

}  // namespace

ImageFile read_image_file(const std::filesystem::path& directory, const Variables& set) { return Reader(set).read(directory); }

}  // namespace cairn::recipe
