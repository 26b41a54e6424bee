// SPDX-License-Identifier: Apache-2.0
//
// In the order of `Maker::run`: is it all known, open the wheels, say where their files go, settle conflicts, plan, pack
// the layers that are not in the store yet.
#include <cairn/stack/layers.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/layer/pack.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/parallel.hpp>
#include <cairn/python/text.hpp>
#include <cairn/stack/wheel_bytes.hpp>
#include <cairn/store/layer_target.hpp>
#include <cairn/store/record_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

namespace cairn::stack {
namespace {

/// Part of every key: another number and nothing is known. Changes with the bytes that this version makes.
constexpr int format = 1;
constexpr std::uint64_t member_budget_bytes = std::uint64_t{80} << 20;
constexpr std::uint64_t record_limit_bytes = std::uint64_t{4} << 20;
constexpr std::string_view cache_name = "stacks";
constexpr std::string_view bytecode_cache_name = "bytecode";
constexpr std::string_view made_by = "cairn python: ";  ///< begins a layer's history

/// One wheel on its way.
struct Work {
  const python::Chosen* chosen = nullptr;
  std::unique_ptr<python::Wheel> wheel;
  python::Installed installed;
  std::unique_ptr<WheelBytes> bytes;
};

/// A layer that is, or will be, in the store.
struct StackLayer {
  std::string name;
  std::vector<const Work*> works;
  std::string packages;  ///< the annotation
  std::string key;
  Digest digest;
  std::uint64_t size_bytes = 0;
  Digest diff_id;
  bool is_known = false;
};

/// pip's direct_url.json (PyPA "Direct URL Data Structure") as Python's json.dumps writes it.
std::string direct_url_json(const python::Chosen& chosen)
{
  if (chosen.pin.direct_url.empty()) return {};
  oci::JsonWriter url;
  url.value(chosen.pin.direct_url.substr(0, chosen.pin.direct_url.find('#')));
  return fmt::format(R"({{"archive_info": {{"hash": "sha256={}", "hashes": {{"sha256": "{}"}}}}, "url": {}}})", chosen.digest.hex(),
                     chosen.digest.hex(), url.finish());
}

class Maker {
public:
  Maker(const std::vector<python::Chosen>& wheels, const MakeSettings& settings, store::Store& store, const Task& task)
      : wheels_(wheels), settings_(settings), store_(store), task_(task), cache_(store.cache(cache_name))
  {
  }

  StackLayers run()
  {
    const auto hold = store_.hold(LockMode::shared, task_);
    remember();
    const auto key = stack_key();
    if (find_stack(key)) return std::move(made_);
    open_wheels();
    settle();
    plan_layers();
    pack_layers();
    collect();
    keep_stack(key);
    // The next run starts from this plan, and would make the same again.
    memory_ = {};
    for (const auto& layer : layers_)
      for (const auto* work : layer.works) (layer.works.size() == 1 ? memory_.alone : memory_.sharing).insert(work->chosen->pin.name);
    keep_stack(stack_key());
    return std::move(made_);
  }

private:
  // 1. What is known.

  void remember()
  {
    if (settings_.tag.empty()) return;
    for (const auto& tag : store_.tags()) {
      if (tag.name != settings_.tag) continue;
      try {
        const auto image = image::load(store_, tag.manifest);
        const auto stack = read_stack(image.manifest);
        if (!stack || stack->prefix != settings_.install.layout.prefix) return;
        std::vector<std::size_t> counts(image.manifest.layers.size());
        for (const auto& package : stack->packages) ++counts[package.layer];
        for (const auto& package : stack->packages) (counts[package.layer] == 1 ? memory_.alone : memory_.sharing).insert(package.name);
      } catch (const Error& error) {
        log::info("previous {}: {}; planned anew", settings_.tag, error.what());
      }
    }
  }

  /// All that decides what a wheel's entries are, beside the wheel.
  [[nodiscard]] std::string settings_key() const
  {
    const auto& install = settings_.install;
    const auto& layout = install.layout;
    return fmt::format("{} {} {} {} {}\n{}\n{}\n{}\n{}\n{}\n{}\n{} {}\n", format, install.target.python(), install.target.full_version,
                       install.pip.major, install.pip.minor, layout.prefix, layout.purelib, layout.platlib, layout.scripts, layout.headers,
                       layout.interpreter, name(settings_.compression.codec), settings_.compression.level) +
           (settings_.bytecode ? fmt::format("bytecode {}\n", settings_.bytecode->digest) : "");
  }

