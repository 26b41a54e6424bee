// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/verify.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/library/library.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/os/parallel.hpp>
#include <cairn/tar/writer.hpp>
#include <cairn/volume/adopt.hpp>
#include <cairn/volume/entry_list.hpp>
#include <cairn/volume/publish.hpp>
#include <cairn/volume/shipment.hpp>
#include <cairn/volume/small_file.hpp>
#include <cairn/volume/unit_paths.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <map>
#include <mutex>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

constexpr std::string_view list_name = "entries";

std::optional<std::string> link_text(int dir, const std::string& path)
{
  std::array<char, PATH_MAX> text;
  const auto size = ::readlinkat(dir, path.c_str(), text.data(), text.size());
  if (size < 0) return std::nullopt;
  return std::string(text.data(), static_cast<std::size_t>(size));
}

std::pair<std::string, std::string> split(const std::string& path)
{
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::pair{std::string(), path} : std::pair{path.substr(0, slash), path.substr(slash + 1)};
}

/// Makes a unit's plain bytes again from what lies on disk, and hashes them.
class UnitCheck {
public:
  UnitCheck(const Layout& layout, const PouredUnit& unit, std::string prefix, const Task& task)
      : unit_(unit),
        shown_(layout.shown("units/" + unit.key)),
        root_(open_beneath(layout.units(), unit.key, O_RDONLY | O_DIRECTORY, shown_)),
        paths_(unit.roots, std::move(prefix)),
        task_(task),
        buffer_(std::size_t{256} << 10)
  {
  }

