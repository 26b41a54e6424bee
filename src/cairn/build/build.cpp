// SPDX-License-Identifier: Apache-2.0
//
// In the order of `Building::run`: the base, keys of native steps, is the whole known, make native steps side by side and meanwhile lay all
// on the base in order (containers need what is below them), config, publish.
#include <cairn/build/build.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/base_tree.hpp>
#include <cairn/build/config.hpp>
#include <cairn/build/key.hpp>
#include <cairn/build/layer_difference.hpp>
#include <cairn/build/network.hpp>
#include <cairn/build/package_step.hpp>
#include <cairn/build/python_step.hpp>
#include <cairn/build/records.hpp>
#include <cairn/build/side_by_side.hpp>
#include <cairn/build/tree_digest.hpp>
#include <cairn/build/tool.hpp>
#include <cairn/image/copy.hpp>
#include <cairn/image/rebase.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/library/bake.hpp>
#include <cairn/library/collection.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/parallel.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/store/layer_target.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

namespace cairn::build {
namespace {

constexpr std::uint64_t collection_limit_bytes = std::uint64_t{1} << 20;
constexpr std::size_t shown_paths = 10;
using Clock = std::chrono::steady_clock;

std::filesystem::path path_in(const recipe::Step& step, const std::string& path) { return std::filesystem::path(step.directory) / path; }

/// A library, and where its blobs are.
struct ShelvedLibrary {
  Opened at;
  library::Library library;
};

/// One step on its way.
struct Work {
  const recipe::Step* step = nullptr;
  std::string key;                 ///< of native steps; of others once what lies below is there
  std::optional<StepLayers> made;  ///< of files and python
  std::optional<ShelvedLibrary> library;  ///< of modules
  StepReport report;
};

class Building {
public:
  Building(const recipe::ImageFile& recipe, const BuildSettings& settings, const Surroundings& surroundings, store::Store& store, const Task& task)
      : recipe_(recipe), settings_(settings), surroundings_(surroundings), store_(store), task_(task), records_(store), trees_(store.cache("builds"))
  {
  }

  Built run()
  {
    const auto hold = store_.hold(LockMode::shared, task_);
    refuse_unpinned();
    require_buildah();
    find_base();
    prepare();
    check_python();
    const auto key = image_key();
    if (settings_.uses_records) {
      if (const auto known = records_.find_image(key)) return unchanged(*known);
    }
    auto image = make_all();
    image::publish(image, store_, store_, task_);
    KnownImage made{image.descriptor};
    for (const auto& work : works_) made.steps.push_back({work.report.layers, work.report.bytes});
    records_.keep_image(key, made);
    return finish(std::move(image));
  }

private:
  Built finish(image::Image image)
  {
    if (!settings_.tag.empty()) store_.tag(settings_.tag, image.descriptor, task_);
    built_.image = std::move(image);
    built_.steps.push_back(base_report_);
    for (auto& work : works_) built_.steps.push_back(std::move(work.report));
    return std::move(built_);
  }

  Built unchanged(const KnownImage& known)
  {
    built_.unchanged = true;
    for (std::size_t i = 0; i < works_.size(); ++i) {
      auto& report = works_[i].report;
      report.why = why_known(*works_[i].step);
      if (i >= known.steps.size()) continue;
      report.layers = known.steps[i].layers;
      report.bytes = known.steps[i].bytes;
    }
    return finish(image::load(store_, known.manifest));
  }

  void refuse_unpinned() const
  {
    if (!settings_.is_locked) return;
    const auto found = unpinned(recipe_);
    if (!found.empty()) throw Error(Errc::bad_input, fmt::format("--locked: {}{}", found.front(), found.size() == 1 ? "" : fmt::format("; and {} more", found.size() - 1)));
  }

  /// Missing tools are said before anything is made.
  void require_buildah() const
  {
    std::vector<std::string> places;
    for (const auto& step : recipe_.steps)
      if (recipe::runs_in_container(step)) places.push_back(step.place);
    if (!places.empty()) require_tool("buildah", "buildah", fmt::format("{}", fmt::join(places, ", ")));
  }

  // 1. The base.

