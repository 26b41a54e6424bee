// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/features.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/volume/small_file.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

std::string type_name(const struct statfs& status)
{
  switch (static_cast<unsigned long>(status.f_type)) {
    case 0xef53: return "ext4";
    case 0x6969: return "nfs";
    case 0x00c36400: return "ceph";
    case 0x65735546: return "fuse";
    case 0x01021994: return "tmpfs";
    case 0x58465342: return "xfs";
    case 0x9123683e: return "btrfs";
    case 0x794c7630: return "overlay";
    case 0xfe534d42:
    case 0xff534d42: return "cifs";
    default: return fmt::format("{:x}", static_cast<unsigned long>(status.f_type));
  }
}

}  // namespace

std::string Features::json() const
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("type", type).member("hardLinks", hard_links).member("exchange", exchange);
  json.member("caseSensitive", case_sensitive).end_object();
  return json.finish() + '\n';
}

Features probe(const Layout& layout)
{
  Features features;
  struct statfs status{};
  if (::fstatfs(layout.cairn(), &status) == 0) features.type = type_name(status);
  const auto shown = layout.shown("trash");
  const int dir = layout.trash();
  const auto base = ".tmp-" + random_name();
  const auto file = base + "-a";
  const auto other = base + "-b";
  const auto upper = base + "-A";
  auto fd = open_at(dir, file, O_WRONLY | O_CREAT | O_EXCL, 0664, shown);
  struct stat there{};
  features.case_sensitive = ::fstatat(dir, upper.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0;
  features.symlinks = ::symlinkat("nowhere", dir, other.c_str()) == 0;
  features.exchange = features.symlinks && ::renameat2(dir, file.c_str(), dir, other.c_str(), RENAME_EXCHANGE) == 0;
  ::unlinkat(dir, other.c_str(), 0);
  const auto& left = features.exchange ? other : file;  // whatever is left: make the name `file` a file again
  ::unlinkat(dir, left.c_str(), 0);
  ::unlinkat(dir, file.c_str(), 0);
  fd = open_at(dir, file, O_WRONLY | O_CREAT | O_EXCL, 0664, shown);
  features.hard_links = ::linkat(dir, file.c_str(), dir, other.c_str(), 0) == 0;
  ::unlinkat(dir, file.c_str(), 0);
  ::unlinkat(dir, other.c_str(), 0);
  if (!features.symlinks)
    throw Error(Errc::unsupported, fmt::format("{}: the file system has no symbolic links", printable(layout.path().native())));
  return features;
}

Space space(const Layout& layout)
{
  struct statvfs status{};
  if (::fstatvfs(layout.root(), &status) != 0) throw_errno(errno, printable(layout.path().native()));
  return {status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize, status.f_favail, status.f_files};
}

void require_space(const Layout& layout, std::uint64_t bytes, std::uint64_t inodes)
{
  const auto free = space(layout);
  if (free.total_bytes != 0 && bytes > free.free_bytes)
    throw Error(Errc::no_space, fmt::format("{}: {} bytes are needed, {} are free; free some, or run cairn volume gc",
                                            printable(layout.path().native()), bytes, free.free_bytes));
  if (free.total_inodes != 0 && inodes > free.free_inodes)
    throw Error(Errc::no_space, fmt::format("{}: {} files are to be made, {} more are possible; remove some, or run cairn volume gc",
                                            printable(layout.path().native()), inodes, free.free_inodes));
}

}  // namespace cairn::volume
