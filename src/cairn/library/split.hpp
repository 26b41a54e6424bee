// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/io/codec.hpp>
#include <cairn/layer/contents.hpp>
#include <cairn/layer/pack.hpp>
#include <cairn/library/document.hpp>
#include <cairn/store/store.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// From a module tree to a library in the store.
namespace cairn::library {

/// What an admin may say about a tree (library.yaml), beyond what EasyBuild's layout says.
struct Mapping {
  std::optional<std::string>
      target;       ///< absolute path at which users will see the tree; default: where modulefiles say it is, else where it is
  std::vector<std::string> modulepath;     ///< relative; empty: found
  std::vector<std::string> prefixes;       ///< fnmatch patterns of installed prefixes (`apps/*/*`), relative; added to EasyBuild's
  std::vector<std::string> shared;         ///< fnmatch patterns of directories that are units of their own
  std::vector<std::string> includes;       ///< patterns that undo `excludes`
  std::vector<std::string> excludes;       ///< patterns left out, beyond `default_excludes`
  std::vector<std::string> featured;       ///< module names
  std::map<std::string, std::string> descriptions;  ///< module name -> text instead of the modulefile's
  std::optional<std::uint64_t> layers;     ///< budget K
};

/// Left out unless included: build logs, locks, sources, build directories, `.nfs*`, `.cairn`.
[[nodiscard]] const std::vector<std::string>& default_excludes();

inline constexpr std::uint64_t default_budget_layers = 64;
inline constexpr std::uint64_t least_budget_layers = 2;
inline constexpr std::uint64_t most_budget_layers = 480;

struct SplitSettings {
  std::filesystem::path tree;
  Mapping mapping;
  std::string tag;                       ///< name in the store; empty: none
  std::optional<std::string> since;      ///< reference of the previous release; default: what `tag` names now
  std::uint64_t budget_layers = default_budget_layers;
  Compression compression;
  std::size_t threads = 1;
  std::string created;                   ///< RFC 3339, for the image config; from SOURCE_DATE_EPOCH or constant
  bool full = false;                     ///< read everything again, whatever the fingerprints say
};

/// Durations are wall time, `pack` processor time.
struct SplitTimes {
  std::chrono::nanoseconds evaluating{0};
  std::chrono::nanoseconds scanning{0};
  std::chrono::nanoseconds packing{0};
  std::chrono::nanoseconds total{0};
  layer::PackTimes pack;
};

enum class UnitState { added, changed, kept };

struct SplitResult {
  /// What stopped it: with any of these nothing is published and `manifest` is empty.
  std::vector<layer::Problem> problems;
  std::vector<std::string> warnings;  ///< impure modulefiles, copies of hard links, dropped set-id bits, …
  oci::Descriptor manifest;
  Document document;
  std::map<std::string, UnitState> states;
  std::vector<std::string> removed;      ///< units of the previous release that are gone
  std::uint64_t new_bytes = 0;           ///< packed bytes of layers that the previous release did not have
  std::uint64_t kept_bytes = 0;
  std::size_t new_layers = 0;
  std::size_t kept_layers = 0;
  SplitTimes times;
};

/// Split `settings.tree` into a library in `store`; publishes the tag last. Throws Error and Cancelled; the store then
/// has its old tags, and at most unreferenced blobs.
[[nodiscard]] SplitResult split(const SplitSettings& settings, store::Store& store, const Task& task);

}  // namespace cairn::library