  void find_base()
  {
    const auto begin = Clock::now();
    base_report_ = {.layer = "base", .kind = "base", .place = recipe_.base_place, .why = "what it reads is as it was"};
    in_context([&] { return recipe_.base_place; }, [&] { recipe_.base_image.empty() ? build_own_base() : take_base(); });
    if (!recipe_.platform.empty()) check_platform(image::parse_platform(recipe_.platform));
    has_another_base_ = is_another_base();
    if (has_another_base_) base_report_.why += base_report_.why.empty() ? "another than before" : ", another than before";
    base_report_.layers = base_.manifest.layers.size();
    for (const auto& layer : base_.manifest.layers) base_report_.bytes += layer.size_bytes;
    base_report_.time = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
  }

  /// Than that of the image which has the tag now.
  [[nodiscard]] bool is_another_base() const
  {
    if (settings_.tag.empty()) return false;
    try {
      const auto before = image::load(store_, store_.resolve(settings_.tag));
      const auto found = before.manifest.annotations.find(std::string(image::annotation::base_digest));
      return found != before.manifest.annotations.end() && found->second != base_.descriptor.digest.str();
    } catch (const Error&) {
      return false;  // none, or nothing of ours
    }
  }

  void take_base()
  {
    const auto opened = surroundings_.open(recipe_.base_image);
    auto manifest = opened.manifest;
    if (!recipe_.platform.empty()) manifest = image::select(*opened.blobs, manifest, image::parse_platform(recipe_.platform));
    base_ = image::load(*opened.blobs, manifest);
    base_name_ = recipe_.base_image.starts_with("docker://") ? recipe_.base_image.substr(9) : std::string();
    if (store_.has(base_.descriptor) && std::ranges::all_of(base_.manifest.layers, [&](const auto& layer) { return store_.has(layer); })) return;
    base_report_.was_made = true;
    base_report_.why = "the store had not all of it";
    image::copy_image(*opened.blobs, base_, store_, task_.step("base"));
  }

  void build_own_base()
  {
    const auto file = recipe::BaseFile::read(recipe_.base_directory);
    if (const auto* reference = std::get_if<recipe::ImageBase>(&file.source)) {
      const auto opened = surroundings_.open(reference->reference);
      image::copy_image(*opened.blobs, image::load(*opened.blobs, opened.manifest), store_, task_.step("base"));
    }
    const BaseSettings settings{.package_cache = settings_.package_cache,
                                .compression = settings_.layer.compression,
                                .threads = settings_.layer.threads,
                                .created = settings_.created};
    const bool has_packages = std::holds_alternative<recipe::DebianBase>(file.source);
    auto lock = has_packages ? recipe::BaseLock::read(recipe_.base_directory) : recipe::BaseLock();
    if (!lock) {
      lock = lock_base(file, settings, task_);
      built_.notes.push_back(fmt::format("{}: no {}, made of what there is today; cairn base lock keeps it", recipe_.base_directory, recipe::base_lock_name));
    }
    base_report_.was_made = true;
    base_report_.why = "";
    const auto key = Key("base").add(base_key(file, *lock, settings)).finish();
    if (const auto known = settings_.uses_records ? records_.find_image(key) : std::nullopt) {
      base_ = image::load(store_, known->manifest);
      base_report_.was_made = false;
      base_report_.why = "what it reads is as it was";
      return;
    }
    base_report_.why = "its definition or its lock is new";
    base_ = build_base(file, *lock, store_, settings, task_.step("base"));
    records_.keep_image(key, {base_.descriptor});
  }

  void check_platform(const oci::Platform& wanted) const
  {
    const auto& found = base_.config.platform;
    if (found.os != wanted.os || found.architecture != wanted.architecture)
      throw Error(Errc::bad_input, fmt::format("{}: the base is for {}/{}, 'platform' says {}", recipe_.base_place, found.os, found.architecture,
                                               recipe_.platform));
  }

  // 2. Keys, and what would fail later.

  void prepare()
  {
    for (const auto& step : recipe_.steps) {
      Work work;
      work.step = &step;
      work.report = {.layer = step.layer, .kind = std::string(recipe::kind_of(step)), .place = step.place};
      works_.push_back(std::move(work));
    }
    const bool any_python = std::ranges::any_of(works_, [](const Work& work) { return std::holds_alternative<recipe::PythonStep>(work.step->what); });
    if (std::ranges::any_of(works_, [](const Work& work) { return std::holds_alternative<recipe::FilesStep>(work.step->what); }))
      tree_ = base_tree(base_, store_, task_);
    if (any_python) python_ = std::make_unique<PythonSteps>(base_, settings_, surroundings_, store_, task_);
    for (auto& work : works_) in_context([&] { return work.step->place; }, [&] { set_key(work); });
    for (const auto& work : works_) in_context([&] { return work.step->place; }, [&] { refuse_overlap(work); });
  }

