// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/s2i_builder.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/git.hpp>
#include <cairn/build/source.hpp>
#include <cairn/image/edit.hpp>
#include <cairn/recipe/s2i_environment.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cairn::build {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view scripts_label = "io.openshift.s2i.scripts-url";
constexpr std::string_view old_scripts_label = "io.s2i.scripts-url";
constexpr std::string_view destination_label = "io.openshift.s2i.destination";
constexpr std::string_view old_destination_label = "io.s2i.destination";
constexpr std::string_view user_label = "io.openshift.s2i.assemble-user";
constexpr std::string_view default_scripts = "image:///usr/libexec/s2i";  // as S2I takes it when the builder says nothing
constexpr std::string_view inside = "image://";
constexpr std::string_view on_machine = "file://";
constexpr std::string_view lock_and_source = "lock-and-source";
constexpr std::string_view build_prefix = "io.openshift.s2i.build.";

std::string label_of(const image::Image& image, std::string_view name, std::string_view old_name = {})
{
  const auto& labels = image.config.labels;
  if (const auto found = labels.find(std::string(name)); found != labels.end() && !found->second.empty()) return found->second;
  const auto found = labels.find(std::string(old_name));
  return found == labels.end() ? std::string() : found->second;
}

/// Of the commit, where nothing was changed since: a label may not lie. Nothing for what is no checkout.
std::map<std::string, std::string> commit_labels(const fs::path& directory, const Task& task)
{
  if (!try_git(directory, {"status", "--porcelain", "--", "."}, task).empty()) return {};
  auto said = try_git(directory, {"log", "-1", "--format=%H%n%an <%ae>%n%cI%n%s"}, task);
  if (said.empty()) return {};
  std::map<std::string, std::string> out;
  for (const auto* name : {"commit.id", "commit.author", "commit.date", "commit.message"}) {
    const auto end = std::min(said.find('\n'), said.size());
    out.emplace(fmt::format("{}{}", build_prefix, name), said.substr(0, end));
    said.erase(0, end + 1);
  }
  return out;
}

}  // namespace

S2iBuild::S2iBuild(const Project& project, const image::Image& builder) : project_(project), builder_(builder)
{
  url_ = project.wishes.scripts_url;
  if (url_.starts_with(on_machine)) {
    own_ = url_.substr(on_machine.size());
    if (!fs::exists(own_ / "assemble")) throw Error(Errc::not_found, fmt::format("{}: has no assemble", printable(url_)));
    url_.clear();
  } else if (url_.empty() && fs::exists(project.directory / ".s2i/bin")) {
    own_ = project.directory / ".s2i/bin";
  }
  if (url_.empty()) url_ = label_of(builder, scripts_label, old_scripts_label);
  if (url_.empty()) url_ = default_scripts;
  if (!url_.starts_with(inside))
    throw Error(Errc::unsupported, fmt::format("S2I scripts at {}: they are taken from {}PATH or {}DIR; fetch them and give --scripts-url {}DIR",
                                               printable(url_), inside, on_machine, on_machine));
  destination_ = label_of(builder, destination_label, old_destination_label);
  if (destination_.empty()) destination_ = "/tmp";
  while (destination_.size() > 1 && destination_.ends_with('/')) destination_.pop_back();
  if (!destination_.starts_with('/') || destination_ == "/")
    throw Error(Errc::bad_input, fmt::format("{}: label {} is {}, which is no directory", printable(project.wishes.builder), destination_label, printable(destination_)));
  user_ = label_of(builder, user_label);
  if (user_.empty()) user_ = builder.config.user.empty() ? "1001" : builder.config.user;
  if (user_.find(':') == std::string::npos) user_ += ":0";
  const auto environment_file = project.directory / ".s2i/environment";
  if (fs::exists(environment_file)) environment_ = recipe::read_s2i_environment(environment_file);
}

std::string S2iBuild::path(const std::string& script) const
{
  return is_own(script) ? fmt::format("{}/{}", scripts_place(), script) : fmt::format("{}/{}", url_.substr(inside.size()), script);
}

bool S2iBuild::is_own(const std::string& script) const { return !own_.empty() && fs::exists(own_ / script); }

std::map<std::string, std::string> S2iBuild::labels(const Task& task) const
{
  auto out = commit_labels(project_.directory, task);
  out[fmt::format("{}image", build_prefix)] = project_.wishes.builder;
  if (!project_.wishes.source.empty()) out[fmt::format("{}source-location", build_prefix)] = project_.wishes.source;
  if (!project_.wishes.source_directory.empty()) out[fmt::format("{}source-context-dir", build_prefix)] = project_.wishes.source_directory;
  return out;
}

std::string S2iBuild::why_assemble() const
{
  if (label_of(builder_, native_label) != lock_and_source) return fmt::format("the builder has no label {}={}", native_label, lock_and_source);
  if (!project_.wishes.scripts_url.empty()) return "--scripts-url was given";
  if (is_own("assemble")) return "the project has an assemble of its own";
  for (const auto& [name, value] : environment_) {
    constexpr std::array<std::string_view, 4> read_by_assemble{"S2I_", "PIP_", "APP_ROOT", "HOME"};
    if (std::ranges::any_of(read_by_assemble, [&name = name](std::string_view prefix) { return name.starts_with(prefix); }) ||
        value.find("${") != std::string::npos)
      return fmt::format(".s2i/environment sets {}", name);
  }
  if (found_lock(project_.directory).empty() && fs::exists(project_.directory / "Pipfile")) return "there is no lock";
  return {};
}

recipe::ImageFile S2iBuild::native_recipe(const Task& task) const
{
  const auto& directory = project_.directory;
  const auto variable = [&](std::string_view name, std::string_view otherwise) {
    return image::find_env(builder_.config.env, name).value_or(std::string(otherwise));
  };
  recipe::ImageFile out;
  out.path = directory;
  out.base_image = project_.wishes.builder;
  out.base_place = directory.native();
  const auto root = variable("APP_ROOT", app_root);
  if (const auto lock = found_lock(directory); !lock.empty()) {
    recipe::PythonStep python;
    python.lock = lock;
    python.prefix = variable("VIRTUAL_ENV", root);
    python.bytecode = recipe::Bytecode::unchecked_hash;  // as pip compiles
    out.steps.push_back({.what = std::move(python), .directory = directory.native(), .place = (directory / lock).native(), .layer = "stack"});
  }
  auto source = source_step(directory);
  source.to = variable("HOME", root + "/src");
  out.steps.push_back({.what = std::move(source), .directory = directory.native(), .place = directory.native(), .layer = "source"});
  out.config.env = environment_;
  out.config.cmd = std::vector<std::string>{path("run")};
  out.config.entrypoint = std::vector<std::string>{};
  out.config.labels = labels(task);
  return out;
}

}  // namespace cairn::build
