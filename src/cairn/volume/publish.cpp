// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/publish.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/volume/history.hpp>
#include <cairn/volume/removal.hpp>
#include <cairn/volume/small_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <optional>
#include <set>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

constexpr std::size_t most_named = 3;

/// The directory that holds `path`, and its name there.
std::pair<std::string, std::string> split(const std::string& path)
{
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::pair{std::string(), path} : std::pair{path.substr(0, slash), path.substr(slash + 1)};
}

std::optional<std::string> link_text(int dir, const std::string& name)
{
  std::array<char, PATH_MAX> text;
  const auto size = ::readlinkat(dir, name.c_str(), text.data(), text.size());
  if (size < 0) return std::nullopt;
  return std::string(text.data(), static_cast<std::size_t>(size));
}

/// `units/KEY/N` that a link of a view leads to.
std::optional<std::string> unit_place(const std::string& text)
{
  constexpr std::string_view mark = "../units/";
  const auto at = text.find(mark);
  if (at == std::string::npos) return std::nullopt;
  return text.substr(at + mark.size());
}

/// What a unit that was adopted has in place of a directory.
std::string home_text(const std::string& path) { return "../../../" + path; }

class AnchorPlan {
public:
  explicit AnchorPlan(const Layout& layout) : layout_(layout) {}

  /// Compare the directory `view` with the volume's own `volume`, both at `path`.
  void compare(int view, int volume, const std::string& path)
  {
    const auto shown = layout_.path() / path;
    for (const auto& entry : list_directory(view, shown)) {
      const auto below = path.empty() ? entry.name : path + "/" + entry.name;
      struct stat status{};
      if (::fstatat(volume, entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT) throw_errno(errno, printable(shown.native()));
        found_.missing.push_back(below);
      } else if (S_ISLNK(status.st_mode)) {
        if (link_text(volume, entry.name) == anchor_text(below)) continue;
        if (link_text(volume, entry.name) == link_text(view, entry.name)) found_.equal.push_back(below);
        else found_.foreign.push_back(below);
      } else if (S_ISDIR(status.st_mode) && is_directory(view, entry)) {
        compare(open_beneath(view, entry.name, O_RDONLY | O_DIRECTORY, shown).get(),
                open_beneath(volume, entry.name, O_RDONLY | O_DIRECTORY, shown / entry.name).get(), below);
      } else if (!is_adopted(view, entry.name, below)) {
        if (const auto place = was_adopted(below)) found_.replaced.push_back({below, *place});
        else if (S_ISREG(status.st_mode) && same_content(view, volume, entry.name, shown)) found_.equal.push_back(below);
        else found_.foreign.push_back(below);
      }
    }
  }

  Anchors found() { return std::move(found_); }