  /// A library hides what is below its target, and nothing else belongs there.
  void refuse_overlap(const Work& work) const
  {
    const auto* files = std::get_if<recipe::FilesStep>(&work.step->what);
    const auto* python = std::get_if<recipe::PythonStep>(&work.step->what);
    const std::string place = files != nullptr ? files->to : python != nullptr ? python->prefix : std::string();
    for (const auto& other : works_) {
      if (!other.library) continue;
      const auto& target = other.library->library.document.target;
      if ((place + '/').starts_with(target + '/'))
        throw Error(Errc::bad_input, fmt::format("{} lies in {}, which is the library's of {}", printable(place), printable(target), other.step->place));
    }
  }

  /// Directories on the way to where a files step puts its content that are not as every distribution has them: the base's, and those that
  /// native steps below made for a group to write.
  [[nodiscard]] image::Directories parents_of(const recipe::Step& step) const
  {
    const auto to = resolved(std::get<recipe::FilesStep>(step.what).to, tree_.links);
    image::Directories out;
    for (std::filesystem::path path = to; path.has_relative_path(); path = path.parent_path()) {
      const auto name = path.relative_path().native();
      if (const auto found = tree_.directories.find(name); found != tree_.directories.end()) out.insert(*found);
      for (const auto& other : recipe_.steps) {
        if (&other == &step) break;
        if (is_below(path, group_writable_place(other))) out[name].mode |= 0775;
      }
    }
    return out;
  }

  /// Below which a step makes all directories writable for the group; empty: there is none.
  [[nodiscard]] std::filesystem::path group_writable_place(const recipe::Step& step) const
  {
    if (const auto* python = std::get_if<recipe::PythonStep>(&step.what)) return python->prefix;
    const auto* files = std::get_if<recipe::FilesStep>(&step.what);
    return files != nullptr && files->is_group_writable ? resolved(files->to, tree_.links) : std::string();
  }

  [[nodiscard]] static bool is_below(const std::filesystem::path& path, const std::filesystem::path& top)
  {
    return !top.empty() && std::ranges::mismatch(top, path).in1 == top.end();
  }

  /// What would fail only after other steps were made.
  void check_python()
  {
    for (const auto& work : works_) {
      if (!std::holds_alternative<recipe::PythonStep>(work.step->what)) continue;
      auto notes = in_context([&] { return work.step->place; }, [&] { return python_->check(*work.step); });
      std::ranges::move(notes, std::back_inserter(built_.notes));
    }
  }

  void set_key(Work& work)
  {
    const auto& step = *work.step;
    if (const auto* files = std::get_if<recipe::FilesStep>(&step.what)) {
      auto key = compressed_key("files");
      key.add(resolved(files->to, tree_.links)).add(files->is_group_writable ? "g" : "").add(trees_.of(path_in(step, files->from), files->excludes));
      for (const auto& [path, status] : parents_of(step)) key.add(path).add(fmt::format("{:o} {}:{}", status.mode, status.uid, status.gid));
      work.key = key.finish();
    } else if (std::holds_alternative<recipe::PythonStep>(step.what)) {
      work.key = python_->key(step);
    } else if (const auto* modules = std::get_if<recipe::ModulesStep>(&step.what)) {
      if (std::ranges::any_of(works_, [](const Work& other) { return other.library.has_value(); }))
        throw Error(Errc::bad_input, "a second library; an image has one, so bring the modules together in one");
      auto opened = surroundings_.open(modules->library);
      auto read = library::load(*opened.blobs, opened.manifest);
      const auto& library = work.library.emplace(std::move(opened), std::move(read)).library;
      // Refused now, not after the work.
      const auto& own = base_.config.platform;
      const auto& other = library.image.config.platform;
      if (own.os != other.os || own.architecture != other.architecture)
        throw Error(Errc::bad_input, fmt::format("library {} is for {}/{}, the base for {}/{}", printable(modules->library), other.os, other.architecture,
                                                 own.os, own.architecture));
      check_prefix(*modules, library.document.target);
      const auto wanted = wanted_modules(step, *modules);
      if (!wanted.empty()) static_cast<void>(library::closure(library.document, wanted));
      work.key = Key("modules").add(work.library->at.manifest.digest.str()).add(wanted).finish();
    }
  }

