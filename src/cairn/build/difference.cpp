// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/difference.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/left_out.hpp>
#include <cairn/io/file.hpp>
#include <cairn/layer/bytecode.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/tar/whiteout.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace cairn::build {
namespace {

constexpr std::string_view capability = "security.capability";

std::string capability_of(const std::filesystem::path& file)
{
  std::array<char, 64> value{};  // a vfs_ns_cap_data has 24 bytes
  const auto size = ::lgetxattr(file.c_str(), std::string(capability).c_str(), value.data(), value.size());
  return size > 0 ? std::string(value.data(), static_cast<std::size_t>(size)) : std::string();
}

bool same_content(const std::filesystem::path& a, const std::filesystem::path& b)
{
  FileSource one(a);
  FileSource other(b);
  std::array<std::byte, std::size_t{1} << 16> left{};
  std::array<std::byte, std::size_t{1} << 16> right{};
  for (;;) {
    const auto size = read_full(one, left);
    if (size != read_full(other, right) || !std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(size), right.begin())) return false;
    if (size == 0) return true;
  }
}

class Walk {
public:
  Walk(const Overlay& overlay, const DifferenceRules& rules, NormalLayer& layer, const Task& task)
      : overlay_(overlay), rules_(rules), layer_(layer), task_(task)
  {
  }
  void run() { content(open_root(overlay_.upper).get(), ""); }
  std::vector<std::string> left_out() && { return std::move(left_out_); }

private:
  [[nodiscard]] std::filesystem::path shown(const std::string& path) const { return overlay_.upper / path; }

  void content(int directory, const std::string& path)
  {
    for (const auto& name : list_directory(directory, shown(path))) {
      task_.check();
      add(directory, name.name, path.empty() ? name.name : fmt::format("{}/{}", path, name.name));
    }
  }

  void add(int directory, const std::string& name, const std::string& path)
  {
    const auto at = shown(path);
    if (belongs_to_runtime(path) || std::ranges::find(rules_.scratch, path) != rules_.scratch.end()) return;  // not even told of: no step can do without
    const auto status = stat_at(directory, name, at);
    if (S_ISCHR(status.st_mode) && status.st_rdev == 0) return hide(path);
    if (name.starts_with(tar::whiteout_prefix))
      throw Error(Errc::unsupported, fmt::format("{}: the step made it; names that begin with {} mean something else in a layer", printable(path), tar::whiteout_prefix));
    if (is_redirected(at))
      throw Error(Errc::unsupported, fmt::format("{}: overlayfs keeps it by reference; set the module option redirect_dir=off, metacopy=off", printable(path)));
    if (is_leftover(path, S_ISDIR(status.st_mode))) return leave_out(path, status);
    if (S_ISDIR(status.st_mode)) return add_directory(open_at(directory, name, O_RDONLY | O_DIRECTORY, 0, at), path, status);
    auto entry = entry_of(path, status);
    if (S_ISLNK(status.st_mode)) {
      entry.type = tar::Type::symlink;
      entry.mode = 0777;
      entry.link = read_link_at(directory, name, at);
      if (!is_same_link(entry)) emit(std::move(entry));
    } else if (S_ISREG(status.st_mode)) {
      add_file(open_at(directory, name, O_RDONLY, 0, at), std::move(entry), status);
    } else {
      leave_out(path, status);
    }
  }

  void leave_out(const std::string& path, const struct stat& status) { left_out_.push_back(S_ISDIR(status.st_mode) ? path + '/' : path); }

  [[nodiscard]] static tar::Entry entry_of(const std::string& path, const struct stat& status)
  {
    tar::Entry entry;
    entry.path = path;
    entry.mode = status.st_mode & 07777;
    entry.uid = status.st_uid;
    entry.gid = status.st_gid;
    return entry;
  }

  void hide(const std::string& path)
  {
    if (overlay_.below(path)) emit(tar::whiteout_entry({tar::Whiteout::Hides::path, path}));
  }

  void add_directory(const Fd& directory, const std::string& path, const struct stat& status)
  {
    auto entry = entry_of(path, status);
    entry.type = tar::Type::directory;
    const auto below = overlay_.below(path);
    struct stat old {};
    const bool was_directory = below && ::lstat(below->c_str(), &old) == 0 && S_ISDIR(old.st_mode);
    const bool is_same = was_directory && old.st_mode == status.st_mode && old.st_uid == status.st_uid && old.st_gid == status.st_gid;
    const bool is_for_mount = !below && std::ranges::any_of(rules_.mount_places, [&](const auto& place) { return place == path || place.starts_with(path + '/'); });
    const bool replaces = was_directory && is_opaque(shown(path));
    pending_.push_back(std::move(entry));
    if (!is_same && !is_for_mount) flush();
    if (replaces) emit(tar::whiteout_entry({tar::Whiteout::Hides::content, path}));
    content(directory.get(), path);
    if (!pending_.empty()) pending_.pop_back();
  }

