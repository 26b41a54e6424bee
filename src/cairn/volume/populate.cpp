// SPDX-License-Identifier: Apache-2.0
//
// In the order in which it happens: is there anything to do; what does the library say; whose turn is it; what killed runs
// left; which units are missing; pour them; make the view; switch.
#include <cairn/volume/populate.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/library/library.hpp>
#include <cairn/oci/architecture.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/volume/adopt.hpp>
#include <cairn/volume/fetch.hpp>
#include <cairn/volume/publish.hpp>
#include <cairn/volume/removal.hpp>
#include <cairn/volume/shipment.hpp>
#include <cairn/volume/small_file.hpp>
#include <cairn/volume/view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <set>

#include <fcntl.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

/// Directories and links come on top of the files that library.json counts.
constexpr std::uint64_t files_per_directory = 6;

/// Whether the volume has exactly this already, to look at without writing anything.
bool is_current(const Layout& layout, const std::string& id)
{
  if (layout.current() != id || !read_generation(layout, id)) return false;
  const auto anchors = plan_anchors(layout, id);
  return anchors.missing.empty() && anchors.replaced.empty() && anchors.foreign.empty() && anchors.equal.empty();
}

class Population {
public:
  Population(const oci::BlobSource& blobs, const oci::Descriptor& manifest, const std::filesystem::path& directory,
             const PopulateOptions& options, const Task& task)
      : blobs_(blobs), library_(library::load(blobs, manifest)), directory_(directory), options_(options), task_(task)
  {
    const auto& document = library_.document;
    std::vector<std::string> names;
    if (options.modules.empty()) {
      for (const auto& unit : document.units) names.push_back(unit.name);
    } else {
      names = library::closure(document, options.modules);
    }
    generation_ = {.id = generation_id(manifest.digest, options.modules),
                   .manifest = manifest.digest,
                   .library = options.library,
                   .target = document.target,
                   .architecture = library_.image.config.platform.architecture,
                   .modules = options.modules,
                   .units = {},
                   .modulepath = document.modulepath,
                   .created = std::time(nullptr)};
    std::ranges::sort(generation_.modules);
    for (const auto& name : names) generation_.units.push_back(unit_of(name));
    result_.generation = generation_.id;
    result_.target = generation_.target;
  }

  Populated run()
  {
    if (options_.dry_run) return rehearse();
    const OpenUmask umask;
    const Layout layout(directory_, Access::write);
    check_same_kind(layout);
    const Turn turn(layout, "populate " + options_.library, options_.wait, task_);
    before_ = current_generation(layout);
    result_.units = compare(before_ ? &*before_ : nullptr, generation_);
    if (is_current(layout, generation_.id)) return result_;  // somebody else did it while we waited
    clean(layout);
    replace_file(layout.cairn(), "features.json", probe(layout).json(), layout.shown("features.json"));
    auto missing = missing_units(layout);
    if (options_.adopt) adopt(layout, missing);
    require_free_way(layout, generation_.units, options_.adopt ? Adopt::yes : Adopt::no);
    check_space(layout, missing);
    const auto shipped = ship(blobs_, library_, missing, layout, turn, {.writers = options_.writers, .streams = options_.streams}, task_);
    make_view(layout, turn);
    switch_to(layout, turn, generation_, "populate", options_.adopt ? Adopt::yes : Adopt::no);
    result_.changed = true;
    result_.poured = missing.size();
    result_.fetched_bytes = shipped.fetched_bytes;
    result_.requests = shipped.requests;
    result_.written_bytes = shipped.written.bytes;
    result_.written_files = shipped.written.files;
    result_.calls = shipped.written.calls;
    return result_;
  }

private:
  [[nodiscard]] const library::FragmentInfo& fragment_of(const std::string& name) const
  {
    const auto place = library_.document.find(name);
    if (!place) throw Error(Errc::bad_input, fmt::format("unit {}: has no fragment", printable(name)));
    return library_.document.layers[place->layer].fragments[place->fragment];
  }

  [[nodiscard]] PouredUnit unit_of(const std::string& name) const
  {
    const auto& fragment = fragment_of(name);
    const auto* unit = library_.document.unit(name);
    return {name, unit_key(fragment), fragment.plain_digest, fragment.plain_bytes, unit->files, unit->content_bytes, fragment.roots};
  }

  static std::optional<Generation> current_generation(const Layout& layout)
  {
    const auto id = layout.current();
    return id ? read_generation(layout, *id) : std::nullopt;
  }

  /// A volume is seen at one path by machines of one kind.
  void check_same_kind(const Layout& layout) const
  {
    const auto now = current_generation(layout);
    if (now && now->target != generation_.target)
      throw Error(Errc::bad_input, fmt::format("{}: is seen at {}, but the library is made for {}; split it with --target {}",
                                               printable(directory_.native()), printable(now->target), printable(generation_.target),
                                               printable(now->target)));
    const auto wanted = now ? now->architecture : oci::own_architecture();
    if (generation_.architecture != wanted)
      throw Error(Errc::bad_input, fmt::format("{}: the library is for {}, the {} for {}", printable(directory_.native()),
                                               printable(generation_.architecture), now ? "volume" : "machine", printable(wanted)));
  }

