// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/layer_file.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::recipe {
namespace {

constexpr std::uint64_t most_stack_layers = 100;

bool is_word_character(char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_variable_name(std::string_view name)
{
  return !name.empty() && std::ranges::all_of(name, is_word_character) && !(name.front() >= '0' && name.front() <= '9');
}

/// A relative path that stays in the recipe's directory.
std::string inner_path(const Yaml& value)
{
  const auto& text = value.word();
  const auto path = std::filesystem::path(text).lexically_normal();
  if (path.is_absolute() || path.native().starts_with("..")) value.fail(fmt::format("{} leads out of the recipe's directory", printable(text)));
  return text;
}

std::string absolute_path(const Yaml& value)
{
  const auto& text = value.word();
  const std::filesystem::path path(text);
  if (!path.is_absolute() || path.lexically_normal() != path) value.fail(fmt::format("{} is no plain absolute path", printable(text)));
  return text;
}

FilesStep read_files(const Yaml& step)
{
  step.check_keys({"files", "to", "group-writable", "exclude"});
  FilesStep out;
  out.from = inner_path(step.at("files"));
  out.to = absolute_path(step.at("to"));
  if (const auto writable = step.find("group-writable")) out.is_group_writable = writable->boolean();
  if (const auto exclude = step.find("exclude")) out.excludes = exclude->strings();
  return out;
}

PythonStep read_python(const Yaml& step)
{
  step.check_keys({"python", "prefix", "venv", "bytecode", "groups", "layers"});
  PythonStep out;
  out.lock = inner_path(step.at("python"));
  out.prefix = absolute_path(step.at("prefix"));
  if (const auto venv = step.find("venv")) out.makes_venv = venv->boolean();
  if (const auto bytecode = step.find("bytecode")) {
    const auto& text = bytecode->string();
    if (text == "unchecked-hash") out.bytecode = Bytecode::unchecked_hash;
    else if (text != "none") bytecode->fail("neither 'none' nor 'unchecked-hash'");
  }
  if (const auto groups = step.find("groups")) out.groups = groups->strings();
  if (const auto layers = step.find("layers")) out.layers = layers->uint64(1, most_stack_layers);
  return out;
}

PackagesStep read_packages(const Yaml& step)
{
  step.check_keys({"packages"});
  PackagesStep out;
  for (const auto& package : step.at("packages").list()) {
    const auto& text = package.word();
    if (text.front() == '-' || text.find_first_of(" \t\n;|&$`'\"\\<>") != std::string::npos)
      package.fail(fmt::format("{} is no name of a package", printable(text)));
    out.packages.push_back(text);
  }
  if (out.packages.empty()) step.at("packages").fail("an empty list");
  return out;
}

RunStep read_run(const Yaml& step)
{
  step.check_keys({"run", "network"});
  RunStep out;
  out.script = step.at("run").word();
  if (const auto network = step.find("network")) out.has_network = network->boolean();
  return out;
}

ModulesStep read_modules(const Yaml& step, const Substitution& variables)
{
  step.check_keys({"modules", "only", "collection"});
  ModulesStep out;
  out.library = variables.of(step.at("modules"));
  if (out.library.empty()) step.at("modules").fail("empty: the name of a library is wanted");
  if (const auto only = step.find("only")) out.modules = only->strings();
  if (const auto collection = step.find("collection")) out.collection = inner_path(*collection);
  if (!out.modules.empty() && !out.collection.empty()) step.at("collection").fail("'only' is there too: give one of them");
  return out;
}

/// What a step reads is there.
void check_sources(const Yaml& step, const Step& made)
{
  const auto check = [&](const char* key, const std::string& path) {
    if (!path.empty() && !std::filesystem::exists(std::filesystem::path(made.directory) / path))
      step.at(key).fail(fmt::format("{}: no such file or directory", printable((std::filesystem::path(made.directory) / path).lexically_normal().native())));
  };
  if (const auto* files = std::get_if<FilesStep>(&made.what)) check("files", files->from);
  if (const auto* python = std::get_if<PythonStep>(&made.what)) check("python", python->lock);
  if (const auto* modules = std::get_if<ModulesStep>(&made.what)) check("collection", modules->collection);
}

}  // namespace

std::string Substitution::of(const Yaml& value) const
{
  const std::string_view text = value.string();
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') {
      out += text[i];
    } else if (text.substr(i, 2) == "$$") {
      out += text[i++];
    } else if (text.substr(i, 2) == "${") {
      const auto end = text.find('}', i);
      const auto name = text.substr(i + 2, end == std::string_view::npos ? end : end - i - 2);
      if (end == std::string_view::npos || !is_variable_name(name)) value.fail(fmt::format("{} is no ${{NAME}}", printable(text.substr(i))));
      const auto found = variables_.find(std::string(name));
      if (found == variables_.end()) value.fail(fmt::format("variable {} is not set; add it to 'variables' or give --set {}=…", name, name));
      out += found->second;
      i = end;
    } else {
      value.fail("a lone '$'; write ${NAME} for a variable, $$ for a dollar");
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> read_env(const Yaml& env)
{
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [name, value] : env.map()) {
    if (!is_variable_name(name)) value.fail(fmt::format("{} is no name of a variable", printable(name)));
    out.emplace_back(name, value.string());
  }
  return out;
}

std::map<std::string, std::string> read_labels(const Yaml& labels, const Substitution& variables)
{
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : labels.map()) out[name] = variables.of(value);
  return out;
}

