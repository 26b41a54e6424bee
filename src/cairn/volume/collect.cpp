// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/collect.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/volume/generation.hpp>
#include <cairn/volume/history.hpp>
#include <cairn/volume/lease.hpp>
#include <cairn/volume/removal.hpp>
#include <cairn/volume/small_file.hpp>
#include <cairn/volume/turn.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <climits>
#include <ctime>
#include <map>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

class Collection {
public:
  Collection(const Layout& layout, const CollectOptions& options, const Task& task)
      : layout_(layout), options_(options), task_(task), all_(generations(layout)), kept_(choose()), units_(unused_units())
  {
    for (const auto& generation : all_)
      if (!kept_.contains(generation.id)) result_.generations.push_back(generation.id);
    for (const auto& [key, unit] : units_) {
      result_.units.push_back(unit.name.empty() ? key : unit.name);
      result_.bytes += unit.content_bytes;
    }
    std::ranges::sort(result_.units);
  }

  /// What would go.
  [[nodiscard]] const Collected& plan() const { return result_; }
  [[nodiscard]] bool has_work() const
  {
    return !result_.generations.empty() || !units_.empty() || has_names(layout_.trash(), "trash", is_anything) ||
           has_names(layout_.units(), "units", is_unfinished) || has_names(layout_.generations(), "generations", is_unfinished) ||
           has_names(layout_.leases(), "leases", is_anything);
  }

  Collected run(const Turn& turn)
  {
    turn_ = &turn;
    for (const auto& id : result_.generations) remove_generation(id);
    for (const auto& [key, unit] : units_) remove_unit(key, unit);
    remove_leases();
    remove_rest();
    return result_;
  }

private:
  static bool is_anything(const std::string&) { return true; }
  static bool is_unfinished(const std::string& name) { return name.ends_with(part_suffix) || name.starts_with(".tmp-"); }

  [[nodiscard]] bool has_names(int where, const char* name, bool (*matches)(const std::string&)) const
  {
    const auto shown = layout_.shown(name);
    const auto list = open_beneath(where, "", O_RDONLY | O_DIRECTORY, shown);
    return std::ranges::any_of(list_directory(list.get(), shown), [&](const auto& entry) { return matches(entry.name); });
  }

  /// Generations that stay.
  std::set<std::string> choose() const
  {
    std::set<std::string> kept;
    const auto history = events(layout_);
    const auto now = std::time(nullptr);
    std::map<std::string, std::int64_t> left;  // when a generation was last given up
    std::vector<std::string> newest;
    for (const auto& event : history) {
      if (!event.happened) continue;
      if (!event.from.empty()) left[event.from] = event.time;
      std::erase(newest, event.to);
      newest.push_back(event.to);
    }
    if (const auto current = layout_.current()) kept.insert(*current);
    for (auto id = newest.rbegin(); id != newest.rend() && kept.size() < options_.keep; ++id) kept.insert(*id);
    for (const auto& lease : leases(layout_))
      if (!lease.stale) kept.insert(lease.generation);
    for (const auto& generation : all_) {
      const auto since = left.contains(generation.id) ? left.at(generation.id) : generation.created;
      if (now - since < options_.grace.count()) kept.insert(generation.id);
    }
    return kept;
  }

  /// By key: what lies in `units` and no kept generation has.
  std::map<std::string, PouredUnit> unused_units() const
  {
    std::set<std::string> used;
    std::map<std::string, PouredUnit> known;
    for (const auto& generation : all_) {
      for (const auto& unit : generation.units) {
        if (kept_.contains(generation.id)) used.insert(unit.key);
        known.emplace(unit.key, unit);
      }
    }
    std::map<std::string, PouredUnit> unused;
    const auto shown = layout_.shown("units");
    const auto now = std::time(nullptr);
    const auto dir = open_beneath(layout_.units(), "", O_RDONLY | O_DIRECTORY, shown);
    for (const auto& entry : list_directory(dir.get(), shown)) {
      if (used.contains(entry.name) || entry.name.ends_with(part_suffix)) continue;
      const auto found = known.find(entry.name);
      // One that no record names was poured by a run that did not come to its end: the next one wants it, for a while.
      const auto status = stat_at(dir.get(), entry.name, shown / entry.name);
      if (found == known.end() && now - status.st_ctim.tv_sec < options_.grace.count()) continue;
      unused.emplace(entry.name, found == known.end() ? PouredUnit{} : found->second);
    }
    return unused;
  }

  /// Its record first: from then on it cannot be rolled back to.
  void remove_generation(const std::string& id)
  {
    task_.check();
    turn_->check();
    ::unlinkat(layout_.generations(), (id + ".json").c_str(), 0);
    flush(layout_.generations(), layout_.shown("generations"));
    to_trash(layout_.generations(), id, layout_.shown("generations/" + id));
  }

