// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/s2i.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/container.hpp>
#include <cairn/build/key.hpp>
#include <cairn/build/network.hpp>
#include <cairn/build/records.hpp>
#include <cairn/build/tree_digest.hpp>
#include <cairn/image/copy.hpp>
#include <cairn/image/rebase.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/recipe/s2i_environment.hpp>
#include <cairn/store/layer_target.hpp>

#include <fmt/format.h>

namespace cairn::build {
namespace {

namespace fs = std::filesystem;
using Variables = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view scripts_label = "io.openshift.s2i.scripts-url";
constexpr std::string_view user_label = "io.openshift.s2i.assemble-user";
constexpr std::string_view build_label = "io.openshift.s2i.build.image";
constexpr std::string_view default_scripts = "image:///usr/libexec/s2i";  // as S2I takes it when the builder says nothing
constexpr std::string_view inside = "image://";

std::string label_of(const image::Image& image, std::string_view name)
{
  const auto found = image.config.labels.find(std::string(name));
  return found == image.config.labels.end() ? std::string() : found->second;
}

/// Where `assemble` and `run` are in the container: --scripts-url, .s2i/bin, the builder's label, in this order.
class Scripts {
public:
  Scripts(const Project& project, const image::Image& builder)
  {
    url_ = project.wishes.scripts_url;
    if (url_.empty()) own_ = project.directory / ".s2i/bin";
    if (url_.empty()) url_ = label_of(builder, scripts_label);
    if (url_.empty()) url_ = default_scripts;
    if (!url_.starts_with(inside))
      throw Error(Errc::unsupported, fmt::format("S2I scripts at {}: only {}PATH is known", printable(url_), inside));
  }
  [[nodiscard]] std::string path(const std::string& script) const
  {
    if (is_own(script)) return "/tmp/scripts/" + script;
    return url_.substr(inside.size()) + "/" + script;
  }
  [[nodiscard]] bool is_own(const std::string& script) const { return !own_.empty() && fs::exists(own_ / script); }

private:
  fs::path own_;
  std::string url_;
};

/// The builder with source and scripts on top, as assemble finds them.
image::Image with_source(const image::Image& builder, const Project& project, const Scripts& scripts, const BuildSettings& settings,
                         store::Store& store, const Task& task)
{
  std::vector<image::Layer> layers;
  const auto add = [&](const fs::path& from, const std::string& to, std::vector<std::string> excludes) {
    const image::DirectoryRules rules{.modes = image::Modes::group_writable, .excludes = std::move(excludes), .made_by = "cairn build: source"};
    store::StoreTarget target(store);
    layers.push_back(image::layer_of_directory(from, to, rules, settings.layer, target, task));
  };
  add(project.directory, "tmp/src", left_out(project.directory));
  if (scripts.is_own("assemble") || scripts.is_own("run")) add(project.directory / ".s2i/bin", "tmp/scripts", {});
  const auto image = image::append(builder, layers, settings.created);
  image::publish(image, store, store, task);
  return image;
}

std::string user_of(const image::Image& builder)
{
  auto user = label_of(builder, user_label);
  if (user.empty()) user = builder.config.user.empty() ? "1001" : builder.config.user;
  return user.find(':') == std::string::npos ? user + ":0" : user;
}

StepLayers assemble(const image::Image& builder, const Project& project, const Scripts& scripts, const Variables& environment,
                    const BuildSettings& settings, store::Store& store, const Task& task)
{
  const auto image = with_source(builder, project, scripts, settings, store, task);
  ContainerStep step;
  step.title = fmt::format("{}: assemble", project.directory.native());
  step.arguments = {"/bin/sh", "-c", "umask 0002; exec \"$@\"", "sh", scripts.path("assemble")};
  step.user = user_of(builder);
  step.working_dir = builder.config.working_dir.empty() ? "/" : builder.config.working_dir;
  const TempDir network;
  give_network(step, network.path());
  for (const auto& entry : builder.config.env) step.env.push_back(image::split_env(entry));
  for (const auto& [name, value] : environment) step.env.emplace_back(name, value);
  auto made = run_in_container(image, step, store, {.isolation = settings.isolation, .layer = settings.layer}, task);
  StepLayers out;
  if (made.layer) {
    made.layer->made_by = "cairn build: S2I assemble";
    out.layers.push_back(std::move(*made.layer));
  }
  // Own scripts stay: `run` is one of them.
  if (scripts.is_own("run")) {
    const image::DirectoryRules rules{.modes = image::Modes::group_writable, .excludes = {}, .made_by = "cairn build: S2I scripts"};
    store::StoreTarget target(store);
    out.layers.push_back(image::layer_of_directory(project.directory / ".s2i/bin", "tmp/scripts", rules, settings.layer, target, task));
  }
  return out;
}

StepReport report_of(const std::string& kind, const StepLayers& made, bool was_made)
{
  StepReport report{.layer = kind, .kind = kind, .place = kind};
  report.was_made = was_made;
  report.why = was_made ? "what it reads is new" : "what it reads is as it was";
  report.layers = made.layers.size();
  for (const auto& layer : made.layers) report.bytes += layer.descriptor.size_bytes;
  return report;
}

}  // namespace

Built build_containerfile(const Project& project, const BuildSettings& settings, store::Store& store, const Task& task)
{
  const auto hold = store.hold(LockMode::shared, task);
  recipe::BaseFile base;
  base.directory = project.directory;
  base.source = recipe::ContainerfileBase{project.wishes.containerfile};
  const BaseSettings base_settings{.package_cache = settings.package_cache,
                                   .compression = settings.layer.compression,
                                   .threads = settings.layer.threads,
                                   .created = settings.created};
  const Records records(store);
  const auto key = Key("containerfile").add(base_key(base, {}, base_settings)).finish();
  const auto known = settings.uses_records ? records.find_image(key) : std::nullopt;
  Built out;
  out.unchanged = known.has_value();
  out.image = known ? image::load(store, known->manifest) : build_base(base, {}, store, base_settings, task);
  records.keep_image(key, {.manifest = out.image.descriptor});
  if (!settings.tag.empty()) store.tag(settings.tag, out.image.descriptor, task);
  StepReport report{.layer = project.wishes.containerfile, .kind = "containerfile", .place = project.directory.native()};
  report.was_made = !known;
  report.why = known ? "neither the file nor the directory changed" : "the file or the directory is new";
  report.layers = out.image.manifest.layers.size();
  for (const auto& layer : out.image.manifest.layers) report.bytes += layer.size_bytes;
  out.steps.push_back(std::move(report));
  return out;
}

Built build_s2i(const Project& project, const BuildSettings& settings, const Surroundings& surroundings, store::Store& store, const Task& task)
{
  const auto hold = store.hold(LockMode::shared, task);
  const auto opened = surroundings.open(project.wishes.builder);
  const auto builder = image::load(*opened.blobs, opened.manifest);
  image::copy_image(*opened.blobs, builder, store, task.step("builder"));
  const Scripts scripts(project, builder);
  const auto environment_file = project.directory / ".s2i/environment";
  const auto environment = fs::exists(environment_file) ? recipe::read_s2i_environment(environment_file) : Variables();

  const Records records(store);
  Key key("s2i");
  key.add(builder.descriptor.digest.str()).add(scripts.path("assemble")).add(user_of(builder)).add(settings.created);
  key.add(TreeDigests(store.cache("trees")).of(project.directory, left_out(project.directory)));
  for (const auto& [name, value] : environment) key.add(name).add(value);
  const auto text = key.finish();
  auto made = settings.uses_records ? records.find_step(text) : std::nullopt;
  const bool was_known = made.has_value();
  if (!made) {
    made = assemble(builder, project, scripts, environment, settings, store, task);
    records.keep_step(text, *made);
  }

  image::ConfigChanges changes;
  for (const auto& [name, value] : environment) changes.set_env.emplace_back(name, value);
  changes.cmd = std::vector<std::string>{scripts.path("run")};
  changes.entrypoint = std::vector<std::string>{};
  changes.labels.set[std::string(build_label)] = project.wishes.builder;
  Built out;
  out.image = image::mutate(image::append(builder, made->layers, settings.created), changes,
                            {.created = settings.created, .created_by = "cairn build: S2I", .comment = {}, .empty_layer = true});
  out.image = image::with_base(out.image, {.name = {}, .digest = builder.descriptor.digest});
  image::publish(out.image, store, store, task);
  if (!settings.tag.empty()) store.tag(settings.tag, out.image.descriptor, task);
  out.unchanged = was_known;
  out.steps.push_back(report_of("assemble", *made, !was_known));
  return out;
}

}  // namespace cairn::build