std::vector<ImageTest> read_tests(const Yaml& tests)
{
  std::vector<ImageTest> out;
  for (const auto& test : tests.list()) {
    test.check_keys({"name", "command"});
    ImageTest one{test.at("name").word(), {}, test.place()};
    for (const auto& word : test.at("command").list()) one.command.push_back(word.string());
    if (one.command.empty()) test.at("command").fail("an empty list");
    out.push_back(std::move(one));
  }
  return out;
}

Step read_step(const Yaml& step, const std::filesystem::path& directory, const std::string& layer, const Substitution& variables)
{
  std::string_view kind;
  for (const auto one : step_kinds) {
    if (!step.find(one)) continue;
    if (!kind.empty()) step.fail(fmt::format("'{}' and '{}' in one step; make two of them", kind, one));
    kind = one;
  }
  Step out;
  out.directory = directory.native();
  out.place = step.place();
  out.layer = layer.empty() ? std::string(kind) : layer;
  if (kind == "files") out.what = read_files(step);
  else if (kind == "python") out.what = read_python(step);
  else if (kind == "packages") out.what = read_packages(step);
  else if (kind == "run") out.what = read_run(step);
  else if (kind == "modules") out.what = read_modules(step, variables);
  else {
    step.check_keys({"files", "python", "packages", "run", "modules"});  // names a near one
    step.fail("no step: 'files', 'python', 'packages', 'run' or 'modules' is wanted");
  }
  check_sources(step, out);
  return out;
}

LayerFile read_layer_file(const std::filesystem::path& directory, const Substitution& variables)
{
  const auto document = YamlDocument::read(directory / layer_file_name);
  const auto root = document.root();
  root.check_keys({"description", "env", "labels", "steps", "tests"});
  LayerFile out;
  if (const auto description = root.find("description")) out.description = description->string();
  if (const auto env = root.find("env")) out.env = read_env(*env);
  if (const auto labels = root.find("labels")) out.labels = read_labels(*labels, variables);
  if (const auto tests = root.find("tests")) out.tests = read_tests(*tests);
  const auto name = std::filesystem::absolute(directory).lexically_normal().filename();
  if (const auto steps = root.find("steps"))
    for (const auto& step : steps->list()) out.steps.push_back(read_step(step, directory, name.native(), variables));
  return out;
}

}  // namespace cairn::recipe