  [[nodiscard]] static std::string wheel_key(const python::Chosen& chosen)
  {
    return fmt::format("{} {} {} {}\n", chosen.digest.hex(), chosen.wheel.file, chosen.pin.written_name, chosen.pin.direct_url);
  }

  [[nodiscard]] std::string stack_key() const
  {
    Sha256 hash;
    hash.update(settings_key());
    const auto& target = settings_.install.target;
    hash.update(fmt::format("{} {} {} {} {} {} {}\n", target.machine, target.libc == python::Libc::glibc, target.libc_major,
                            target.libc_minor, settings_.layers, settings_.on_conflict == OnConflict::pip,
                            settings_.record == RecordCheck::strict));
    for (const auto& path : settings_.replaced.files) hash.update(path + "\n");
    for (const auto& path : settings_.replaced.directories) hash.update(path + "/\n");
    for (const auto& chosen : wheels_) hash.update(wheel_key(chosen));
    // What was alone or shared matters only for the packages that are here, and only where the sizes leave a choice.
    for (const auto& chosen : wheels_)
      hash.update(memory_.alone.contains(chosen.pin.name) ? "a" : memory_.sharing.contains(chosen.pin.name) ? "s" : "n");
    return "stack-" + hash.finish().hex();
  }

  bool find_stack(const std::string& key)
  {
    StackLayers known;
    const bool found = find(key, [&](const oci::Json& json) {
      for (const auto& one : json.at("layers").array()) {
        image::Layer layer;
        layer.descriptor = image::layer_descriptor(settings_.compression.codec, one.at("digest").digest(), one.at("size").uint64());
        if (!store_.has(layer.descriptor)) return false;
        layer.diff_id = one.at("diff_id").digest();
        add_layer(known.layers, std::move(layer), one.at("kind").string(), one.text("packages"), one.at("name").string());
      }
      known.settled = json.at("settled").strings();
      known.warnings = json.at("warnings").strings();
      return true;
    });
    if (!found) return false;
    known.unchanged = true;
    known.annotations = annotations();
    known.kept_layers = known.layers.size();
    for (const auto& layer : known.layers) known.kept_bytes += layer.descriptor.size_bytes;
    made_ = std::move(known);
    return true;
  }

  template <class Use>
  bool find(const std::string& key, Use&& use)
  {
    const auto used = store::read_record(cache_ / (key + ".json"), record_limit_bytes, [&](const oci::Json& json) { return std::optional(use(json)); });
    return used.value_or(false);
  }

  template <class Write>
  void keep(const std::string& key, Write&& write)
  {
    oci::JsonWriter json;
    json.begin_object();
    write(json);
    json.end_object();
    write_file_atomically(cache_ / (key + ".json"), json.finish(), Flush::no);
  }

  void keep_stack(const std::string& key)
  {
    keep(key, [&](oci::JsonWriter& json) {
      json.begin_array("layers");
      for (const auto& layer : made_.layers) {
        const auto& annotations = layer.descriptor.annotations;
        const auto packages = annotations.find(std::string(annotation::packages));
        json.begin_object()
            .member("digest", layer.descriptor.digest)
            .member("size", layer.descriptor.size_bytes)
            .member("diff_id", layer.diff_id)
            .member("kind", annotations.at(std::string(annotation::kind)))
            .member("packages", packages == annotations.end() ? std::string() : packages->second)
            .member("name", layer.made_by.substr(made_by.size()))
            .end_object();
      }
      json.end_array().member("settled", made_.settled).member("warnings", made_.warnings);
    });
  }

  // 2. What goes where.

  void open_wheels()
  {
    const auto step = task_.step("read wheels");
    works_.resize(wheels_.size());
    parallel_for(wheels_.size(), settings_.threads, [&](std::size_t i) {
      step.check();
      auto& work = works_[i];
      work.chosen = &wheels_[i];
      work.wheel = std::make_unique<python::Wheel>(python::Wheel::open(wheels_[i].path, wheels_[i].wheel.file));
      if (settings_.record == RecordCheck::strict) check_record(*work.wheel);
      work.installed = python::plan_install(*work.wheel, wheels_[i].pin.written_name, direct_url_json(wheels_[i]), settings_.install);
      if (settings_.bytecode)
        add_bytecode(work.installed, *work.wheel, work.chosen->digest, settings_.install, *settings_.bytecode,
                     store_.cache(bytecode_cache_name), step);
    });
    const auto prefix = settings_.install.layout.prefix.substr(1) + "/";
    for (const auto& work : works_) {
      for (const auto& warning : work.wheel->warnings) made_.warnings.push_back(fmt::format("{}: {}", work.wheel->name.file, warning));
      for (const auto& file : work.installed.files)
        if (!file.path.starts_with(prefix))
          throw Error(Errc::bad_input, fmt::format("{}: {} would lie outside {}", work.wheel->name.file, printable(file.path),
                                                   settings_.install.layout.prefix));
    }
  }

