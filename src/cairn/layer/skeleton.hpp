// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

/// A layer's skeleton: every directory down to and including the units' own, once, with constant metadata, and the
/// whiteouts that hide what older layers hold. docs/formats/layer.md.
namespace cairn::layer {

/// 2000-01-01T00:00:00Z: the modification time of everything cairn writes. Late enough for zip (1980) in every time
/// zone; constant, so that a fragment is a function of its content (docs/decisions/0001).
inline constexpr std::int64_t constant_mtime = 946684800;

/// `g=u,a+rX` without set-id and sticky bits: what OpenShift's random user of group 0 needs.
[[nodiscard]] std::uint32_t normal_mode(std::uint32_t mode, bool is_directory);

struct Skeleton {
  std::string target;                  ///< absolute path of the tree in the image: `/opt/apps/easybuild`
  std::set<std::string> directories = {};   ///< relative to the target; parents need not be named
  std::set<std::string> opaque = {};        ///< of these directories: what lower layers hold in them is hidden
  std::set<std::string> removed = {};       ///< paths relative to the target that lower layers hold and this one hides

  friend bool operator==(const Skeleton&, const Skeleton&) = default;
};

/// `target` without its leading slash: how paths in a layer begin. Throws Error{bad_input} when it is not absolute and
/// plain (no `.`, `..`, `//`, no trailing slash), or is `/`.
[[nodiscard]] std::string archive_prefix(const std::string& target);

/// Tar bytes of the skeleton, no end-of-archive.
[[nodiscard]] std::vector<std::byte> skeleton_bytes(const Skeleton& skeleton);

}  // namespace cairn::layer
