// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/layout.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/volume/small_file.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY;
constexpr mode_t directory_mode = 0775;
constexpr std::string_view format_name = "format";
constexpr std::string_view format_text = "cairn volume ";

/// A directory of ours: a link in its place was planted.
Fd open_own(int parent, const std::string& name, Access access, const std::filesystem::path& shown)
{
  if (access == Access::write && ::mkdirat(parent, name.c_str(), directory_mode) != 0 && errno != EEXIST)
    throw_errno(errno, printable(shown.native()));
  return open_beneath(parent, name, directory_flags, shown);
}

void check_format(const std::string& text, const std::filesystem::path& shown)
{
  int format = 0;
  const auto digits = std::string_view(text).substr(std::min(text.size(), format_text.size()));
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), format);
  if (!text.starts_with(format_text) || error != std::errc() || std::string_view(end, digits.data() + digits.size()) != "\n")
    throw Error(Errc::corrupt, fmt::format("{}: is not 'cairn volume 1'; was it damaged?", printable(shown.native())));
  if (format > layout_format)
    throw Error(Errc::unsupported, fmt::format("{}: the volume has format {}, this cairn knows {}; use a newer cairn",
                                               printable(shown.native()), format, layout_format));
}

bool exists(int dir, const std::string& name)
{
  struct stat status{};
  return ::fstatat(dir, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

OpenUmask::OpenUmask() : before_(::umask(0)) {}
OpenUmask::~OpenUmask() { ::umask(before_); }

Layout::Layout(const std::filesystem::path& directory, Access access) : path_(directory)
{
  if (access == Access::write) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) throw_errno(error.value(), printable(directory.native()));
  }
  root_ = open_root(directory);
  const auto place = path_ / cairn_name;
  if (access == Access::read && !is_volume(directory))
    throw Error(Errc::not_found, fmt::format("{}: is no volume; cairn populate makes one", printable(directory.native())));
  cairn_ = open_own(root(), std::string(cairn_name), access, place);
  auto format = read_file(cairn(), std::string(format_name), place / format_name);
  // Another run may begin the volume at this moment: the format is there before `units` is, so look once more.
  const bool begun = !format && (access == Access::read || exists(cairn(), "units"));
  if (begun) format = read_file(cairn(), std::string(format_name), place / format_name);
  if (format) check_format(*format, place / format_name);
  else if (begun) throw Error(Errc::corrupt, fmt::format("{}: has no file format; was it damaged?", printable(place.native())));
  else replace_file(cairn(), std::string(format_name), fmt::format("{}{}\n", format_text, layout_format), place / format_name);
  const auto own = [&](const char* name) { return open_own(cairn(), name, access, place / name); };
  units_ = own("units");
  generations_ = own("generations");
  history_ = own("history");
  lock_ = own("lock");
  leases_ = own("leases");
  trash_ = own("trash");
}

std::filesystem::path Layout::shown(std::string_view below_cairn) const { return path_ / cairn_name / below_cairn; }

std::optional<std::string> Layout::current() const
{
  const auto shown_path = shown(current_name);
  std::array<char, 256> text;
  const auto size = ::readlinkat(cairn(), std::string(current_name).c_str(), text.data(), text.size());
  if (size < 0 && errno == ENOENT) return std::nullopt;
  if (size < 0 && errno != EINVAL) throw_errno(errno, printable(shown_path.native()));
  constexpr std::string_view start = "generations/";
  const auto link = size < 0 ? std::string_view() : std::string_view(text.data(), static_cast<std::size_t>(size));
  const auto id = link.substr(std::min(start.size(), link.size()));
  if (!link.starts_with(start) || id.empty() || id.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    throw Error(Errc::corrupt, fmt::format("{}: is no link to a generation; cairn did not make it", printable(shown_path.native())));
  return std::string(id);
}

bool is_volume(const std::filesystem::path& directory)
{
  struct stat status{};
  // The trash is what is made last: before that, nothing was put into the volume.
  return ::lstat((directory / cairn_name / "trash").c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace cairn::volume