  /// Programs in the image find what a library says of itself by LMOD_PACKAGE_PATH.
  void check_prefix(const recipe::ModulesStep& modules, const std::string& target) const
  {
    const auto said = image::find_env(wished_env(base_.config.env, recipe_.config), "LMOD_PACKAGE_PATH");
    if (said && std::filesystem::path(*said + "/").lexically_normal() != std::filesystem::path(target + "/"))
      throw Error(Errc::bad_input, fmt::format("library {} is for {}, LMOD_PACKAGE_PATH says {}; set it in 'env' to {}/, or split with --target",
                                               printable(modules.library), target, *said, target));
  }

  [[nodiscard]] Key compressed_key(std::string_view kind) const
  {
    Key key(kind);
    key.add(name(settings_.layer.compression.codec)).add(std::to_string(settings_.layer.compression.level));
    return key;
  }

  [[nodiscard]] static std::vector<std::string> wanted_modules(const recipe::Step& step, const recipe::ModulesStep& modules)
  {
    if (modules.collection.empty()) return modules.modules;
    const auto path = path_in(step, modules.collection);
    return library::read_collection(read_small_file(path, collection_limit_bytes), printable(path.native()));
  }

  /// What of a step in a container is its own; what lies below is not.
  [[nodiscard]] static std::string own_key(const recipe::Step& step)
  {
    Key key("container");
    if (const auto* packages = std::get_if<recipe::PackagesStep>(&step.what)) key.add("packages").add(packages->packages);
    if (const auto* run = std::get_if<recipe::RunStep>(&step.what)) key.add("run").add(run->script).add(run->has_network ? "network" : "");
    return key.finish();
  }

  [[nodiscard]] std::string image_key() const
  {
    auto key = compressed_key("image");
    key.add(base_.descriptor.digest.str()).add(base_name_).add(settings_.created);
    for (const auto& work : works_) key.add(work.key.empty() ? own_key(*work.step) : work.key);
    const auto& config = recipe_.config;
    for (const auto& [name, value] : config.env) key.add(name).add(value);
    key.add("labels");
    for (const auto& [name, value] : config.labels) key.add(name).add(value);
    key.add(tests_json()).add(config.ports).add(config.volumes);
    for (const auto& text : {config.user, config.working_dir, config.stop_signal}) key.add(text ? "is " + *text : "");
    for (const auto& words : {config.entrypoint, config.cmd}) key.add(words ? "is" : "").add(words.value_or(std::vector<std::string>()));
    return key.finish();
  }

  // 3. Native steps.

  /// Native steps side by side, and beside them the containers, each as soon as what lies below it is there.
  image::Image make_all()
  {
    std::vector<Work*> wanted;
    for (auto& work : works_)
      if (std::holds_alternative<recipe::FilesStep>(work.step->what) || std::holds_alternative<recipe::PythonStep>(work.step->what)) wanted.push_back(&work);
    SideBySide makers(wanted.size(), thread_count(settings_.layer.threads), [&](std::size_t i) {
      auto& work = *wanted[i];
      const auto begin = Clock::now();
      in_context([&] { return work.step->place; }, [&] { make_native(work); });
      describe(work, work.made->layers, begin);
    });
    return compose([&](const Work& work) {
      const auto at = std::ranges::find(wanted, &work);
      if (at != wanted.end()) makers.wait_for(static_cast<std::size_t>(at - wanted.begin()));
    });
  }

  void make_native(Work& work)
  {
    if (look_up(work)) return;
    const auto step = task_.step(fmt::format("{} {}", recipe::kind_of(*work.step), work.step->layer));
    work.made = std::holds_alternative<recipe::FilesStep>(work.step->what) ? make_files(*work.step, step) : python_->make(*work.step, step);
    records_.keep_step(work.key, *work.made);
  }

