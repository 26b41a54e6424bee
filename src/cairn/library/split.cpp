// SPDX-License-Identifier: Apache-2.0
//
// The main job, in the order of `Splitter::run`: evaluate the modulefiles, form units, scan them, find out which are
// unchanged, plan, pack the new layers, make the index layer, and publish config, manifest and tag, in this order.
#include <cairn/library/split.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/library/fingerprints.hpp>
#include <cairn/library/hiding.hpp>
#include <cairn/library/index.hpp>
#include <cairn/library/library.hpp>
#include <cairn/library/plan.hpp>
#include <cairn/library/source_tree.hpp>
#include <cairn/library/store_target.hpp>
#include <cairn/library/units.hpp>
#include <cairn/module/tree.hpp>
#include <cairn/os/parallel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <span>
#include <utility>

#include <sys/utsname.h>

namespace cairn::library {
namespace {

using Clock = std::chrono::steady_clock;

/// A unit that changes while it is read is read again this often in all.
constexpr int most_attempts = 3;
/// More scanned items than this are not all kept in memory (72 bytes and a name each): units are scanned again when
/// their layer is packed.
constexpr std::uint64_t kept_items_limit = 1'000'000;

std::string machine_architecture()
{
  utsname names{};
  ::uname(&names);
  const std::string_view machine = names.machine;
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  return std::string(machine);
}

/// A unit on its way through a split.
struct Work {
  Unit unit;
  layer::Scan scan;
  bool has_contents = false;  ///< false: not scanned yet, or forgotten to save memory; `steadily` scans
  bool marked = false;       ///< bytecode was looked for
  bool keeps_mtimes = false;
  std::vector<std::string> stale;  ///< bytecode that is not shipped
  std::vector<RootPath> roots;
  std::optional<KnownFragment> known;  ///< what its fragment is, without having packed it
  UnitState state = UnitState::added;
  int attempts = 1;
  std::optional<std::string> failure;  ///< why it cannot be shipped, told once
};

class Splitter {
public:
  Splitter(const SplitSettings& settings, store::Store& store, const Task& task) : settings_(settings), store_(store), task_(task) {}

  SplitResult run()
  {
    const auto begin = Clock::now();
    const auto hold = store_.hold(LockMode::shared, task_);
    evaluate();
    load_previous();
    scan_units();
    if (stopped()) return finish(begin);
    find_unchanged();
    if (stopped()) return finish(begin);
    plan_layers();
    pack_layers();
    if (stopped()) return finish(begin);
    publish();
    return finish(begin);
  }

private:
  [[nodiscard]] bool stopped() const { return !result_.problems.empty(); }

  SplitResult finish(Clock::time_point begin)
  {
    for (const auto& work : work_) {
      for (const auto& path : work.stale) result_.warnings.push_back(fmt::format("{}: stale bytecode is not shipped", path));
      if (work.keeps_mtimes)
        result_.warnings.push_back(
            fmt::format("unit {}: has caches that bind to modification times, which are therefore kept", work.unit.name));
    }
    std::ranges::sort(result_.problems, {}, &layer::Problem::path);
    std::ranges::sort(result_.warnings);
    result_.times.total = Clock::now() - begin;
    return std::move(result_);
  }

  // 1. What is.

  void evaluate()
  {
    const auto begin = Clock::now();
    const auto step = task_.step("evaluate modulefiles");
    source_ = open_source_tree(settings_.tree, settings_.mapping, settings_.threads, step);
    if (source_.stated && *source_.stated != source_.target)
      log::warn("the target is {}, but modulefiles say that the tree is at {}", source_.target, *source_.stated);
    for (const auto& modulefile : source_.modules.modulefiles) {
      if (modulefile.error) result_.problems.push_back({modulefile.path, fmt::format("{}; mend or exclude it", *modulefile.error)});
      if (!modulefile.impure.empty())
        result_.warnings.push_back(fmt::format("{}: asks for the host ({}), which was answered with nothing", modulefile.path,
                                               fmt::join(modulefile.impure, ", ")));
    }
    result_.warnings.insert(result_.warnings.end(), source_.modules.warnings.begin(), source_.modules.warnings.end());
    units_ = form_units(source_.fd.get(), source_.modules, source_.target, settings_.mapping, source_.excludes, step);
    result_.problems.insert(result_.problems.end(), units_.problems.begin(), units_.problems.end());
    result_.times.evaluating = Clock::now() - begin;
  }

