// SPDX-License-Identifier: Apache-2.0
//
// The main job, in the order of `Splitter::run`: evaluate the modulefiles, form units, scan them, find out which are
// unchanged, plan, pack the new layers, make the index layer, and publish config, manifest and tag, in this order.
#include <cairn/library/split.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/library/describe.hpp>
#include <cairn/library/fingerprints.hpp>
#include <cairn/library/hiding.hpp>
#include <cairn/library/index.hpp>
#include <cairn/library/source_tree.hpp>
#include <cairn/library/unit_reader.hpp>
#include <cairn/library/units.hpp>
#include <cairn/module/tree.hpp>
#include <cairn/os/parallel.hpp>
#include <cairn/store/layer_target.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <span>
#include <utility>

namespace cairn::library {
namespace {

using Clock = std::chrono::steady_clock;

/// More scanned items than this are not all kept in memory (72 bytes and a name each): units are scanned again when
/// their layer is packed.
constexpr std::uint64_t kept_items_limit = 1'000'000;

/// A unit on its way through a split.
struct Work : UnitContents {
  std::optional<KnownFragment> remembered;  ///< what its fingerprint stands for
  std::optional<KnownFragment> known;       ///< what its fragment is, without having packed it
  UnitState state = UnitState::added;
};

class Splitter {
public:
  Splitter(const SplitSettings& settings, store::Store& store, const Task& task) : settings_(settings), store_(store), task_(task)
  {
  }

  SplitResult run()
  {
    const auto begin = Clock::now();
    const auto hold = store_.hold(LockMode::shared, task_);
    if (!decide()) return finish(begin);
    pack_layers();
    if (stopped()) return finish(begin);
    publish();
    return finish(begin);
  }

  SplitPreview preview()
  {
    SplitPreview out;
    const bool decided = decide();
    if (decided) fingerprints_->save();
    out.problems = std::move(result_.problems);
    out.removed = std::move(result_.removed);
    for (const auto& work : work_) {
      out.states[work.unit.name] = work.state;
      if (work.state != UnitState::kept) out.new_plain_bytes += work.scan.counts.archive_bytes;
    }
    if (!decided) return out;
    for (const auto& planned : planned_) {
      out.layers.push_back(preview_of(planned));
      if (!planned.kept) out.written_plain_bytes += out.layers.back().plain_bytes;
    }
    return out;
  }

private:
  /// All that comes before writing. False: it stops here.
  bool decide()
  {
    evaluate();
    load_previous();
    scan_units();
    if (stopped()) return false;
    find_unchanged();
    if (stopped()) return false;
    plan_layers();
    return true;
  }

  [[nodiscard]] bool stopped() const { return !result_.problems.empty(); }