  [[nodiscard]] std::string why_known(const recipe::Step& step) const
  {
    return has_another_base_ && !recipe::runs_in_container(step) ? "what it reads is as it was; rebased as it is" : "what it reads is as it was";
  }

  /// Whether the step's layers are known; the report says so.
  bool look_up(Work& work)
  {
    work.made = settings_.uses_records ? records_.find_step(work.key) : std::nullopt;
    work.report.was_made = !work.made;
    const bool in_container = recipe::runs_in_container(*work.step);
    if (work.made) work.report.why = why_known(*work.step);
    else if (!settings_.uses_records) work.report.why = "--no-cache";
    else work.report.why = has_another_base_ && in_container ? "the base below it is another: run again" : "what it reads is new";
    return work.made.has_value();
  }

  StepLayers make_files(const recipe::Step& step, const Task& task) const
  {
    const auto& files = std::get<recipe::FilesStep>(step.what);
    const image::DirectoryRules rules{.modes = files.is_group_writable ? image::Modes::group_writable : image::Modes::plain,
                                      .excludes = files.excludes,
                                      .parents = parents_of(step),
                                      .made_by = fmt::format("cairn build: files of {}", step.layer)};
    store::StoreTarget target(store_);
    const auto prefix = files.to == "/" ? std::string() : layer::archive_prefix(resolved(files.to, tree_.links));
    StepLayers out;
    out.layers.push_back(image::layer_of_directory(path_in(step, files.from), prefix, rules, settings_.layer, target, task));
    return out;
  }

  static void describe(Work& work, const std::vector<image::Layer>& layers, Clock::time_point begin)
  {
    work.report.layers = layers.size();
    for (const auto& layer : layers) work.report.bytes += layer.descriptor.size_bytes;
    work.report.time = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
  }

  // 4. All on one another.

  image::Image compose(const std::function<void(const Work&)>& wait_for)
  {
    auto image = base_;
    for (auto& work : works_) {
      wait_for(work);
      in_context([&] { return work.step->place; }, [&] {
        if (work.library) image = with_modules(image, work);
        else if (work.made) image = with_layers(image, *work.made);
        else image = with_container(image, work);
      });
      if (work.made) built_.notes.insert(built_.notes.end(), work.made->notes.begin(), work.made->notes.end());
    }
    auto wishes = recipe_.config;
    if (!recipe_.tests.empty()) wishes.labels[std::string(tests_label)] = tests_json();
    image = with_wishes(image, wishes, settings_.created);
    // Modules come last: what they need in front of MODULEPATH is set again, on top of the wishes.
    for (const auto& [name, value] : module_env_) {
      image::ConfigChanges changes;
      changes.set_env.emplace_back(name, value);
      image = image::mutate(image, changes, {.created = settings_.created, .created_by = "cairn build: modules", .comment = {}, .empty_layer = true});
    }
    return image::with_base(image, {.name = base_name_, .digest = base_.descriptor.digest});
  }

  [[nodiscard]] image::Image with_layers(const image::Image& image, const StepLayers& made) const
  {
    auto out = image::append(image, made.layers, settings_.created);
    if (made.annotations.empty()) return out;
    image::NameChanges changes;
    changes.set = made.annotations;
    return image::annotate(out, changes);
  }

  image::Image with_modules(const image::Image& image, Work& work)
  {
    const auto begin = Clock::now();
    const auto& step = std::get<recipe::ModulesStep>(work.step->what);
    const auto& [at, library] = *work.library;
    const library::BakeSettings settings{.modules = wanted_modules(*work.step, step), .created = settings_.created, .threads = settings_.layer.threads};
    // As the wishes have it: what the library puts in front of MODULEPATH stays in front.
    auto below = image;
    below.config.env = wished_env(image.config.env, recipe_.config);
    auto baked = library::bake(
        below, *at.blobs, library, settings, [&] { return std::make_unique<store::StoreTarget>(store_); },
        task_.step(fmt::format("modules {}", step.library)));
    for (const auto& layer : baked.image.manifest.layers)
      if (!store_.has(layer)) store_.take(layer, *at.blobs, task_);
    for (const auto& entry : baked.image.config.env) {
      auto variable = image::split_env(entry);
      if (image::find_env(below.config.env, variable.first) != variable.second) module_env_.push_back(std::move(variable));
    }
    work.report.was_made = baked.new_layers != 0;
    work.report.why = baked.new_layers == 0 ? "all of its layers are the library's own" : "a part of a library";
    work.report.layers = baked.kept_layers + baked.new_layers;
    work.report.bytes = baked.kept_bytes + baked.new_bytes;
    work.report.time = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    auto out = baked.image;
    out.config.env = image.config.env;
    return image::make_image(out.manifest, out.config);
  }