  // 2. What was.

  void load_previous()
  {
    if (settings_.since) {
      previous_ = in_context([&] { return fmt::format("--since {}", *settings_.since); },
                             [&] { return load(store_, store_.resolve(*settings_.since)); });
    } else if (!settings_.tag.empty()) {
      for (const auto& tag : store_.tags())
        if (tag.name == settings_.tag)
          previous_ = in_context([&] { return fmt::format("previous {} (use another tag to begin anew)", settings_.tag); },
                                 [&] { return load(store_, tag.manifest); });
    }
    if (previous_ && previous_->document.target != source_.target) {
      if (settings_.since)
        throw Error(Errc::bad_input, fmt::format("--since {}: that library is for {}, this one for {}", *settings_.since,
                                                 previous_->document.target, source_.target));
      previous_.reset();
    }
  }

  void scan_units()
  {
    const auto begin = Clock::now();
    const auto step = task_.step("scan");
    for (auto& unit : units_.units) work_.emplace_back().unit = std::move(unit);
    std::mutex mutex;
    parallel_for(work_.size(), settings_.threads, [&](std::size_t i) {
      auto& work = work_[i];
      steadily(work, step, [] {});
      const std::scoped_lock lock(mutex);
      kept_items_ += work.scan.contents.items.size();
      if (kept_items_ > kept_items_limit) forget(work);
    });
    index_scan_ = layer::scan(source_.fd.get(), units_.index, scan_options(), step);
    collect_findings();
    result_.times.scanning = Clock::now() - begin;
  }

  [[nodiscard]] layer::ScanOptions scan_options() const { return {source_.excludes, &units_.all_roots, source_.target.substr(1)}; }

  /// Scan the unit if its contents are not at hand, and do `body`, which reads them. When the unit changes meanwhile, all
  /// of it again. False: that did not help, or it cannot be read; `work.failure` says why. Units side by side.
  template <class Body>
  bool steadily(Work& work, const Task& step, Body&& body)
  {
    while (!work.failure) {
      try {
        if (!work.has_contents) scan(work, step);
        if (!work.scan.problems.empty()) return false;
        body();
        return true;
      } catch (const Error& error) {
        take(work, error);
      }
    }
    return false;
  }

  /// An error of reading a unit: it is to be scanned again, or it failed.
  static void take(Work& work, const Error& error)
  {
    forget(work);
    const bool changed = error.code() == Errc::changed || error.code() == Errc::not_found;
    if (!changed) work.failure = error.what();
    else if (work.attempts++ == most_attempts)
      work.failure = fmt::format("{} (read {} times); split when nobody writes there", error.what(), most_attempts);
    else log::info("unit {} changed while it was read; reading it again", work.unit.name);
  }

  /// Make problems of what `steadily` and `take` found.
  void tell_failure(const Work& work)
  {
    if (work.failure) result_.problems.push_back({work.unit.roots.front(), fmt::format("unit {}: {}", work.unit.name, *work.failure)});
    else result_.problems.insert(result_.problems.end(), work.scan.problems.begin(), work.scan.problems.end());
  }

  void scan(Work& work, const Task& step)
  {
    work.scan = layer::scan(source_.fd.get(), work.unit.roots, scan_options(), step);
    work.has_contents = true;
    work.marked = false;
    work.roots.clear();
    for (const auto& root : work.scan.contents.roots) work.roots.push_back({root.path, root.is_directory});
  }

  static void forget(Work& work)
  {
    work.scan.contents = {};
    work.has_contents = false;
  }

  void collect_findings()
  {
    const auto add = [&](const layer::Scan& scan) {
      for (const auto& path : scan.special_mode)
        result_.warnings.push_back(fmt::format("{}: set-id and sticky bits are not shipped", path));
      for (const auto& path : scan.outside_links)
        result_.warnings.push_back(fmt::format("{}: its other hard links lie in other units; shipped as a copy", path));
    };
    for (const auto& work : work_) {
      add(work.scan);
      tell_failure(work);
    }
    add(index_scan_);
    result_.problems.insert(result_.problems.end(), index_scan_.problems.begin(), index_scan_.problems.end());
  }

