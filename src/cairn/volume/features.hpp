// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/volume/layout.hpp>

#include <cstdint>
#include <string>

namespace cairn::volume {

/// What a file system can do, tried out.
struct Features {
  bool hard_links = false;
  bool exchange = false;  ///< renameat2(RENAME_EXCHANGE)
  bool symlinks = false;
  bool case_sensitive = true;
  std::string type;  ///< `ext4`, `nfs`, `ceph`, `fuse`, `tmpfs`, …, or a number

  [[nodiscard]] std::string json() const;
};

/// Try it in `.cairn`, leaving nothing. Throws Error{unsupported} for a file system without symbolic links.
[[nodiscard]] Features probe(const Layout& layout);

struct Space {
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::uint64_t free_inodes = 0;   ///< 0 and total 0: the file system does not say
  std::uint64_t total_inodes = 0;
};
[[nodiscard]] Space space(const Layout& layout);

/// Throws Error{no_space} when `bytes` or `inodes` are certainly not there.
void require_space(const Layout& layout, std::uint64_t bytes, std::uint64_t inodes);

}  // namespace cairn::volume