  image::Image with_container(const image::Image& image, Work& work)
  {
    const auto begin = Clock::now();
    const auto env = wished_env(image.config.env, recipe_.config);
    Key key("step");
    key.add(own_key(*work.step)).add(env);
    for (const auto& diff_id : image.config.diff_ids) key.add(diff_id.str());
    key.add(name(settings_.layer.compression.codec));
    work.key = key.finish();
    if (!look_up(work)) {
      const auto step_task = task_.step(fmt::format("{} {}", recipe::kind_of(*work.step), work.step->layer));
      // The container's program finds the image by its documents.
      image::publish(image, store_, store_, step_task);
      const TempDir sources;
      auto step = container_step(*work.step, sources.path(), step_task);
      for (const auto& entry : env) step.env.push_back(image::split_env(entry));
      auto made = run_in_container(image, step, store_, {.isolation = settings_.isolation, .layer = settings_.layer}, step_task);
      work.made.emplace();
      if (made.layer) {
        made.layer->made_by = fmt::format("cairn build: {} of {}", recipe::kind_of(*work.step), work.step->layer);
        work.made->layers.push_back(std::move(*made.layer));
      }
      tell_difference(work, step_task);
      records_.keep_step(work.key, *work.made);
    }
    describe(work, work.made->layers, begin);
    return with_layers(image, *work.made);
  }

  /// A step that was made before, of the same, should have given the same.
  void tell_difference(const Work& work, const Task& task)
  {
    const auto before = records_.find_step(work.key);
    if (!before || before->layers.size() != work.made->layers.size()) return;
    for (std::size_t i = 0; i < before->layers.size(); ++i) {
      const auto& one = before->layers[i].descriptor;
      const auto& other = work.made->layers[i].descriptor;
      if (one.digest == other.digest) continue;
      auto paths = differing_paths(store_, one, other, task);
      const auto count = paths.size();
      paths.resize(std::min<std::size_t>(count, shown_paths));
      built_.notes.push_back(fmt::format("{}: gave other bytes than the last time, in {} {}: {}{}", work.step->place, count, count == 1 ? "path" : "paths",
                                         fmt::join(paths, ", "), count > shown_paths ? ", …" : ""));
    }
  }

  [[nodiscard]] static ContainerStep container_step(const recipe::Step& step, const std::filesystem::path& sources, const Task& task)
  {
    if (const auto* packages = std::get_if<recipe::PackagesStep>(&step.what)) return package_step(step.place, packages->packages, sources, task);
    const auto& run = std::get<recipe::RunStep>(step.what);
    ContainerStep out{.title = step.place, .arguments = {"/bin/sh", "-eu", "-c", run.script}, .input = {}, .env = {}, .mounts = {}};
    if (run.has_network) give_network(out, sources);
    return out;
  }

  [[nodiscard]] std::string tests_json() const
  {
    if (recipe_.tests.empty()) return {};
    oci::JsonWriter json;
    json.begin_array();
    for (const auto& test : recipe_.tests) json.begin_object().member("name", test.name).member("command", test.command).end_object();
    json.end_array();
    return json.finish();
  }

  const recipe::ImageFile& recipe_;
  const BuildSettings& settings_;
  const Surroundings& surroundings_;
  store::Store& store_;
  const Task& task_;
  Records records_;
  TreeDigests trees_;
  image::Image base_;
  std::string base_name_;
  BaseTree tree_;
  std::vector<Work> works_;
  std::unique_ptr<PythonSteps> python_;
  std::vector<std::pair<std::string, std::string>> module_env_;
  StepReport base_report_;
  bool has_another_base_ = false;
  Built built_;
};

}  // namespace

Built build(const recipe::ImageFile& recipe, const BuildSettings& settings, const Surroundings& surroundings, store::Store& store, const Task& task)
{
  return Building(recipe, settings, surroundings, store, task).run();
}

}  // namespace cairn::build