  void remove_unit(const std::string& key, const PouredUnit& unit)
  {
    task_.check();
    turn_->check();
    for (const auto& id : kept_) unlink_from_view(id, key, unit);
    for (std::size_t i = 0; i < unit.roots.size(); ++i) remove_adopted(key, i, unit.roots[i]);
    to_trash(layout_.units(), key, layout_.shown("units/" + key));
  }

  /// Later views link to prefixes of earlier generations, so that who uses them can go on.
  void unlink_from_view(const std::string& id, const std::string& key, const PouredUnit& unit) const
  {
    for (const auto& root : unit.roots) {
      const auto slash = root.path.rfind('/');
      const auto parent = id + (slash == std::string::npos ? std::string() : "/" + root.path.substr(0, slash));
      const auto name = root.path.substr(slash == std::string::npos ? 0 : slash + 1);
      try {
        const auto dir = open_beneath(layout_.generations(), parent, O_RDONLY | O_DIRECTORY, layout_.shown("generations"));
        if (link_text(dir.get(), name).find("/units/" + key + "/") != std::string::npos) ::unlinkat(dir.get(), name.c_str(), 0);
      } catch (const Error&) {
        continue;  // this view has no such directory
      }
    }
  }

  /// What was adopted lies in the volume itself.
  void remove_adopted(const std::string& key, std::size_t number, const library::RootPath& root)
  {
    if (!root.is_directory || link_text(layout_.units(), fmt::format("{}/{}", key, number)) != "../../../" + root.path) return;
    const auto slash = root.path.rfind('/');
    try {
      const auto dir = open_beneath(layout_.root(), slash == std::string::npos ? std::string() : root.path.substr(0, slash),
                                    O_RDONLY | O_DIRECTORY, layout_.path() / root.path);
      const auto name = root.path.substr(slash == std::string::npos ? 0 : slash + 1);
      if (link_text(dir.get(), name).empty()) to_trash(dir.get(), name, layout_.path() / root.path);
    } catch (const Error& error) {
      if (error.code() != Errc::not_found) throw;
    }
  }

  void to_trash(int dir, const std::string& name, const std::filesystem::path& shown)
  {
    const auto aside = random_name();
    if (::renameat(dir, name.c_str(), layout_.trash(), aside.c_str()) != 0) {
      if (errno == ENOENT) return;
      throw_errno(errno, printable(shown.native()));
    }
    if (!remove_tree(layout_.trash(), aside, removal_threads, layout_.shown("trash"))) result_.busy.push_back(shown.filename());
  }

  void remove_leases() const
  {
    for (const auto& lease : leases(layout_))
      if (lease.stale) ::unlinkat(layout_.leases(), lease.name.c_str(), 0);
  }

  /// What killed runs left, and what could not be removed last time.
  void remove_rest()
  {
    const auto remove_where = [&](int where, const char* name, bool (*matches)(const std::string&)) {
      const auto shown = layout_.shown(name);
      const auto list = open_beneath(where, "", O_RDONLY | O_DIRECTORY, shown);
      for (const auto& entry : list_directory(list.get(), shown))
        if (matches(entry.name) && !remove_tree(where, entry.name, removal_threads, shown / entry.name)) result_.busy.push_back(entry.name);
    };
    remove_where(layout_.units(), "units", is_unfinished);
    remove_where(layout_.generations(), "generations", is_unfinished);
    remove_where(layout_.trash(), "trash", is_anything);
  }

  static std::string link_text(int dir, const std::string& name)
  {
    std::array<char, PATH_MAX> text;
    const auto size = ::readlinkat(dir, name.c_str(), text.data(), text.size());
    return size < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(size));
  }

  const Layout& layout_;
  const CollectOptions& options_;
  const Task& task_;
  const std::vector<Generation> all_;
  const std::set<std::string> kept_;
  const std::map<std::string, PouredUnit> units_;
  const Turn* turn_ = nullptr;
  Collected result_;
};

}  // namespace

Collected collect(const std::filesystem::path& directory, const CollectOptions& options, const Task& task)
{
  {
    // Without a turn, since mostly there is nothing to do: then nothing is written.
    const Layout layout(directory, Access::read);
    const Collection collection(layout, options, task);
    if (options.dry_run || !collection.has_work()) return collection.plan();
  }
  const OpenUmask umask;
  const Layout layout(directory, Access::write);
  const Turn turn(layout, "gc", std::nullopt, task);
  return Collection(layout, options, task).run(turn);
}

}  // namespace cairn::volume