  // 3. What is new.

  /// Look at the bytecode of a unit whose contents are at hand. Units side by side.
  void mark(Work& work, const Task& step)
  {
    if (work.marked) return;
    work.stale = layer::mark_bytecode(source_.fd.get(), work.scan.contents, step);
    work.keeps_mtimes = layer::binds_to_mtimes(work.scan.contents);
    work.marked = true;
  }

  [[nodiscard]] layer::FragmentSpec spec_of(const Work& work) const
  {
    return {&work.scan.contents, source_.target.substr(1), work.keeps_mtimes ? layer::Mtimes::kept : layer::Mtimes::constant};
  }

  void find_unchanged()
  {
    fingerprints_.emplace(store_.cache("fingerprints"), source_.path, source_.target);
    const auto step = task_.step("compare with the previous release");
    for (auto& work : work_) {
      const auto before = previous_ ? previous_->document.find(work.unit.name) : std::nullopt;
      if (!settings_.full && !work.scan.racy) work.known = fingerprints_->find(work.unit.name, work.scan.fingerprint);
      if (before) {
        const auto& fragment = previous_->document.layers[before->layer].fragments[before->fragment];
        // Without a fingerprint only reading tells, unless not even the size is the same.
        const auto measure = [&] {
          mark(work, step);
          if (plain_bytes(work) != fragment.plain_bytes) return;
          const auto measured = layer::measure(source_.fd.get(), {spec_of(work)}, settings_.threads, step).front();
          work.known = KnownFragment{measured.plain_digest, measured.plain_bytes};
        };
        if (!work.known && !steadily(work, step, measure)) tell_failure(work);
        const bool same = work.known && work.known->plain_digest == fragment.plain_digest && work.roots == fragment.roots;
        work.state = same ? UnitState::kept : UnitState::changed;
      }
      if (work.known && !work.scan.racy) fingerprints_->set(work.unit.name, work.scan.fingerprint, *work.known);
    }
    if (!previous_) return;
    for (const auto& unit : previous_->document.units)
      if (work_for(unit.name) == nullptr) result_.removed.push_back(unit.name);
  }

  [[nodiscard]] std::uint64_t plain_bytes(const Work& work) const
  {
    const auto spec = spec_of(work);
    std::uint64_t total = 0;
    layer::FrameCursor cursor(spec);
    while (const auto frame = cursor.next()) total += frame->bytes;
    return total;
  }

  // 4. Where it goes.

  void plan_layers()
  {
    PlanInput input;
    input.budget_layers = settings_.budget_layers - 1;  // one is the index layer
    for (const auto& work : work_) input.units.push_back({work.unit.name, work.scan.counts.archive_bytes, work.state != UnitState::kept});
    for (const auto& work : work_) current_.add(work.roots);
    for (const auto& root : index_scan_.contents.roots) current_.add({{root.path, root.is_directory}});
    if (previous_)
      for (const auto& layer : previous_->document.layers) {
        PlanLayer planned;
        for (const auto& fragment : layer.fragments) {
          const bool live = fragment.live && is_kept(fragment.unit);
          planned.fragments.push_back({fragment.unit, fragment.plain_bytes, live});
          if (!live && !current_.can_hide(fragment.roots)) planned.rewrite = true;
        }
        if (layer.compression.codec != settings_.compression.codec) planned.rewrite = true;
        input.previous.push_back(std::move(planned));
      }
    planned_ = plan(input);
  }

  [[nodiscard]] bool is_kept(const std::string& unit) { return work_for(unit) != nullptr && work_for(unit)->state == UnitState::kept; }

  Work* work_for(const std::string& unit)
  {
    const auto found = std::ranges::lower_bound(work_, unit, {}, [](const Work& work) -> const std::string& { return work.unit.name; });
    return found != work_.end() && found->unit.name == unit ? &*found : nullptr;
  }

  // 5. Making it.