  void add_file(Fd file, tar::Entry entry, const struct stat& status)
  {
    if (status.st_nlink > 1) {
      const auto first = first_names_.find(status.st_ino);
      if (first != first_names_.end()) {
        entry.type = tar::Type::hard_link;
        entry.link = first->second;
        return emit(std::move(entry));
      }
    }
    const auto path = entry.path;
    if (auto caps = capability_of(shown(path)); !caps.empty()) entry.xattrs.emplace(capability, std::move(caps));
    if (is_bytecode(path) && static_cast<std::uint64_t>(status.st_size) <= bytecode_limit_bytes) return add_bytecode(file, std::move(entry), status);
    if (is_same_file(entry, status)) return;
    if (status.st_nlink > 1) first_names_.emplace(status.st_ino, path);
    entry.size_bytes = static_cast<std::uint64_t>(status.st_size);
    FileSource source(std::move(file), 0, entry.size_bytes, printable(path));
    WatchedSource content(source, task_);
    flush();
    layer_.add(std::move(entry), content);
  }

  /// Bytecode that Python would take here stays so under the layer's times; other is left out.
  void add_bytecode(const Fd& file, tar::Entry entry, const struct stat& status)
  {
    const auto path = entry.path;
    std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
    bytes.resize(read_full(file.get(), std::as_writable_bytes(std::span(bytes)), printable(path)));
    struct stat of_source {};
    const auto source = source_of(path, of_source);
    if (!settle_bytecode(bytes, source, of_source.st_mtime)) return leave_out(path, status);
    if (is_same_bytes(entry, bytes)) return;
    flush();
    layer_.add(std::move(entry), bytes);
  }

  [[nodiscard]] std::optional<std::string> source_of(const std::string& path, struct stat& status) const
  {
    const auto name = layer::pyc_source_name(path.substr(path.rfind('/') + 1));
    const auto cache = path.rfind("__pycache__/");
    if (!name) return std::nullopt;
    const auto source = overlay_.merged / (path.substr(0, cache) + *name);
    if (::lstat(source.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return read_small_file(source, bytecode_limit_bytes);
  }

  [[nodiscard]] bool is_same_link(const tar::Entry& entry) const
  {
    const auto below = overlay_.below(entry.path);
    struct stat old {};
    return below && ::lstat(below->c_str(), &old) == 0 && S_ISLNK(old.st_mode) && old.st_uid == entry.uid && old.st_gid == entry.gid &&
           std::filesystem::read_symlink(*below).native() == entry.link;
  }
  /// Where the file lies below, if it has the same owner, mode, capability and size there.
  [[nodiscard]] std::optional<std::filesystem::path> like_below(const tar::Entry& entry, std::uint64_t size_bytes) const
  {
    auto below = overlay_.below(entry.path);
    struct stat old {};
    if (!below || ::lstat(below->c_str(), &old) != 0 || !S_ISREG(old.st_mode)) return std::nullopt;
    const bool is_like = (old.st_mode & 07777) == entry.mode && old.st_uid == entry.uid && old.st_gid == entry.gid &&
                         static_cast<std::uint64_t>(old.st_size) == size_bytes;
    const auto found = entry.xattrs.find(std::string(capability));
    if (!is_like || capability_of(*below) != (found == entry.xattrs.end() ? std::string() : found->second)) return std::nullopt;
    return below;
  }
  [[nodiscard]] bool is_same_file(const tar::Entry& entry, const struct stat& status) const
  {
    const auto below = like_below(entry, static_cast<std::uint64_t>(status.st_size));
    return below && same_content(*below, shown(entry.path));
  }
  [[nodiscard]] bool is_same_bytes(const tar::Entry& entry, const std::string& bytes) const
  {
    const auto below = like_below(entry, bytes.size());
    return below && read_small_file(*below, bytecode_limit_bytes) == bytes;
  }

  /// Directories that did not change themselves are written only when something in them is.
  void flush()
  {
    for (auto& entry : pending_) {
      if (entry.path.empty()) continue;
      layer_.add(std::exchange(entry, {}));
    }
  }
  void emit(tar::Entry entry)
  {
    flush();
    layer_.add(std::move(entry));
  }

  const Overlay& overlay_;
  const DifferenceRules& rules_;
  NormalLayer& layer_;
  const Task& task_;
  std::vector<tar::Entry> pending_;  ///< from the root down; written ones are empty
  std::map<ino_t, std::string> first_names_;
  std::vector<std::string> left_out_;
};

}  // namespace

std::vector<std::string> write_difference(const Overlay& overlay, const DifferenceRules& rules, NormalLayer& layer, const Task& task)
{
  Walk walk(overlay, rules, layer, task);
  walk.run();
  return std::move(walk).left_out();
}

}  // namespace cairn::build
