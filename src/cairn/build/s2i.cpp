// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/s2i.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/container.hpp>
#include <cairn/build/container_storage.hpp>
#include <cairn/build/key.hpp>
#include <cairn/build/network.hpp>
#include <cairn/build/records.hpp>
#include <cairn/build/source.hpp>
#include <cairn/build/tree_digest.hpp>
#include <cairn/image/copy.hpp>
#include <cairn/image/rebase.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/store/layer_target.hpp>

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include <fcntl.h>

namespace cairn::build {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view metadata_file = "/tmp/.s2i/image_metadata.json";

/// One run of assemble: what lies below it, the run, and what of it stays.
class Assembling {
public:
  Assembling(const Project& project, const S2iBuild& s2i, const image::Image& builder, const BuildSettings& settings, store::Store& store, const Task& task)
      : project_(project), s2i_(s2i), builder_(builder), settings_(settings), store_(store), task_(task)
  {
  }

  StepLayers run()
  {
    StepLayers out;
    std::vector<image::Layer> below;
    if (project_.wishes.is_incremental)
      if (auto saved = saved_artifacts(out.notes)) below.push_back(std::move(*saved));
    below.push_back(directory_layer(project_.directory, s2i_.source_place(), left_out(project_.directory), "cairn build: source"));
    if (!s2i_.own_scripts().empty()) below.push_back(scripts_layer());
    const auto image = image::append(builder_, below, settings_.created);
    image::publish(image, store_, store_, task_);

    auto step = container_step("assemble");
    step.arguments = {"/bin/sh", "-c", "umask 0002; exec \"$@\"", "sh", s2i_.path("assemble")};
    step.scratch = {s2i_.source_place(), s2i_.scripts_place(), s2i_.artifacts_place()};
    step.wanted_file = metadata_file;
    const TempDir network;
    give_network(step, network.path());
    auto made = run_in_container(image, step, store_, {.isolation = settings_.isolation, .layer = settings_.layer}, task_);
    if (made.layer) {
      made.layer->made_by = "cairn build: S2I assemble";
      out.layers.push_back(std::move(*made.layer));
    }
    // Own scripts stay: `run` is one of them.
    if (s2i_.is_own("run")) out.layers.push_back(scripts_layer());
    if (made.file) read_labels(*made.file, out.labels);
    return out;
  }

private:
  [[nodiscard]] image::Layer directory_layer(const fs::path& from, const std::string& to, std::vector<std::string> excludes, std::string made_by) const
  {
    const image::DirectoryRules rules{.modes = image::Modes::group_writable, .excludes = std::move(excludes), .made_by = std::move(made_by)};
    store::StoreTarget target(store_);
    return image::layer_of_directory(from, layer::archive_prefix(to), rules, settings_.layer, target, task_);
  }
  [[nodiscard]] image::Layer scripts_layer() const { return directory_layer(s2i_.own_scripts(), s2i_.scripts_place(), {}, "cairn build: S2I scripts"); }

  [[nodiscard]] ContainerStep container_step(std::string_view name) const
  {
    ContainerStep step;
    step.title = fmt::format("{}: {}", printable(project_.directory.native()), name);
    step.user = s2i_.user();
    step.working_dir = builder_.config.working_dir.empty() ? "/" : builder_.config.working_dir;
    for (const auto& entry : builder_.config.env) step.env.push_back(image::split_env(entry));
    for (const auto& [name_of, value] : s2i_.environment()) step.env.emplace_back(name_of, value);
    return step;
  }

  /// What save-artifacts of the image that has the tag now gives, as a layer below assemble. Nothing without such an image; a script that
  /// fails is a note, as it is for S2I: artifacts save time, and nothing else.
  std::optional<image::Layer> saved_artifacts(std::vector<std::string>& notes) const
  {
    std::optional<image::Image> previous;
    try {
      previous = image::load(store_, store_.resolve(settings_.tag));
    } catch (const Error& error) {
      if (error.code() != Errc::not_found) throw;
      return std::nullopt;
    }
    if (s2i_.is_own("save-artifacts")) {
      previous = image::append(*previous, {scripts_layer()}, settings_.created);
      image::publish(*previous, store_, store_, task_);
    }
    auto step = container_step("save-artifacts");
    step.arguments = {"/bin/sh", "-euc", R"(mkdir -p "$1"; [ -x "$2" ] || exit 0; "$2" >"$1.tar"; tar -C "$1" -xf "$1.tar"; rm "$1.tar")", "sh",
                      s2i_.artifacts_place(), s2i_.path("save-artifacts")};
    try {
      const auto container = run_step(*previous, step, store_, settings_.isolation, task_);
      // Beneath the container, whose links lead nowhere here.
      const auto root = open_root(container->mount());
      const auto artifacts = open_beneath(root.get(), layer::archive_prefix(s2i_.artifacts_place()), O_PATH | O_DIRECTORY, s2i_.artifacts_place());
      return directory_layer(fmt::format("/proc/self/fd/{}", artifacts.get()), s2i_.artifacts_place(), {}, "cairn build: S2I artifacts");
    } catch (const Error& error) {
      if (error.code() != Errc::tool) throw;
      notes.push_back(fmt::format("built without what an earlier image saved: {}", error.what()));
      return std::nullopt;
    }
  }

