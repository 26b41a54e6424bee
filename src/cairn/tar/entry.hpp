// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace cairn::tar {

enum class Type { file, hard_link, symlink, directory, char_device, block_device, fifo };

/// One member of a tar archive, without its content. Names are bytes.
struct Entry {
  Type type = Type::file;
  /// Relative, components separated by single slashes, no `.` or `..`, no trailing slash. Empty: the root itself
  /// (directories only).
  std::string path = {};
  std::uint32_t mode = 0;  ///< the twelve permission bits
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::int64_t mtime = 0;  ///< seconds since the epoch; fractions are not kept
  std::uint64_t size_bytes = 0;  ///< of a file's content, else 0
  /// symlink: the text as stored, any bytes but NUL. hard_link: the path of an entry, in the form of `path`.
  std::string link = {};
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::map<std::string, std::string> xattrs = {};  ///< full name -> value (PAX `SCHILY.xattr.`)

  friend bool operator==(const Entry&, const Entry&) = default;
};

constexpr std::uint64_t block_bytes = 512;

/// `size_bytes` rounded up to whole blocks: what a file's content takes in the archive.
[[nodiscard]] constexpr std::uint64_t padded(std::uint64_t size_bytes)
{
  return (size_bytes + block_bytes - 1) / block_bytes * block_bytes;
}

}  // namespace cairn::tar