  Populated rehearse()
  {
    std::map<std::string, std::string> missing;
    for (const auto& unit : generation_.units) missing.emplace(unit.name, unit.key);
    if (is_volume(directory_)) {
      const Layout layout(directory_, Access::read);
      check_same_kind(layout);
      before_ = current_generation(layout);
      missing = missing_units(layout);
    }
    result_.units = compare(before_ ? &*before_ : nullptr, generation_);
    result_.changed = !before_ || before_->id != generation_.id;
    result_.poured = missing.size();
    std::vector<std::string> names;
    for (const auto& [name, key] : missing) {
      names.push_back(name);
      result_.written_bytes += library_.document.unit(name)->content_bytes;
      result_.written_files += library_.document.unit(name)->files;
    }
    for (const auto& fetch : plan_fetches(library_.document, names)) {
      result_.fetched_bytes += fetch.size_bytes;
      ++result_.requests;
    }
    return result_;
  }

  /// What runs that were killed left: nobody else writes while it is our turn.
  static void clean(const Layout& layout)
  {
    const auto remove_where = [&](int dir, const char* name, const auto& matches) {
      const auto shown = layout.shown(name);
      const auto list = open_beneath(dir, "", O_RDONLY | O_DIRECTORY, shown);
      for (const auto& entry : list_directory(list.get(), shown))
        if (matches(entry.name)) remove_tree(dir, entry.name, removal_threads, shown / entry.name);
    };
    const auto unfinished = [](const std::string& name) { return name.ends_with(part_suffix) || name.starts_with(".tmp-"); };
    remove_where(layout.units(), "units", unfinished);
    remove_where(layout.generations(), "generations", unfinished);
    remove_where(layout.history(), "history", unfinished);
    remove_where(layout.cairn(), "", unfinished);
    remove_where(layout.trash(), "trash", [](const std::string&) { return true; });
  }

  [[nodiscard]] std::map<std::string, std::string> missing_units(const Layout& layout) const
  {
    std::set<std::string> there;
    const auto shown = layout.shown("units");
    const auto list = open_beneath(layout.units(), "", O_RDONLY | O_DIRECTORY, shown);
    for (auto& entry : list_directory(list.get(), shown)) there.insert(std::move(entry.name));
    std::map<std::string, std::string> missing;
    std::set<std::string> keys;
    for (const auto& unit : generation_.units)
      if (!there.contains(unit.key) && keys.insert(unit.key).second) missing.emplace(unit.name, unit.key);
    return missing;
  }

  void adopt(const Layout& layout, std::map<std::string, std::string>& missing)
  {
    TreeRules rules{layer::archive_prefix(generation_.target), {}, library_.document.dropped};
    for (const auto& unit : library_.document.units)
      for (const auto& root : fragment_of(unit.name).roots) rules.all_roots.push_back(root.path);
    std::ranges::sort(rules.all_roots);
    const auto step = task_.step("compare with what is there");
    for (auto at = missing.begin(); at != missing.end();) {
      const auto& fragment = fragment_of(at->first);
      if (!has_equal_content(layout, {fragment.plain_digest, fragment.plain_bytes, fragment.roots}, rules, step)) {
        ++at;
        continue;
      }
      adopt_unit(layout, fragment.roots, at->second, rules, step);
      ++result_.adopted;
      at = missing.erase(at);
    }
  }

  void check_space(const Layout& layout, const std::map<std::string, std::string>& missing) const
  {
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;
    for (const auto& [name, key] : missing) {
      bytes += library_.document.unit(name)->content_bytes;
      files += library_.document.unit(name)->files;
    }
    require_space(layout, bytes, files + files / files_per_directory);
  }

  void make_view(const Layout& layout, const Turn& turn)
  {
    if (read_generation(layout, generation_.id)) return;
    discard(layout, layout.generations(), generation_.id, layout.shown("generations/" + generation_.id));
    const IndexLayer index(blobs_, library_.image.manifest.layers.back());
    auto earlier = generations(layout);
    if (before_) std::ranges::stable_partition(earlier, [&](const auto& one) { return one.id == before_->id; });
    write_view(layout, generation_, index, earlier, {.writers = options_.writers});
    turn.check();
    rename_at(layout.generations(), generation_.id + std::string(part_suffix), generation_.id,
              layout.shown("generations/" + generation_.id));
    flush(layout.generations(), layout.shown("generations"));
    const auto record = generation_.id + ".json";
    replace_file(layout.generations(), record, generation_.json(), layout.shown("generations/" + record));
  }

  const oci::BlobSource& blobs_;
  library::Library library_;
  const std::filesystem::path directory_;
  const PopulateOptions& options_;
  const Task& task_;
  Generation generation_;
  std::optional<Generation> before_;
  Populated result_;
};

}  // namespace

Populated populate(const oci::BlobSource& blobs, const oci::Descriptor& manifest, const std::filesystem::path& directory,
                   const PopulateOptions& options, const Task& task)
{
  const auto id = generation_id(manifest.digest, options.modules);
  if (is_volume(directory)) {
    const Layout layout(directory, Access::read);
    if (is_current(layout, id)) {
      const auto generation = read_generation(layout, id);
      Populated result{.generation = id, .target = generation->target, .units = {}};
      result.units.kept = generation->units.size();
      return result;
    }
  }
  return Population(blobs, manifest, directory, options, task).run();
}

Generation rollback(const std::filesystem::path& directory, const std::string& id, const Task& task)
{
  const OpenUmask umask;
  static_cast<void>(Layout(directory, Access::read));  // no volume is made here
  const Layout layout(directory, Access::write);
  const Turn turn(layout, "rollback " + id, std::nullopt, task);
  auto generation = find_generation(layout, id);
  switch_to(layout, turn, generation, "rollback");
  return generation;
}

}  // namespace cairn::volume