  void pack_layers()
  {
    const auto begin = Clock::now();
    for (const auto& planned : planned_) {
      if (planned.kept) {
        keep_layer(planned);
        continue;
      }
      LayerInfo info;
      info.compression = settings_.compression;
      info.reason = planned.reason;
      for (const auto& name : planned.units) {
        FragmentInfo fragment;
        fragment.unit = name;
        fragment.roots = work_for(name)->roots;
        info.fragments.push_back(std::move(fragment));
      }
      new_layers_.push_back(result_.document.layers.size());
      result_.document.layers.push_back(std::move(info));
    }
    std::uint64_t total = 0;
    for (const auto at : new_layers_)
      for (const auto& fragment : result_.document.layers[at].fragments) total += work_for(fragment.unit)->scan.counts.archive_bytes;
    const auto step = task_.step("pack", total);
    for (std::size_t at = 0; at < new_layers_.size();) at += pack_batch(std::span(new_layers_).subspan(at), step);
    result_.times.packing = Clock::now() - begin;
  }

  void keep_layer(const PlannedLayer& planned)
  {
    auto info = previous_->document.layers[*planned.kept];
    for (auto& fragment : info.fragments) {
      fragment.live = fragment.live && is_kept(fragment.unit);
      if (!fragment.live)
        for (const auto& root : fragment.roots) dead_roots_.insert(root.path);
    }
    result_.kept_bytes += info.size_bytes;
    ++result_.kept_layers;
    result_.document.layers.push_back(std::move(info));
  }

  /// Pack as many of `layers` as memory allows; returns how many are dealt with. A layer that fails is a problem, and the
  /// others are still made, so that one run tells all that is wrong.
  std::size_t pack_batch(std::span<const std::size_t> layers, const Task& step)
  {
    std::vector<layer::LayerSpec> specs;
    std::uint64_t items = 0;
    for (const auto at : layers) {
      if (!specs.empty() && items > kept_items_limit) break;
      auto& info = result_.document.layers[at];
      std::vector<Work*> needed;
      for (auto& fragment : info.fragments) {
        needed.push_back(work_for(fragment.unit));
        items += needed.back()->scan.counts.files + needed.back()->scan.counts.directories + needed.back()->scan.counts.symlinks;
      }
      parallel_for(needed.size(), settings_.threads, [&](std::size_t i) { steadily(*needed[i], step, [&] { mark(*needed[i], step); }); });
      const auto cannot_be_read = [](const Work* work) { return work->failure || !work->scan.problems.empty(); };
      if (std::ranges::any_of(needed, cannot_be_read)) {
        if (!specs.empty()) break;
        for (const auto* work : needed)
          if (cannot_be_read(work)) tell_failure(*work);
        return 1;
      }
      for (std::size_t i = 0; i < needed.size(); ++i) info.fragments[i].roots = needed[i]->roots;
      specs.push_back(spec_of(info));
    }
    StoreTarget target(store_);
    auto packed = layer::pack(source_.fd.get(), specs, settings_.compression, settings_.threads, target, step);
    add_times(packed.times);
    for (std::size_t i = 0; i < packed.layers.size(); ++i) record(result_.document.layers[layers[i]], packed.layers[i]);
    if (kept_items_ > kept_items_limit)
      for (std::size_t i = 0; i < specs.size(); ++i)
        for (const auto& fragment : result_.document.layers[layers[i]].fragments) forget(*work_for(fragment.unit));
    if (!packed.failure) return specs.size();
    return packed.layers.size() + (handle(*packed.failure, result_.document.layers[layers[packed.failure->layer]]) ? 0 : 1);
  }

  layer::LayerSpec spec_of(LayerInfo& info)
  {
    layer::LayerSpec spec;
    spec.skeleton.target = source_.target;
    for (const auto& fragment : info.fragments) {
      spec.fragments.push_back(spec_of(*work_for(fragment.unit)));
      add_directories(spec.skeleton, fragment.roots);
      for (const auto& root : fragment.roots)
        if (root.is_directory && dead_roots_.contains(root.path)) spec.skeleton.opaque.insert(root.path);
    }
    info.opaque.assign(spec.skeleton.opaque.begin(), spec.skeleton.opaque.end());
    return spec;
  }

