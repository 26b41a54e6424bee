// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/io/codec.hpp>
#include <cairn/layer/contents.hpp>
#include <cairn/layer/pack.hpp>
#include <cairn/library/document.hpp>
#include <cairn/library/library.hpp>
#include <cairn/library/plan.hpp>
#include <cairn/store/store.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
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
  std::map<std::string, Requirement> requirements;  ///< module name, or name without version for all of them -> what it needs
  std::optional<std::uint64_t> layers;     ///< budget K
};

/// Left out unless included: build logs, locks, sources, build directories, `.nfs*`, `.cairn`.
[[nodiscard]] const std::vector<std::string>& default_excludes();

inline constexpr std::uint64_t default_budget_layers = 64;
inline constexpr std::uint64_t least_budget_layers = 2;
inline constexpr std::uint64_t most_budget_layers = 480;

/// The release that a new one starts from.
struct PreviousRelease {
  std::string name;  ///< as the user gave it, for errors
  Library library;  ///< what its manifest, config and index layer say: nothing else of it is needed
  /// Where layers that are kept are copied from when the store lacks them; null: from nowhere. Outlives the split.
  const oci::BlobSource* blobs = nullptr;
};

struct SplitSettings {
  std::filesystem::path tree;
  Mapping mapping;
  std::string tag;                       ///< name in the store; empty: none
  std::optional<PreviousRelease> since;  ///< default: what `tag` names now
  std::uint64_t budget_layers = default_budget_layers;
  double dead_cap = default_dead_cap;  ///< dead bytes may be this part of the live ones; 0: there are none
  std::set<std::string> purge;  ///< units of which no layer may have bytes, but for what the tree has of them now
  Compression compression;
  std::size_t threads = 1;
  std::string created;                   ///< RFC 3339, for the image config; from SOURCE_DATE_EPOCH or constant
  bool full = false;                     ///< read everything again, whatever the fingerprints say
};

/// Durations are wall time, `pack` processor time.
struct SplitTimes {
  std::chrono::nanoseconds evaluating{0};
  std::chrono::nanoseconds forming{0};
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
  std::vector<std::string> lied;  ///< units whose content changed while all that their fingerprint covers did not
  oci::Descriptor manifest;
  Document document;
  std::map<std::string, UnitState> states;
  std::vector<std::string> removed;      ///< units of the previous release that are gone
  std::uint64_t new_bytes = 0;           ///< packed bytes of layers that the previous release did not have
  std::uint64_t kept_bytes = 0;
  std::size_t new_layers = 0;
  std::size_t kept_layers = 0;
  std::vector<oci::Descriptor> absent;  ///< kept layers that are not in the store: the image refers to them
  SplitTimes times;
};

/// Split `settings.tree` into a library in `store`; publishes the tag last. Throws Error and Cancelled; the store then
/// has its old tags, and at most unreferenced blobs.
[[nodiscard]] SplitResult split(const SplitSettings& settings, store::Store& store, const Task& task);

/// What a split would do.
struct SplitPreview {
  std::vector<layer::Problem> problems;  ///< with any of these there are no layers
  std::map<std::string, UnitState> states;
  std::vector<std::string> removed;
  struct Layer {
    std::optional<Digest> kept;  ///< its blob, which stays
    std::uint64_t size_bytes = 0;  ///< of that blob; 0 for a new layer, whose size only packing tells
    std::uint64_t plain_bytes = 0;  ///< of live units: about, for a new layer
    std::uint64_t dead_bytes = 0;  ///< plain bytes of dead fragments
    std::vector<std::string> units;  ///< live ones
    std::optional<LayerReason> reason;
  };
  std::vector<Layer> layers;  ///< lowest first, without the index layer
  std::uint64_t new_plain_bytes = 0;  ///< of units that are added or changed
  std::uint64_t written_plain_bytes = 0;  ///< of units in new layers
};

/// Do all of `split` that packs nothing: nothing but caches is written.
[[nodiscard]] SplitPreview preview(const SplitSettings& settings, store::Store& store, const Task& task);

}  // namespace cairn::library