  static void check_record(const python::Wheel& wheel)
  {
    auto problems = wheel.warnings;
    std::erase_if(problems, [](const std::string& text) { return !text.starts_with("RECORD"); });
    const auto hashes = python::verify_record(wheel);
    problems.insert(problems.end(), hashes.begin(), hashes.end());
    if (!problems.empty())
      throw Error(Errc::bad_input, fmt::format("{}: {}{}", wheel.name.file, problems.front(),
                                               problems.size() > 1 ? fmt::format(" (and {} more)", problems.size() - 1) : ""));
  }

  void settle()
  {
    std::vector<OwnedFiles> owned;
    for (auto& work : works_) {
      counts_.push_back(work.installed.files.size());
      owned.push_back({work.chosen->pin.name, work.wheel.get(), &work.installed.files});
    }
    made_.settled = settle_conflicts(owned, settings_.on_conflict);
    for (auto& work : works_) work.bytes = std::make_unique<WheelBytes>(*work.wheel, work.installed.files, memory_of_wheels_);
  }

  // 3. Layers.

  void plan_layers()
  {
    std::vector<PlanPackage> packages;
    for (const auto& work : works_) packages.push_back({work.chosen->pin.name, work.wheel->archive.size_bytes()});
    for (const auto& planned : plan(packages, settings_.layers, memory_)) {
      StackLayer layer;
      layer.name = planned.name;
      Sha256 hash;
      hash.update(settings_key());
      for (const auto& name : planned.packages) {
        const auto at = static_cast<std::size_t>(
            std::ranges::lower_bound(works_, name, {}, [](const Work& work) -> const std::string& { return work.chosen->pin.name; }) -
            works_.begin());
        const auto& work = works_[at];
        layer.works.push_back(&work);
        layer.packages += fmt::format("{}{}=={}", layer.packages.empty() ? "" : " ", name, work.chosen->wheel.version.str());
        hash.update(wheel_key(*work.chosen));
        if (counts_[at] != work.installed.files.size())  // something was lost to another package
          for (const auto& file : work.installed.files) hash.update(file.path + "\n");
      }
      layer.key = "layer-" + hash.finish().hex();
      layer.is_known = find(layer.key, [&](const oci::Json& json) {
        layer.digest = json.at("digest").digest();
        layer.size_bytes = json.at("size").uint64();
        layer.diff_id = json.at("diff_id").digest();
        oci::Descriptor blob;
        blob.digest = layer.digest;
        blob.size_bytes = layer.size_bytes;
        return store_.has(blob);
      });
      layers_.push_back(std::move(layer));
    }
  }

  [[nodiscard]] layer::LayerSpec spec_of(const StackLayer& stack_layer) const
  {
    layer::LayerSpec spec;
    spec.skeleton.target = settings_.install.layout.prefix;
    const auto skip = spec.skeleton.target.size();  // the slash in front and the one behind even out
    for (const auto* work : stack_layer.works) {
      layer::FragmentSpec fragment;
      fragment.bytes = work->bytes.get();
      spec.fragments.push_back(fragment);
      std::string_view last;
      for (const auto& file : work->installed.files) {
        const auto directory = std::string_view(file.path).substr(0, file.path.rfind('/'));
        if (directory != last && directory.size() > skip) spec.skeleton.directories.emplace(directory.substr(skip));
        last = directory;
      }
    }
    return spec;
  }