  std::vector<Drift> run()
  {
    const auto packed = read_file(root_.get(), std::string(list_name), shown_ / list_name);
    if (!packed) return {{Drift::Kind::damage, unit_.name, std::string(list_name), "is missing"}};
    struct stat status{};
    if (::fstatat(root_.get(), std::string(list_name).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) poured_ = status.st_mtim.tv_sec;
    expect("", std::string(list_name));
    for (std::size_t i = 0; i < unit_.roots.size(); ++i) {
      expect("", std::to_string(i));
      if (unit_.roots[i].is_directory) names_[std::to_string(i)];
    }
    for (const auto& entry : read_entry_list(as_bytes(*packed), shown_ / list_name)) check(entry);
    const bool broken = !drift_.empty();
    if (!broken && (bytes_ != unit_.plain_bytes || hash_.finish() != unit_.plain_digest)) name_what_changed();
    look_for_strays();
    return std::move(drift_);
  }

private:
  void damage(const std::string& path, std::string what) { drift_.push_back({Drift::Kind::damage, unit_.name, path, std::move(what)}); }
  void expect(const std::string& directory, const std::string& name) { names_[directory].insert(name); }

  void check(const tar::Entry& entry)
  {
    task_.check();
    const auto place = paths_.place(entry.path);
    if (!place) return damage(printable(entry.path), "is in the list, but not below a root");
    const auto [directory, name] = split(place->path);
    expect(directory, name);
    if (entry.type == tar::Type::directory) names_[place->path];
    feed_header(entry);
    if (!enter(directory)) return damage(place->path, "is missing");
    struct stat status{};
    if (::fstatat(here_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return damage(place->path, "is missing");
    switch (entry.type) {
      case tar::Type::directory:
        if (!S_ISDIR(status.st_mode)) damage(place->path, "is no directory any more");
        return;
      case tar::Type::symlink:
        if (link_text(here_.get(), name) != paths_.link_text(entry.path, *place, entry.link)) damage(place->path, "is another link");
        return;
      case tar::Type::hard_link: return check_hard_link(entry, *place, status);
      default: return check_file(entry, *place, name, status);
    }
  }

  void check_hard_link(const tar::Entry& entry, const UnitPaths::Place& place, const struct stat& status)
  {
    const auto to = paths_.place(entry.link);
    struct stat first{};
    if (!to || ::fstatat(root_.get(), to->path.c_str(), &first, AT_SYMLINK_NOFOLLOW) != 0)
      return damage(place.path, "has lost its first name");
    // A copy, where the file system had no hard links, must at least be as long.
    if (!S_ISREG(status.st_mode) || (first.st_ino != status.st_ino && first.st_size != status.st_size))
      damage(place.path, "is another file");
  }

  void check_file(const tar::Entry& entry, const UnitPaths::Place& place, const std::string& name, const struct stat& status)
  {
    if (!S_ISREG(status.st_mode)) return damage(place.path, "is no regular file any more");
    if (static_cast<std::uint64_t>(status.st_size) != entry.size_bytes)
      return damage(place.path, fmt::format("has {} bytes instead of {}", status.st_size, entry.size_bytes));
    if (status.st_ctim.tv_sec > poured_ + 1 && status.st_nlink == 1) touched_.push_back(place.path);
    const auto fd = open_at(here_.get(), name, O_RDONLY, 0, shown_ / place.path);
    std::uint64_t left = entry.size_bytes;
    while (left != 0) {
      const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer_.size()));
      const auto size = read_full(fd.get(), std::span(buffer_).first(want), printable((shown_ / place.path).native()));
      if (size == 0) return damage(place.path, "got shorter while it was read");
      feed(std::span(buffer_).first(size));
      left -= size;
      task_.advance(size);
    }
    const std::array<std::byte, tar::block_bytes> zeros{};
    feed(std::span(zeros).first(static_cast<std::size_t>(tar::padded(entry.size_bytes) - entry.size_bytes)));
  }

  void name_what_changed()
  {
    if (touched_.empty()) return damage("", "its content is not what the library says");
    for (const auto& path : touched_) damage(path, "was changed after it was poured");
  }

  /// Only directories that the unit has: what is in a stray one is stray too.
  void look_for_strays()
  {
    for (const auto& [directory, names] : names_) {
      if (!enter(directory)) continue;
      const auto fresh = open_beneath(root_.get(), directory, O_RDONLY | O_DIRECTORY, shown_ / directory);
      for (const auto& entry : list_directory(fresh.get(), shown_ / directory)) {
        // What an NFS client keeps of a file that was removed while open, and what file systems put there themselves.
        if (names.contains(entry.name) || entry.name.starts_with(".nfs") || entry.name == ".snapshot") continue;
        drift_.push_back(
            {Drift::Kind::stray, unit_.name, directory.empty() ? entry.name : directory + "/" + entry.name, "does not belong there"});
      }
    }
  }

  bool enter(const std::string& directory)
  {
    if (here_ && entered_ == directory) return true;
    try {
      here_ = open_beneath(root_.get(), directory, O_RDONLY | O_DIRECTORY, shown_ / directory);
      entered_ = directory;
      return true;
    } catch (const Error&) {
      here_.reset();
      return false;
    }
  }

  void feed_header(const tar::Entry& entry)
  {
    header_.clear();
    tar::append_header(entry, header_);
    feed(header_);
  }
  void feed(std::span<const std::byte> bytes)
  {
    hash_.update(bytes);
    bytes_ += bytes.size();
  }

  const PouredUnit& unit_;
  const std::filesystem::path shown_;
  Fd root_;
  Fd here_;
  std::string entered_;
  UnitPaths paths_;
  const Task& task_;
  std::vector<std::byte> buffer_;
  std::vector<std::byte> header_;
  Sha256 hash_;
  std::uint64_t bytes_ = 0;
  std::int64_t poured_ = 0;
  std::vector<std::string> touched_;
  std::map<std::string, std::set<std::string>> names_;
  std::vector<Drift> drift_;
};

/// What library.json in the view says was left out of the tree.
std::vector<std::string> dropped_paths(const Layout& layout, const std::string& id)
{
  try {
    const auto dir = open_beneath(layout.generations(), id + "/.cairn", O_RDONLY | O_DIRECTORY, layout.shown("generations/" + id));
    const auto text = read_file(dir.get(), "library.json", layout.shown("library.json"));
    if (text) return library::Document::parse(*text, "library.json").dropped;
  } catch (const Error&) {
    return {};  // damaged: found elsewhere
  }
  return {};
}

std::vector<Drift> check_unit(const Layout& layout, const Generation& generation, const PouredUnit& unit, const TreeRules& rules,
                              const Task& task)
{
  struct stat status{};
  if (::fstatat(layout.units(), unit.key.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return {{Drift::Kind::damage, unit.name, "", "is missing"}};
  if (auto wrong = check_adopted(layout, unit.roots, unit.key, rules, task)) {
    if (wrong->empty()) return {};
    return {{Drift::Kind::damage, unit.name, "", std::move(*wrong)}};
  }
  return UnitCheck(layout, unit, layer::archive_prefix(generation.target), task).run();
}

/// Whether users come to every root by way of the view.
void check_view(const Layout& layout, const Generation& generation, std::vector<Drift>& drift)
{
  const auto bad = [&](const std::string& path, std::string what) { drift.push_back({Drift::Kind::view, "", path, std::move(what)}); };
  Fd view;
  try {
    view = open_beneath(layout.generations(), generation.id, O_RDONLY | O_DIRECTORY, layout.shown("generations/" + generation.id));
  } catch (const Error&) {
    return bad("", "the view is missing");
  }
  for (const auto& unit : generation.units) {
    for (std::size_t i = 0; i < unit.roots.size(); ++i) {
      const auto& path = unit.roots[i].path;
      const auto place = fmt::format("{}/{}", unit.key, i);
      struct stat seen{};
      struct stat there{};
      if (!unit.roots[i].is_directory && link_text(layout.units(), place)) {
        if (link_text(view.get(), path) != link_text(layout.units(), place)) bad(path, "is another link");
      } else if (::fstatat(layout.units(), place.c_str(), &there, 0) != 0) {
        continue;  // damage, said already
      } else if (::fstatat(view.get(), path.c_str(), &seen, 0) != 0) {
        bad(path, "is missing in the view");
      } else if (!S_ISDIR(seen.st_mode) && (seen.st_ino != there.st_ino || seen.st_dev != there.st_dev)) {
        bad(path, "leads elsewhere");
      }
    }
  }
  const auto anchors = plan_anchors(layout, generation.id);
  for (const auto& path : anchors.missing) bad(path, "is missing in the volume");
  for (const auto& path : anchors.foreign) bad(path, "is not cairn's");
}

}  // namespace

Verified verify(const std::filesystem::path& directory, const std::optional<std::string>& id, std::size_t threads, const Task& task)
{
  const Layout layout(directory, Access::read);
  const auto wanted = id ? id : layout.current();
  if (!wanted) throw Error(Errc::not_found, fmt::format("{}: holds no generation yet", printable(directory.native())));
  const auto generation = find_generation(layout, *wanted);
  Verified result{.generation = generation.id, .units = generation.units.size(), .drift = {}};
  TreeRules rules{layer::archive_prefix(generation.target), {}, dropped_paths(layout, generation.id)};
  for (const auto& unit : generation.units) {
    result.bytes += unit.content_bytes;
    for (const auto& root : unit.roots) rules.all_roots.push_back(root.path);
  }
  std::ranges::sort(rules.all_roots);
  const auto step = task.step("verify", result.bytes);
  std::vector<std::vector<Drift>> drift(generation.units.size());
  parallel_for(generation.units.size(), threads,
               [&](std::size_t i) { drift[i] = check_unit(layout, generation, generation.units[i], rules, step); });
  for (auto& found : drift) result.drift.insert(result.drift.end(), found.begin(), found.end());
  if (layout.current() == generation.id) check_view(layout, generation, result.drift);
  return result;
}

std::uint64_t repair(const std::filesystem::path& directory, const Verified& found, const oci::BlobSource& blobs,
                     const oci::Descriptor& manifest, const Task& task)
{
  const OpenUmask umask;
  const Layout layout(directory, Access::write);
  const auto generation = find_generation(layout, found.generation);
  if (generation.manifest != manifest.digest)
    throw Error(Errc::bad_input, fmt::format("{}: generation {} was made of {}, not of {}", printable(directory.native()), generation.id,
                                             generation.manifest.str(), manifest.digest.str()));
  const auto library = library::load(blobs, manifest);
  std::map<std::string, std::string> damaged;
  bool view = false;
  for (const auto& drift : found.drift) {
    if (drift.kind == Drift::Kind::damage) damaged.emplace(drift.unit, generation.unit(drift.unit)->key);
    view = view || drift.kind == Drift::Kind::view;
  }
  const Turn turn(layout, "repair", std::nullopt, task);
  ship(blobs, library, damaged, layout, turn, {}, task);
  if (view && layout.current() == generation.id) switch_to(layout, turn, generation, "repair");
  return damaged.size();
}

}  // namespace cairn::volume