  static void add_directories(layer::Skeleton& skeleton, const std::vector<RootPath>& roots)
  {
    for (const auto& root : roots) {
      const auto slash = root.path.rfind('/');
      if (root.is_directory) skeleton.directories.insert(root.path);
      else if (slash != std::string::npos) skeleton.directories.insert(root.path.substr(0, slash));
    }
  }

  void record(LayerInfo& info, const layer::PackedLayer& packed)
  {
    info.digest = packed.digest;
    info.size_bytes = packed.size_bytes;
    info.diff_id = packed.diff_id;
    info.plain_bytes = packed.plain_bytes;
    for (std::size_t i = 0; i < packed.fragments.size(); ++i) {
      auto& fragment = info.fragments[i];
      const auto& made = packed.fragments[i];
      fragment.plain_digest = made.plain_digest;
      fragment.plain_bytes = made.plain_bytes;
      fragment.packed_digest = made.packed_digest;
      fragment.packed_bytes = made.packed_bytes;
      fragment.offset = made.offset;
      const auto& work = *work_for(fragment.unit);
      if (!work.scan.racy) fingerprints_->set(fragment.unit, work.scan.fingerprint, {made.plain_digest, made.plain_bytes});
    }
    result_.new_bytes += info.size_bytes;
    ++result_.new_layers;
  }

  /// True: the layer can be tried again.
  bool handle(const layer::PackFailure& failure, const LayerInfo& info)
  {
    if (!failure.fragment || failure.error.code() == Errc::no_space) throw failure.error;
    auto& work = *work_for(info.fragments[*failure.fragment].unit);
    take(work, failure.error);
    if (work.failure) tell_failure(work);
    return !work.failure;
  }

  void add_times(const layer::PackTimes& times)
  {
    auto& total = result_.times.pack;
    total.reading += times.reading;
    total.hashing += times.hashing;
    total.compressing += times.compressing;
    total.writing += times.writing;
  }

  // 6. Telling the world.

  void publish()
  {
    fill_document();
    layer::Skeleton skeleton;
    skeleton.target = source_.target;
    std::vector<RootPath> index_roots;
    for (const auto& root : index_scan_.contents.roots) index_roots.push_back({root.path, root.is_directory});
    add_directories(skeleton, index_roots);
    for (const auto& root : index_roots)
      if (root.is_directory && dead_roots_.contains(root.path)) skeleton.opaque.insert(root.path);
    for (const auto& layer : result_.document.layers)
      for (const auto& fragment : layer.fragments)
        if (!fragment.live) current_.hide(fragment.roots, skeleton.removed);

    StoreTarget target(store_);
    const auto bytes =
        index_bytes(source_.fd.get(), {&result_.document, std::move(skeleton), &index_scan_.contents, source_.modules.spider_cache});
    const auto index = layer::pack_plain(bytes, settings_.compression, target);
    const bool same_index = previous_ && previous_->index_layer().digest == index.digest;
    (same_index ? result_.kept_bytes : result_.new_bytes) += index.size_bytes;
    ++(same_index ? result_.kept_layers : result_.new_layers);
    put_manifest(index);
    fingerprints_->save();
    if (!settings_.tag.empty()) store_.tag(settings_.tag, result_.manifest, task_);
  }

  void fill_document()
  {
    auto& document = result_.document;
    document.target = source_.target;
    document.budget_layers = settings_.budget_layers;
    document.modulepath = source_.modules.modulepath;
    document.dropped = units_.dropped;
    document.dropped.insert(document.dropped.end(), index_scan_.dropped.begin(), index_scan_.dropped.end());
    for (const auto& work : work_) document.dropped.insert(document.dropped.end(), work.scan.dropped.begin(), work.scan.dropped.end());
    std::ranges::sort(document.dropped);
    document.featured = settings_.mapping.featured;
    std::ranges::sort(document.featured);
    for (const auto& alias : source_.modules.aliases) document.aliases.push_back({alias.name, alias.target});
    std::ranges::sort(document.aliases, {}, &AliasInfo::name);
    for (auto& work : work_) {
      UnitInfo info;
      info.name = work.unit.name;
      info.kind = work.unit.kind;
      for (const auto index : work.unit.modulefiles) info.modules.push_back(module_info(source_.modules.modulefiles[index]));
      std::ranges::sort(info.modules, {}, &ModuleInfo::path);
      info.dependencies = work.unit.dependencies;
      info.missing = work.unit.missing;
      info.files = work.scan.counts.files;
      info.content_bytes = work.scan.counts.content_bytes;
      if (info.kind == UnitKind::rest)
        for (const auto& root : work.roots) document.rest.push_back(root.path);
      document.units.push_back(std::move(info));
      result_.states[work.unit.name] = work.state;
    }
  }