  /// `KEY/N` of the unit of an earlier generation that was adopted at `path`.
  std::optional<std::string> was_adopted(const std::string& path)
  {
    if (!earlier_) earlier_ = generations(layout_);
    for (const auto& generation : *earlier_)
      for (const auto& unit : generation.units)
        for (std::size_t i = 0; i < unit.roots.size(); ++i) {
          auto place = fmt::format("{}/{}", unit.key, i);
          if (unit.roots[i].path == path && link_text(layout_.units(), place) == home_text(path)) return place;
        }
    return std::nullopt;
  }

private:
  static bool is_directory(int view, const DirectoryEntry& entry)
  {
    struct stat status{};
    return ::fstatat(view, entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
  }

  static bool same_content(int view, int volume, const std::string& name, const std::filesystem::path& shown)
  {
    struct stat there{};
    if (::fstatat(view, name.c_str(), &there, 0) != 0 || !S_ISREG(there.st_mode)) return false;
    const Fd ours(::openat(view, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // the view's links are followed
    const auto theirs = open_at(volume, name, O_RDONLY | O_NONBLOCK, 0, shown / name);
    if (!ours) return false;
    std::vector<std::byte> a(std::size_t{64} << 10);
    std::vector<std::byte> b(a.size());
    for (;;) {
      const auto size = read_full(ours.get(), a, name);
      if (size != read_full(theirs.get(), b, name) || !std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(size), b.begin()))
        return false;
      if (size == 0) return true;
    }
  }

  /// The view leads to a unit that leads back to this very place.
  bool is_adopted(int view, const std::string& name, const std::string& path) const
  {
    const auto text = link_text(view, name);
    const auto place = text ? unit_place(*text) : std::nullopt;
    return place && link_text(layout_.units(), *place) == home_text(path);
  }

  const Layout& layout_;
  Anchors found_;
  std::optional<std::vector<Generation>> earlier_;
};

void make_anchors(const Layout& layout, const std::vector<std::string>& paths)
{
  for (const auto& path : paths) {
    const auto [parent, name] = split(path);
    const auto shown = layout.path() / path;
    const auto dir = open_beneath(layout.root(), parent, O_RDONLY | O_DIRECTORY, shown);
    if (::symlinkat(anchor_text(path).c_str(), dir.get(), name.c_str()) == 0) continue;
    const int why = errno;
    if (link_text(dir.get(), name) != anchor_text(path)) throw_errno(why, printable(shown.native()));
  }
  if (!paths.empty()) flush(layout.root(), layout.path());
}

/// Put an anchor where something is; returns under which name that is in the trash now. Where names cannot be exchanged, the
/// path is missing for the moment between two renames.
std::string put_aside(const Layout& layout, const std::string& path)
{
  const auto [parent, name] = split(path);
  const auto shown = layout.path() / path;
  const auto dir = open_beneath(layout.root(), parent, O_RDONLY | O_DIRECTORY, shown);
  const auto aside = random_name();
  if (::symlinkat(anchor_text(path).c_str(), layout.trash(), aside.c_str()) != 0) throw_errno(errno, printable(shown.native()));
  if (::renameat2(dir.get(), name.c_str(), layout.trash(), aside.c_str(), RENAME_EXCHANGE) == 0) return aside;
  ::unlinkat(layout.trash(), aside.c_str(), 0);
  if (::renameat(dir.get(), name.c_str(), layout.trash(), aside.c_str()) != 0) throw_errno(errno, printable(shown.native()));
  if (::symlinkat(anchor_text(path).c_str(), dir.get(), name.c_str()) != 0) throw_errno(errno, printable(shown.native()));
  return aside;
}

/// What an earlier generation adopted moves to where its unit is, and an anchor takes its place.
void replace_adopted(const Layout& layout, const Anchors::Adopted& adopted)
{
  const auto aside = put_aside(layout, adopted.path);
  ::unlinkat(layout.units(), adopted.unit_place.c_str(), 0);
  if (::renameat(layout.trash(), aside.c_str(), layout.units(), adopted.unit_place.c_str()) != 0)
    throw_errno(errno, printable(layout.shown("units/" + adopted.unit_place).native()));
}

/// Anchors in place of files and links that are the same: by one rename each.
void replace_equal(const Layout& layout, const std::vector<std::string>& paths)
{
  for (const auto& path : paths) {
    const auto [parent, name] = split(path);
    const auto dir = open_beneath(layout.root(), parent, O_RDONLY | O_DIRECTORY, layout.path() / path);
    replace_link(dir.get(), name, anchor_text(path), layout.path() / path);
  }
}

bool holds_only_anchors(int dir, const std::string& path, const std::filesystem::path& shown)
{
  for (const auto& entry : list_directory(dir, shown)) {
    const auto below = path + "/" + entry.name;
    if (link_text(dir, entry.name)) {
      if (link_text(dir, entry.name) != anchor_text(below)) return false;
      continue;
    }
    struct stat status{};
    if (::fstatat(dir, entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode)) return false;
    if (!holds_only_anchors(open_beneath(dir, entry.name, O_RDONLY | O_DIRECTORY, shown / entry.name).get(), below, shown / entry.name))
      return false;
  }
  return true;
}

/// A directory at the top of the volume in which nothing is left but anchors becomes an anchor: then it changes as a whole.
void collapse(const Layout& layout, const std::string& id)
{
  const auto shown = layout.shown("generations/" + id);
  const auto view = open_beneath(layout.generations(), id, O_RDONLY | O_DIRECTORY, shown);
  for (const auto& entry : list_directory(view.get(), shown)) {
    struct stat status{};
    if (entry.name == cairn_name || ::fstatat(layout.root(), entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISDIR(status.st_mode)) continue;
    const auto dir = open_beneath(layout.root(), entry.name, O_RDONLY | O_DIRECTORY, layout.path() / entry.name);
    if (!holds_only_anchors(dir.get(), entry.name, layout.path() / entry.name)) continue;
    remove_tree(layout.trash(), put_aside(layout, entry.name), removal_threads, layout.shown("trash"));
  }
}

Fd open_if_there(const Layout& layout, const std::string& directory)
{
  try {
    return open_beneath(layout.root(), directory, O_RDONLY | O_DIRECTORY, layout.path() / directory);
  } catch (const Error&) {
    return {};
  }
}

/// Anchors on the way to roots of `before` that lead nowhere now.
void drop_dangling_anchors(const Layout& layout, const Generation& before)
{
  std::set<std::string> seen;
  for (const auto& unit : before.units) {
    for (const auto& root : unit.roots) {
      for (std::size_t end = root.path.find('/');; end = root.path.find('/', end + 1)) {
        const auto path = root.path.substr(0, end);
        const auto [parent, name] = split(path);
        struct stat status{};
        if (!seen.insert(path).second) {
          if (end == std::string::npos) break;
          continue;
        }
        const auto dir = open_if_there(layout, parent);
        if (!dir || ::fstatat(dir.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) break;
        if (S_ISLNK(status.st_mode)) {
          if (link_text(dir.get(), name) == anchor_text(path) && ::fstatat(dir.get(), name.c_str(), &status, 0) != 0 && errno == ENOENT)
            ::unlinkat(dir.get(), name.c_str(), 0);
          break;
        }
        if (end == std::string::npos) break;
      }
    }
  }
}

std::string listed(const std::vector<std::string>& paths)
{
  std::string text;
  for (std::size_t i = 0; i < std::min(paths.size(), most_named); ++i) text += (i == 0 ? "" : ", ") + printable(paths[i]);
  return paths.size() > most_named ? fmt::format("{} and {} more", text, paths.size() - most_named) : text;
}

void refuse_foreign(const Layout& layout, const std::vector<std::string>& foreign, Adopt adopt)
{
  if (foreign.empty()) return;
  throw Error(Errc::exists, fmt::format("{}: cairn did not put {} there; move that away{}", printable(layout.path().native()),
                                        listed(foreign), adopt == Adopt::no ? ", or try --adopt" : ", since it is not the library's"));
}

}  // namespace

std::string anchor_text(const std::string& path)
{
  std::string up;
  for (const char c : path)
    if (c == '/') up += "../";
  return fmt::format("{}{}/{}/{}", up, cairn_name, current_name, path);
}

Anchors plan_anchors(const Layout& layout, const std::string& name)
{
  AnchorPlan plan(layout);
  const auto view = open_beneath(layout.generations(), name, O_RDONLY | O_DIRECTORY, layout.shown("generations/" + name));
  const auto volume = open_beneath(layout.root(), "", O_RDONLY | O_DIRECTORY, layout.path());
  plan.compare(view.get(), volume.get(), "");
  return plan.found();
}

void discard(const Layout& layout, int dir, const std::string& name, const std::filesystem::path& shown)
{
  const auto aside = random_name();
  if (::renameat(dir, name.c_str(), layout.trash(), aside.c_str()) != 0) {
    if (errno == ENOENT) return;
    throw_errno(errno, printable(shown.native()));
  }
  remove_tree(layout.trash(), aside, removal_threads, layout.shown("trash/" + aside));
}

void require_free_way(const Layout& layout, const std::vector<PouredUnit>& units, Adopt adopt)
{
  std::vector<std::string> foreign;
  std::set<std::string> free;  // directories on the way that are links or not there: nothing below is in the way
  std::optional<AnchorPlan> plan;
  for (const auto& unit : units) {
    for (std::size_t i = 0; i < unit.roots.size(); ++i) {
      const auto& path = unit.roots[i].path;
      const auto [parent, name] = split(path);
      if (free.contains(path.substr(0, path.find('/')))) continue;
      struct stat status{};
      const auto top = path.substr(0, path.find('/'));
      if (::fstatat(layout.root(), top.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
          (S_ISLNK(status.st_mode) && link_text(layout.root(), top) == anchor_text(top))) {
        free.insert(top);
        continue;
      }
      const auto dir = open_if_there(layout, parent);
      if (!dir || ::fstatat(dir.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (link_text(dir.get(), name) == anchor_text(path)) continue;
      if (adopt == Adopt::yes && !unit.roots[i].is_directory) continue;  // compared when the view is there
      if (link_text(layout.units(), fmt::format("{}/{}", unit.key, i)) == home_text(path)) continue;
      if (!plan) plan.emplace(layout);
      if (!plan->was_adopted(path)) foreign.push_back(path);
    }
  }
  refuse_foreign(layout, foreign, adopt);
}

void switch_to(const Layout& layout, const Turn& turn, const Generation& generation, const std::string& action, Adopt adopt)
{
  auto anchors = plan_anchors(layout, generation.id);
  if (adopt == Adopt::no) anchors.foreign.insert(anchors.foreign.end(), anchors.equal.begin(), anchors.equal.end());
  refuse_foreign(layout, anchors.foreign, adopt);
  const auto before = layout.current();
  turn.check();
  make_anchors(layout, anchors.missing);
  if (before != generation.id) {
    record_event(
        layout,
        {.action = action, .from = before.value_or(""), .to = generation.id, .library = generation.library, .time = std::time(nullptr)});
    turn.check();
    replace_link(layout.cairn(), std::string(current_name), "generations/" + generation.id, layout.shown(current_name));
    flush(layout.cairn(), layout.shown(""));
  }
  replace_equal(layout, anchors.equal);
  for (const auto& adopted : anchors.replaced) replace_adopted(layout, adopted);
  collapse(layout, generation.id);
  if (const auto old = before ? read_generation(layout, *before) : std::nullopt) drop_dangling_anchors(layout, *old);
}

}  // namespace cairn::volume