  SplitResult finish(Clock::time_point begin)
  {
    for (const auto& work : work_) {
      for (const auto& path : work.stale) result_.warnings.push_back(fmt::format("{}: stale bytecode is not shipped", path));
      if (work.keeps_mtimes)
        result_.warnings.push_back(fmt::format("unit {}: has caches that bind to modification times, which are therefore kept", work.unit.name));
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
    source_ = open_source_tree(settings_.tree, settings_.mapping, {settings_.threads, store_.cache("modulefiles"), settings_.full}, step);
    if (source_.stated && *source_.stated != source_.target)
      log::warn("the target is {}, but modulefiles say that the tree is at {}", source_.target, *source_.stated);
    for (const auto& modulefile : source_.modules.modulefiles) {
      if (modulefile.error) result_.problems.push_back({modulefile.path, fmt::format("{}; mend or exclude it", *modulefile.error)});
      if (!modulefile.impure.empty())
        result_.warnings.push_back(fmt::format("{}: asks for the host ({}), which was answered with nothing", modulefile.path, fmt::join(modulefile.impure, ", ")));
    }
    result_.warnings.insert(result_.warnings.end(), source_.modules.warnings.begin(), source_.modules.warnings.end());
    result_.times.evaluating = Clock::now() - begin;
    const auto formed = Clock::now();
    units_ = form_units(source_.fd.get(), source_.modules, source_.target, settings_.mapping, source_.excludes, step);
    result_.problems.insert(result_.problems.end(), units_.problems.begin(), units_.problems.end());
    result_.times.forming = Clock::now() - formed;
  }

  // 2. What was.

  void load_previous()
  {
    for (const auto& tag : store_.tags())
      if (tag.name == settings_.tag) tagged_ = tag.manifest;
    if (settings_.since) {
      previous_ = settings_.since->library;
    } else if (tagged_) {
      previous_ = in_context([&] { return fmt::format("previous {} (use another tag to begin anew)", settings_.tag); },
                             [&] { return load(store_, *tagged_); });
    }
    if (previous_ && previous_->document.target != source_.target) {
      if (settings_.since)
        throw Error(Errc::bad_input, fmt::format("--since {}: that library is for {}, this one for {}", settings_.since->name,
                                                 previous_->document.target, source_.target));
      previous_.reset();
    }
    check_purge();
  }

  /// A name that purges nothing is a mistake, and one that leaves bytes where they are.
  void check_purge() const
  {
    for (const auto& name : settings_.purge) {
      const auto of_it = [&](const FragmentInfo& fragment) { return fragment.unit == name; };
      const auto has_it = [&](const LayerInfo& layer) { return std::ranges::any_of(layer.fragments, of_it); };
      if (!previous_)
        throw Error(Errc::bad_input,
                    fmt::format("--purge {}: there is no previous release whose bytes could be left out", printable(name)));
      if (std::ranges::none_of(previous_->document.layers, has_it))
        throw Error(Errc::not_found, fmt::format("--purge {}: the previous release has no bytes of it", printable(name)));
    }
  }

  void scan_units()
  {
    const auto begin = Clock::now();
    const auto step = task_.step("scan");
    const layer::ScanOptions options{source_.excludes, &units_.all_roots, source_.target.substr(1)};
    reader_.emplace(source_.fd.get(), options);
    for (auto& unit : units_.units) work_.emplace_back().unit = std::move(unit);
    std::mutex mutex;
    parallel_for(work_.size(), settings_.threads, [&](std::size_t i) {
      auto& work = work_[i];
      reader_->steadily(work, step, [] {});
      const std::scoped_lock lock(mutex);
      kept_items_ += work.scan.contents.items.size();
      if (kept_items_ > kept_items_limit) UnitReader::forget(work);
    });
    index_scan_ = layer::scan(source_.fd.get(), units_.index, options, step);
    collect_findings();
    result_.times.scanning = Clock::now() - begin;
  }

  void collect_findings()
  {
    const auto add = [&](const layer::Scan& scan) {
      for (const auto& path : scan.special_mode) result_.warnings.push_back(fmt::format("{}: set-id and sticky bits are not shipped", path));
      for (const auto& path : scan.outside_links) result_.warnings.push_back(fmt::format("{}: its other hard links lie in other units; shipped as a copy", path));
    };
    for (const auto& work : work_) {
      add(work.scan);
      UnitReader::tell(work, result_.problems);
    }
    add(index_scan_);
    result_.problems.insert(result_.problems.end(), index_scan_.problems.begin(), index_scan_.problems.end());
  }

  // 3. What is new.

  void find_unchanged()
  {
    fingerprints_.emplace(store_.cache("fingerprints"), source_.path, source_.target);
    const auto step = task_.step("compare with the previous release");
    for (auto& work : work_) {
      const auto before = previous_ ? previous_->document.find(work.unit.name) : std::nullopt;
      if (!work.scan.racy) work.remembered = fingerprints_->find(work.unit.name, work.scan.fingerprint);
      if (!settings_.full) work.known = work.remembered;
      if (before) {
        const auto& fragment = previous_->document.layers[before->layer].fragments[before->fragment];
        // Without a fingerprint only reading tells, unless not even the size is the same.
        const auto measure = [&] {
          reader_->mark(work, step);
          if (reader_->plain_bytes(work) != fragment.plain_bytes) return;
          const auto measured = layer::measure(source_.fd.get(), {reader_->spec(work)}, settings_.threads, step).front();
          work.known = KnownFragment{measured.plain_digest, measured.plain_bytes};
        };
        if (!work.known && !reader_->steadily(work, step, measure)) UnitReader::tell(work, result_.problems);
        if (work.known) check_memory(work, *work.known);
        const bool same = work.known && work.known->plain_digest == fragment.plain_digest && work.roots == fragment.roots;
        work.state = same ? UnitState::kept : UnitState::changed;
      }
      if (work.known && !work.scan.racy) fingerprints_->set(work.unit.name, work.scan.fingerprint, *work.known);
    }
    if (!previous_) return;
    for (const auto& unit : previous_->document.units)
      if (work_for(unit.name) == nullptr) result_.removed.push_back(unit.name);
  }

  /// Take note when what the fingerprint stood for is not what reading found.
  void check_memory(const Work& work, const KnownFragment& found)
  {
    if (work.remembered && *work.remembered != found) result_.lied.push_back(work.unit.name);
  }

  // 4. Where it goes.

  void plan_layers()
  {
    PlanInput input;
    input.budget_layers = settings_.budget_layers - 1;  // one is the index layer
    input.dead_cap = settings_.dead_cap;
    input.purge = settings_.purge;
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

  SplitPreview::Layer preview_of(const PlannedLayer& planned)
  {
    SplitPreview::Layer out;
    out.units = planned.units;
    out.reason = planned.reason;
    for (const auto& unit : planned.units) out.plain_bytes += work_for(unit)->scan.counts.archive_bytes;
    if (!planned.kept) return out;
    const auto& info = previous_->document.layers[*planned.kept];
    out.kept = info.digest;
    out.size_bytes = info.size_bytes;
    out.reason = info.reason;
    for (const auto& fragment : info.fragments)
      if (!fragment.live || !is_kept(fragment.unit)) out.dead_bytes += fragment.plain_bytes;
    return out;
  }

  [[nodiscard]] bool is_kept(const std::string& unit)
  {
    const auto* work = work_for(unit);
    return work != nullptr && work->state == UnitState::kept;
  }

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
      parallel_for(needed.size(), settings_.threads,
                   [&](std::size_t i) { reader_->steadily(*needed[i], step, [&] { reader_->mark(*needed[i], step); }); });
      if (!std::ranges::all_of(needed, &Work::readable)) {
        if (!specs.empty()) break;
        for (const auto* work : needed)
          if (!work->readable()) UnitReader::tell(*work, result_.problems);
        return 1;
      }
      for (std::size_t i = 0; i < needed.size(); ++i) info.fragments[i].roots = needed[i]->roots;
      specs.push_back(spec_of(info));
    }
    store::StoreTarget target(store_);
    auto packed = layer::pack(source_.fd.get(), specs, settings_.compression, settings_.threads, target, step);
    add_times(packed.times);
    for (std::size_t i = 0; i < packed.layers.size(); ++i) record(result_.document.layers[layers[i]], packed.layers[i]);
    if (kept_items_ > kept_items_limit)
      for (std::size_t i = 0; i < specs.size(); ++i)
        for (const auto& fragment : result_.document.layers[layers[i]].fragments) UnitReader::forget(*work_for(fragment.unit));
    if (!packed.failure) return specs.size();
    return packed.layers.size() + (handle(*packed.failure, result_.document.layers[layers[packed.failure->layer]]) ? 0 : 1);
  }

