// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/base/task.hpp>
#include <cairn/tar/entry.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// What a unit holds on disk: found by one stat scan, kept small, and read later.
namespace cairn::layer {

/// Something that keeps a unit from being shipped: a FIFO, a name that is not UTF-8, …
struct Problem {
  std::string path;  ///< relative to the tree
  std::string what;  ///< one line: the thing, the limit, the next step
};

enum class Kind : std::uint8_t {
  file,
  directory,
  symlink,
  hard_link,        ///< of an earlier item of the same unit
  bytecode,         ///< a file whose .pyc header is rewritten so that it is valid under any mtime
  stale_bytecode,   ///< a .pyc that Python would not use: not shipped
};

/// One name below a root, or a root that is no directory. 72 bytes, since a tree may have millions.
struct Item {
  static constexpr std::uint32_t none = UINT32_MAX;
  std::uint64_t size_bytes = 0;  ///< of a file's content
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint64_t inode = 0;
  std::uint32_t parent = none;   ///< index of the directory's item; none: directly below the root
  std::uint32_t root = 0;        ///< index in Contents::roots
  std::uint32_t name_at = 0;     ///< in Contents::text
  std::uint32_t link_at = 0;     ///< symlink: target in Contents::text; hard_link: index of the first item
  std::uint16_t name_size = 0;
  std::uint16_t link_size = 0;
  std::uint16_t mode = 0;        ///< the twelve bits, as found
  Kind kind = Kind::file;
};

struct Root {
  std::string path;  ///< relative to the tree
  bool is_directory = false;
};

/// A unit's scan. Immutable after `scan`; any thread may read.
struct Contents {
  std::vector<Root> roots;  ///< sorted bytewise
  std::vector<Item> items;  ///< in archive order: bytewise by the name as the archive writes it (directories end in `/`)
  std::string text;         ///< names and link targets, back to back

  [[nodiscard]] std::string_view name(const Item& item) const { return std::string_view(text).substr(item.name_at, item.name_size); }
  [[nodiscard]] std::string_view link(const Item& item) const { return std::string_view(text).substr(item.link_at, item.link_size); }
  /// Relative to the tree.
  [[nodiscard]] std::string path(const Item& item) const;
  /// Of the directory that holds the item, relative to the tree; the root's own path's parent for a root item.
  [[nodiscard]] std::string directory(const Item& item) const;
};

struct Counts {
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t symlinks = 0;
  std::uint64_t content_bytes = 0;  ///< of files, hard links counted once
  std::uint64_t archive_bytes = 0;  ///< about what the tar entries take: exact but for long names and stale bytecode
};

struct Scan {
  Contents contents;
  Counts counts;
  /// Over path, kind, size, mtime, ctime, inode, mode and link of every item: the same fingerprint means the same
  /// content, unless `racy`.
  Digest fingerprint;
  /// Something changed so shortly before the scan that a later change could leave the same times.
  bool racy = false;
  std::vector<std::string> dropped;      ///< paths that an exclude pattern left out
  std::vector<std::string> special_mode; ///< set-id files, whose bits are not shipped
  std::vector<std::string> outside_links;///< hard links whose other names lie outside the unit: shipped as copies
  std::vector<Problem> problems;
};

struct ScanOptions {
  /// fnmatch(3) patterns over the path relative to the tree; `*` also matches slashes. What matches is left out,
  /// directories with all they hold.
  std::vector<std::string> excludes = {};
  /// Paths relative to the tree, sorted, that belong to other units: not entered.
  const std::vector<std::string>* others = nullptr;
  /// Archive path of the tree (`opt/apps/easybuild`): part of every path, whose length and depth are limited.
  std::string prefix = {};
};

/// Scan the roots (relative to `tree`, a directory descriptor); one that does not exist is Error{not_found}.
[[nodiscard]] Scan scan(int tree, const std::vector<std::string>& roots, const ScanOptions& options, const Task& task);

/// Find the bytecode among `contents` and mark it `bytecode` or `stale_bytecode`. Reads 16 bytes of each .pyc.
/// A timestamp .pyc (Python 3.7 and later) in `__pycache__` whose source is beside it is valid when its header names
/// the source's mtime and size (PEP 552). Returns the paths of stale ones.
std::vector<std::string> mark_bytecode(int tree, Contents& contents, const Task& task);

/// Whether something in the unit binds to modification times (Julia's .ji caches before 1.11, GHC's package.cache),
/// so that the unit must keep them.
[[nodiscard]] bool binds_to_mtimes(const Contents& contents);

}  // namespace cairn::layer