  void pack_layers()
  {
    std::vector<layer::LayerSpec> specs;
    std::vector<StackLayer*> packed_layers;
    std::uint64_t total = 0;
    for (auto& layer : layers_) {
      if (layer.is_known) {
        ++made_.kept_layers;
        made_.kept_bytes += layer.size_bytes;
        continue;
      }
      specs.push_back(spec_of(layer));
      packed_layers.push_back(&layer);
      for (const auto* work : layer.works) total += work->bytes->size_bytes();
    }
    if (specs.empty()) return;
    const auto step = task_.step("pack", total);
    store::StoreTarget target(store_);
    const auto packed = layer::pack(-1, specs, settings_.compression, settings_.threads, target, step);
    if (packed.failure) throw packed.failure->error;
    for (const auto& work : works_) work.wheel->archive.check_unchanged();
    for (std::size_t i = 0; i < packed_layers.size(); ++i) {
      auto& layer = *packed_layers[i];
      layer.digest = packed.layers[i].digest;
      layer.size_bytes = packed.layers[i].size_bytes;
      layer.diff_id = packed.layers[i].diff_id;
      keep(layer.key, [&](oci::JsonWriter& json) {
        json.member("digest", layer.digest).member("size", layer.size_bytes).member("diff_id", layer.diff_id);
      });
      ++made_.new_layers;
      made_.new_bytes += layer.size_bytes;
    }
  }

  // 4. What is given back.

  static void add_layer(std::vector<image::Layer>& layers, image::Layer layer, std::string_view kind, const std::string& packages,
                        std::string_view name)
  {
    layer.descriptor.annotations[std::string(annotation::kind)] = kind;
    if (!packages.empty()) layer.descriptor.annotations[std::string(annotation::packages)] = packages;
    layer.made_by = fmt::format("{}{}", made_by, name);
    layers.push_back(std::move(layer));
  }

  void collect()
  {
    const auto add = [&](const auto& packed, std::string_view kind, const std::string& packages, std::string_view name) {
      image::Layer layer{image::layer_descriptor(settings_.compression.codec, packed.digest, packed.size_bytes), packed.diff_id, {}};
      add_layer(made_.layers, std::move(layer), kind, packages, name);
    };
    if (const auto hidden = hidden_paths(); !hidden.empty()) add(pack_removed(hidden), "replaced", "", "what is replaced");
    for (const auto& layer : layers_) add(layer, "stack", layer.packages, layer.name);
    made_.annotations = annotations();
  }

  [[nodiscard]] oci::Annotations annotations() const
  {
    const auto& target = settings_.install.target;
    return {{std::string(annotation::format), "1"},
            {std::string(annotation::python), target.python()},
            {std::string(annotation::platform),
             fmt::format("{} {} {}.{}", target.machine, target.libc == python::Libc::glibc ? "glibc" : "musl", target.libc_major,
                         target.libc_minor)},
            {std::string(annotation::prefix), settings_.install.layout.prefix}};
  }

  [[nodiscard]] std::set<std::string> hidden_paths() const
  {
    if (settings_.replaced.files.empty()) return {};
    std::set<std::string> installed;
    for (const auto& work : works_)
      for (const auto& file : work.installed.files) installed.insert(file.path);
    return whiteouts(settings_.replaced, installed);
  }

  /// A layer of nothing but whiteouts, below the stack's own.
  layer::PackedLayer pack_removed(const std::set<std::string>& hidden)
  {
    layer::Skeleton skeleton;
    skeleton.target = settings_.install.layout.prefix;
    for (const auto& path : hidden) skeleton.removed.insert(path.substr(skeleton.target.size()));
    store::StoreTarget target(store_);
    return layer::pack_plain(layer::skeleton_bytes(skeleton), settings_.compression, target);
  }

  const std::vector<python::Chosen>& wheels_;
  const MakeSettings& settings_;
  store::Store& store_;
  const Task& task_;
  std::filesystem::path cache_;
  WheelMemory memory_of_wheels_{member_budget_bytes};
  PlanMemory memory_;
  std::vector<Work> works_;  ///< by name
  std::vector<std::size_t> counts_;  ///< files of each wheel before conflicts were settled
  std::vector<StackLayer> layers_;
  StackLayers made_;
};

}  // namespace

StackLayers make_layers(const std::vector<python::Chosen>& wheels, const MakeSettings& settings, store::Store& store, const Task& task)
{
  if (settings.layers < least_layers || settings.layers > most_layers)
    throw Error(Errc::bad_input, fmt::format("{} layers: a stack has from {} to {}", settings.layers, least_layers, most_layers));
  if (wheels.empty()) throw Error(Errc::bad_input, "the lock has no package for this target");
  static_cast<void>(layer::archive_prefix(settings.install.layout.prefix));
  return Maker(wheels, settings, store, task).run();
}

}  // namespace cairn::stack