  [[nodiscard]] ModuleInfo module_info(const module::Modulefile& modulefile) const
  {
    ModuleInfo info{modulefile.full_name,   modulefile.path, modulefile.modulepath, modulefile.hidden,
                    modulefile.description, modulefile.url,  modulefile.category,   modulefile.extensions};
    if (const auto text = settings_.mapping.descriptions.find(info.name); text != settings_.mapping.descriptions.end())
      info.description = text->second;
    return info;
  }

  void put_manifest(const layer::PackedLayer& index)
  {
    oci::ImageConfig config;
    config.created = settings_.created;
    config.platform = {machine_architecture(), "linux", ""};
    config.labels["dev.cairn.library.target"] = source_.target;
    oci::Manifest manifest;
    const auto add = [&](const Digest& digest, std::uint64_t size, const Digest& diff_id, Codec codec, std::string_view kind) {
      oci::Descriptor layer;
      layer.media_type = image::layer_media_type(codec);
      layer.digest = digest;
      layer.size_bytes = size;
      layer.annotations[std::string(annotation::layer)] = kind;
      manifest.layers.push_back(std::move(layer));
      config.diff_ids.push_back(diff_id);
      config.history.push_back({settings_.created, fmt::format("cairn split: {}", kind), "", false});
    };
    for (const auto& layer : result_.document.layers) add(layer.digest, layer.size_bytes, layer.diff_id, layer.compression.codec, "units");
    add(index.digest, index.size_bytes, index.diff_id, settings_.compression.codec, "index");
    manifest.config = store_.put(config.json(), std::string(oci::media_type::config));
    manifest.annotations[std::string(annotation::format)] = fmt::format("{}", document_format);
    result_.manifest = store_.put(manifest.json(), std::string(oci::media_type::manifest));
  }

  const SplitSettings& settings_;
  store::Store& store_;
  const Task& task_;
  SourceTree source_;
  std::optional<Library> previous_;
  Units units_;
  std::vector<Work> work_;  ///< sorted by unit name
  std::uint64_t kept_items_ = 0;  ///< of all scans; over the limit contents are forgotten between uses
  layer::Scan index_scan_;
  std::optional<Fingerprints> fingerprints_;
  CurrentPaths current_;
  std::vector<PlannedLayer> planned_;
  std::vector<std::size_t> new_layers_;  ///< indices into the document's layers
  std::set<std::string> dead_roots_;     ///< of dead fragments in kept layers, which lie under all new ones
  SplitResult result_;
};

}  // namespace

const std::vector<std::string>& default_excludes()
{
  static const std::vector<std::string> patterns{
      ".cairn",                          // our own, in a tree that was poured
      "software/.locks",                 // EasyBuild's locks
      "sources",                         // what installations were made from
      "build",
      "*/easybuild/easybuild-*.log",     // build logs: dates and hosts
      "*/easybuild/easybuild-*.log.gz",
      "*/easybuild/easybuild-*.log.bz2",
      "*/.nfs*",                         // files deleted while open on NFS
  };
  return patterns;
}

SplitResult split(const SplitSettings& settings, store::Store& store, const Task& task)
{
  if (settings.budget_layers < least_budget_layers || settings.budget_layers > most_budget_layers)
    throw Error(Errc::bad_input,
                fmt::format("{} layers: the budget is from {} to {}", settings.budget_layers, least_budget_layers, most_budget_layers));
  if (!settings.tag.empty()) store::check_tag_name(settings.tag);
  return Splitter(settings, store, task).run();
}

}  // namespace cairn::library