  layer::LayerSpec spec_of(LayerInfo& info)
  {
    layer::LayerSpec spec;
    spec.skeleton.target = source_.target;
    for (const auto& fragment : info.fragments) {
      spec.fragments.push_back(reader_->spec(*work_for(fragment.unit)));
      add_directories(spec.skeleton, fragment.roots);
      for (const auto& root : fragment.roots)
        if (root.is_directory && dead_roots_.contains(root.path)) spec.skeleton.opaque.insert(root.path);
    }
    info.opaque.assign(spec.skeleton.opaque.begin(), spec.skeleton.opaque.end());
    return spec;
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
      check_memory(work, {made.plain_digest, made.plain_bytes});
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
    UnitReader::take(work, failure.error);
    if (work.failure) UnitReader::tell(work, result_.problems);
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

    store::StoreTarget target(store_);
    const auto bytes = index_bytes(source_.fd.get(), {&result_.document, std::move(skeleton), &index_scan_.contents, source_.modules.spider_cache});
    const auto index = layer::pack_plain(bytes, settings_.compression, target);
    const bool same_index = previous_ && previous_->index_layer().digest == index.digest;
    (same_index ? result_.kept_bytes : result_.new_bytes) += index.size_bytes;
    ++(same_index ? result_.kept_layers : result_.new_layers);
    result_.manifest = put_manifest(result_.document, index, settings_, store_);
    fingerprints_->save();
    fetch_kept_layers();
    const bool is_tagged = tagged_ && tagged_->digest == result_.manifest.digest;
    if (!settings_.tag.empty() && !is_tagged) store_.tag(settings_.tag, result_.manifest, task_);
  }

  /// Copy kept layers that the store lacks from where the previous release is, if it is there.
  void fetch_kept_layers()
  {
    for (const auto& planned : planned_) {
      if (!planned.kept) continue;
      const auto& blob = previous_->image.manifest.layers[*planned.kept];
      if (store_.has(blob)) continue;
      try {
        if (settings_.since && settings_.since->blobs != nullptr) store_.put(blob, *settings_.since->blobs->open(blob), task_);
      } catch (const Error& error) {
        if (error.code() != Errc::not_found) throw;
      }
      if (!store_.has(blob)) result_.absent.push_back(blob);
    }
  }

  void fill_document()
  {
    auto dropped = units_.dropped;
    dropped.insert(dropped.end(), index_scan_.dropped.begin(), index_scan_.dropped.end());
    for (const auto& work : work_) dropped.insert(dropped.end(), work.scan.dropped.begin(), work.scan.dropped.end());
    result_.document.budget_layers = settings_.budget_layers;
    describe_tree(source_, settings_.mapping, std::move(dropped), result_.document);
    for (const auto& work : work_) {
      describe_unit(work, source_, settings_.mapping, result_.document);
      result_.states[work.unit.name] = work.state;
    }
  }

  const SplitSettings& settings_;
  store::Store& store_;
  const Task& task_;
  SourceTree source_;
  std::optional<oci::Descriptor> tagged_;  ///< what the tag names now
  std::optional<Library> previous_;
  Units units_;
  std::optional<UnitReader> reader_;
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

namespace {

void check(const SplitSettings& settings)
{
  if (settings.budget_layers < least_budget_layers || settings.budget_layers > most_budget_layers)
    throw Error(Errc::bad_input, fmt::format("{} layers: the budget is from {} to {}", settings.budget_layers, least_budget_layers, most_budget_layers));
  if (!settings.tag.empty()) store::check_tag_name(settings.tag);
}

}  // namespace

SplitResult split(const SplitSettings& settings, store::Store& store, const Task& task)
{
  check(settings);
  return Splitter(settings, store, task).run();
}

SplitPreview preview(const SplitSettings& settings, store::Store& store, const Task& task)
{
  check(settings);
  return Splitter(settings, store, task).preview();
}

}  // namespace cairn::library