  /// `{"labels": [{"name": "value"}]}` (openshift/source-to-image docs/new_labels.md).
  void read_labels(const std::string& text, std::map<std::string, std::string>& labels) const
  {
    try {
      const auto document = oci::JsonDocument::parse(text, std::string(metadata_file));
      for (const auto one : document.root().at("labels").array())
        for (const auto member : one.object()) labels[std::string(member.key())] = member.string();
    } catch (const Error& error) {
      throw Error(Errc::bad_input, fmt::format("{}: assemble left labels that cannot be read: {}", printable(project_.directory.native()), error.what()));
    }
  }

  const Project& project_;
  const S2iBuild& s2i_;
  const image::Image& builder_;
  const BuildSettings& settings_;
  store::Store& store_;
  const Task& task_;
};

std::string assemble_key(const Project& project, const S2iBuild& s2i, const image::Image& builder, const BuildSettings& settings, store::Store& store)
{
  TreeDigests trees(store.cache("trees"));
  Key key("s2i");
  key.add(builder.descriptor.digest.str()).add(s2i.path("assemble")).add(s2i.user()).add(settings.created);
  key.add(trees.of(project.directory, left_out(project.directory)));
  key.add(s2i.own_scripts().empty() ? std::string() : trees.of(s2i.own_scripts(), {}));
  for (const auto& [name, value] : s2i.environment()) key.add(name).add(value);
  return key.finish();
}

StepReport report_of(const StepLayers& made, bool was_made, const std::string& place, std::string why, std::chrono::steady_clock::time_point begin)
{
  StepReport report{.layer = "assemble", .kind = "assemble", .place = place};
  report.was_made = was_made;
  report.why = std::move(why);
  report.layers = made.layers.size();
  report.time = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  for (const auto& layer : made.layers) report.bytes += layer.descriptor.size_bytes;
  return report;
}

}  // namespace

Built build_s2i(const Project& project, const BuildSettings& settings, const Surroundings& surroundings, store::Store& store, const Task& task)
{
  const auto opened = surroundings.open(project.wishes.builder);
  const auto builder = image::load(*opened.blobs, opened.manifest);
  const S2iBuild s2i(project, builder);
  const auto why = s2i.why_assemble();
  if (why.empty()) return build(s2i.native_recipe(task), settings, surroundings, store, task);

  const auto hold = store.hold(LockMode::shared, task);
  const auto begin = std::chrono::steady_clock::now();
  image::copy_image(*opened.blobs, builder, store, task.step("builder"));
  const Records records(store);
  const auto key = assemble_key(project, s2i, builder, settings, store);
  auto made = settings.uses_records ? records.find_step(key) : std::nullopt;
  const bool was_known = made.has_value();
  if (!made) {
    made = Assembling(project, s2i, builder, settings, store, task).run();
    records.keep_step(key, *made);
  }

  image::ConfigChanges changes;
  for (const auto& [name, value] : s2i.environment()) changes.set_env.emplace_back(name, value);
  changes.cmd = std::vector<std::string>{s2i.path("run")};
  changes.entrypoint = std::vector<std::string>{};
  for (const auto& [name, value] : s2i.labels(task)) changes.labels.set[name] = value;
  for (const auto& [name, value] : made->labels) changes.labels.set[name] = value;
  Built out;
  out.image = image::mutate(image::append(builder, made->layers, settings.created), changes,
                            {.created = settings.created, .created_by = "cairn build: S2I", .comment = {}, .empty_layer = true});
  out.image = image::with_base(out.image, {.name = {}, .digest = builder.descriptor.digest});
  image::publish(out.image, store, store, task);
  if (!settings.tag.empty()) store.tag(settings.tag, out.image.descriptor, task);
  out.unchanged = was_known;
  out.notes = made->notes;
  out.steps.push_back(report_of(*made, !was_known, project.directory.native(),
                                fmt::format("{}; it has to run: {}", was_known ? "what it reads is as it was" : "what it reads is new", why), begin));
  return out;
}

}  // namespace cairn::build
