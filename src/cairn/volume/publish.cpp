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

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

constexpr std::size_t most_named = 3;

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
        if (link_text(volume, entry.name) != anchor_text(below)) found_.foreign.push_back(below);
      } else if (S_ISDIR(status.st_mode) && is_directory(view, entry)) {
        compare(open_beneath(view, entry.name, O_RDONLY | O_DIRECTORY, shown).get(),
                open_beneath(volume, entry.name, O_RDONLY | O_DIRECTORY, shown / entry.name).get(), below);
      } else if (!is_adopted(view, entry.name, below)) {
        if (const auto place = was_adopted(below)) found_.replaced.push_back({below, *place});
        else found_.foreign.push_back(below);
      }
    }
  }

  Anchors found() { return std::move(found_); }

private:
  static bool is_directory(int view, const DirectoryEntry& entry)
  {
    struct stat status{};
    return ::fstatat(view, entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
  }

  [[nodiscard]] std::string home_text(const std::string& path) const { return "../../../" + path; }

  /// The view leads to a unit that leads back to this very place.
  bool is_adopted(int view, const std::string& name, const std::string& path) const
  {
    const auto text = link_text(view, name);
    const auto place = text ? unit_place(*text) : std::nullopt;
    return place && link_text(layout_.units(), *place) == home_text(path);
  }

  std::optional<std::string> was_adopted(const std::string& path)
  {
    if (!earlier_) earlier_ = generations(layout_);
    for (const auto& generation : *earlier_)
      for (const auto& unit : generation.units)
        for (std::size_t i = 0; i < unit.roots.size(); ++i) {
          const auto place = fmt::format("{}/{}", unit.key, i);
          if (unit.roots[i].path == path && link_text(layout_.units(), place) == home_text(path)) return place;
        }
    return std::nullopt;
  }

  const Layout& layout_;
  Anchors found_;
  std::optional<std::vector<Generation>> earlier_;
};

void make_anchors(const Layout& layout, const std::vector<std::string>& paths)
{
  for (const auto& path : paths) {
    const auto slash = path.rfind('/');
    const auto parent = slash == std::string::npos ? std::string() : path.substr(0, slash);
    const auto name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    const auto shown = layout.path() / path;
    const auto dir = open_beneath(layout.root(), parent, O_RDONLY | O_DIRECTORY, shown);
    if (::symlinkat(anchor_text(path).c_str(), dir.get(), name.c_str()) == 0) continue;
    const int why = errno;
    if (link_text(dir.get(), name) != anchor_text(path)) throw_errno(why, printable(shown.native()));
  }
  if (!paths.empty()) flush(layout.root(), layout.path());
}

/// What an earlier generation adopted at `path` moves to where its unit is, and an anchor takes its place.
void replace_adopted(const Layout& layout, const Anchors::Adopted& adopted)
{
  const auto& path = adopted.path;
  const auto slash = path.rfind('/');
  const auto parent = slash == std::string::npos ? std::string() : path.substr(0, slash);
  const auto name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  const auto shown = layout.path() / path;
  const auto dir = open_beneath(layout.root(), parent, O_RDONLY | O_DIRECTORY, shown);
  const auto aside = random_name();
  if (::symlinkat(anchor_text(path).c_str(), layout.trash(), aside.c_str()) != 0) throw_errno(errno, printable(shown.native()));
  // Where names cannot be exchanged, the path is missing for the moment between two renames.
  if (::renameat2(dir.get(), name.c_str(), layout.trash(), aside.c_str(), RENAME_EXCHANGE) != 0) {
    ::unlinkat(layout.trash(), aside.c_str(), 0);
    if (::renameat(dir.get(), name.c_str(), layout.trash(), aside.c_str()) != 0) throw_errno(errno, printable(shown.native()));
    if (::symlinkat(anchor_text(path).c_str(), dir.get(), name.c_str()) != 0) throw_errno(errno, printable(shown.native()));
  }
  ::unlinkat(layout.units(), adopted.unit_place.c_str(), 0);
  if (::renameat(layout.trash(), aside.c_str(), layout.units(), adopted.unit_place.c_str()) != 0)
    throw_errno(errno, printable(shown.native()));
}

std::string listed(const std::vector<std::string>& paths)
{
  std::string text;
  for (std::size_t i = 0; i < std::min(paths.size(), most_named); ++i) text += (i == 0 ? "" : ", ") + printable(paths[i]);
  return paths.size() > most_named ? fmt::format("{} and {} more", text, paths.size() - most_named) : text;
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

void switch_to(const Layout& layout, const Turn& turn, const Generation& generation, const std::string& action)
{
  const auto anchors = plan_anchors(layout, generation.id);
  if (!anchors.foreign.empty())
    throw Error(Errc::exists, fmt::format("{}: {} is there, and cairn did not put it there; move it away, or try --adopt",
                                          printable(layout.path().native()), listed(anchors.foreign)));
  const auto before = layout.current();
  if (before == generation.id && anchors.missing.empty() && anchors.replaced.empty()) return;
  turn.check();
  make_anchors(layout, anchors.missing);
  if (before != generation.id) {
    record_event(layout, {.action = action, .from = before.value_or(""), .to = generation.id, .library = generation.library,
                          .time = std::time(nullptr)});
    turn.check();
    replace_link(layout.cairn(), std::string(current_name), "generations/" + generation.id, layout.shown(current_name));
    flush(layout.cairn(), layout.shown(""));
  }
  for (const auto& adopted : anchors.replaced) replace_adopted(layout, adopted);
  drop_dangling_anchors(layout);
}

void drop_dangling_anchors(const Layout& layout)
{
  const auto root = open_beneath(layout.root(), "", O_RDONLY | O_DIRECTORY, layout.path());
  for (const auto& entry : list_directory(root.get(), layout.path())) {
    if (link_text(root.get(), entry.name) != anchor_text(entry.name)) continue;
    struct stat status{};
    if (::fstatat(root.get(), entry.name.c_str(), &status, 0) != 0 && errno == ENOENT) ::unlinkat(root.get(), entry.name.c_str(), 0);
  }
}

}  // namespace cairn::volume
