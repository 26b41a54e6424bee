// SPDX-License-Identifier: Apache-2.0
//
// overlayfs keeps what a container changed in one directory: new and changed files whole, a character device 0/0 for what was removed, the
// attribute trusted.overlay.opaque on a directory that replaces one (Documentation/filesystems/overlayfs.rst of Linux).
#include <cairn/build/overlay.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>

#include <fmt/format.h>

#include <array>
#include <string_view>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

namespace cairn::build {
namespace {

constexpr std::uint64_t lower_limit_bytes = std::uint64_t{1} << 16;

bool has_attribute(const std::filesystem::path& path, std::string_view name)
{
  // Of a user namespace `user.`, else `trusted.`.
  for (const std::string_view space : {"trusted.overlay.", "user.overlay."}) {
    std::array<char, 1> value{};
    if (::lgetxattr(path.c_str(), fmt::format("{}{}", space, name).c_str(), value.data(), value.size()) >= 0 || errno == ERANGE) return true;
  }
  return false;
}

std::optional<struct stat> status_of(const std::filesystem::path& path)
{
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return status;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw_errno(errno, printable(path.native()));
}

bool is_whiteout(const struct stat& status) { return S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0); }

enum class Found { nothing, here, hidden };

/// Whether one layer has `path`, or hides it from those below.
Found look(const std::filesystem::path& layer, const std::string& path)
{
  bool hides = false;
  for (auto end = path.find('/');; end = path.find('/', end + 1)) {
    const auto at = layer / path.substr(0, end);
    const auto status = status_of(at);
    if (!status) return hides ? Found::hidden : Found::nothing;
    if (is_whiteout(*status)) return Found::hidden;
    if (end == std::string::npos) return Found::here;
    if (!S_ISDIR(status->st_mode)) return Found::hidden;
    hides = hides || is_opaque(at);
  }
}

}  // namespace

bool is_whiteout(const std::filesystem::path& path)
{
  const auto status = status_of(path);
  return status && is_whiteout(*status);
}

bool is_opaque(const std::filesystem::path& directory) { return has_attribute(directory, "opaque"); }

bool is_redirected(const std::filesystem::path& path) { return has_attribute(path, "redirect") || has_attribute(path, "metacopy"); }

Overlay Overlay::of(const std::filesystem::path& mount)
{
  Overlay out;
  out.merged = mount;
  const auto home = mount.parent_path();
  out.upper = home / "diff";
  if (mount.filename() != "merged" || !std::filesystem::is_directory(out.upper))
    throw Error(Errc::unsupported, fmt::format("{}: buildah's storage driver is not overlay; set 'driver = \"overlay\"' in storage.conf(5)", printable(mount.native())));
  // `l/NAME:l/NAME`, highest first, from the driver's own directory; absent in an image of no layers.
  if (std::filesystem::exists(home / "lower")) {
    const auto text = read_small_file(home / "lower", lower_limit_bytes);
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto colon = std::min(rest.find(':'), rest.size());
      out.lower.push_back(home.parent_path() / rest.substr(0, colon));
      rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
  }
  return out;
}

std::optional<std::filesystem::path> Overlay::below(const std::string& path) const
{
  for (const auto& layer : lower) {
    const auto found = look(layer, path);
    if (found == Found::here) return layer / path;
    if (found == Found::hidden) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace cairn::build
