// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/io/codec.hpp>
#include <cairn/library/layer_reason.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// `library.json`: what a library holds, where its bytes lie, and what the next plan starts from.
/// Specified in docs/formats/library.md.
namespace cairn::library {

/// Documents of a higher format are refused.
inline constexpr std::uint64_t document_format = 1;

/// What a module needs of the machine that it runs on. Empty: nothing. docs/formats/library-file.md `requires`.
struct Requirement {
  std::string cpu;
  std::string gpu;
  [[nodiscard]] bool empty() const { return cpu.empty() && gpu.empty(); }
  friend bool operator==(const Requirement&, const Requirement&) = default;
};

/// A modulefile of a unit, as users see it.
struct ModuleInfo {
  std::string name;  ///< full name: `zlib/1.3.1`
  std::string path;  ///< relative to the target
  std::string modulepath;  ///< relative to the target
  bool hidden = false;
  std::string description;
  std::string url;
  std::string category;
  std::vector<std::string> extensions;
  Requirement requirement{};
  friend bool operator==(const ModuleInfo&, const ModuleInfo&) = default;
};

enum class UnitKind {
  software,  ///< an installed prefix, its modulefiles, category links and ebfiles_repo entry
  shared,    ///< content that several versions share: EasyBuild's `data/<Name>`
  rest,      ///< what belongs to no unit
};
[[nodiscard]] std::string_view name(UnitKind kind);  ///< `software`, `shared`, `rest`

struct RootPath {
  std::string path;  ///< relative to the target
  bool is_directory = false;
  friend bool operator==(const RootPath&, const RootPath&) = default;
  friend auto operator<=>(const RootPath&, const RootPath&) = default;
};

/// A fragment where it lies: one entry of a layer's table. A live one is its unit's content now; a dead one is what an
/// older release had, hidden by whiteouts in layers above.
struct FragmentInfo {
  std::string unit;
  bool live = true;
  Digest plain_digest;
  std::uint64_t plain_bytes = 0;
  Digest packed_digest;
  std::uint64_t packed_bytes = 0;
  std::uint64_t offset = 0;     ///< in the layer's blob
  std::vector<RootPath> roots;  ///< sorted by path
  friend bool operator==(const FragmentInfo&, const FragmentInfo&) = default;
};

struct LayerInfo {
  Digest digest;
  std::uint64_t size_bytes = 0;
  Digest diff_id;
  std::uint64_t plain_bytes = 0;
  Compression compression;
  std::vector<FragmentInfo> fragments;  ///< in the order of their bytes
  std::vector<std::string> opaque;      ///< directories whose lower content the skeleton hides
  std::vector<std::string> removed;     ///< paths that the skeleton hides
  std::optional<LayerReason> reason = std::nullopt;  ///< why it was made, if its writer said so
  friend bool operator==(const LayerInfo&, const LayerInfo&) = default;
};

struct UnitInfo {
  std::string name;
  UnitKind kind = UnitKind::software;
  std::vector<ModuleInfo> modules;        ///< sorted by path
  std::vector<std::string> dependencies;  ///< names of units, sorted
  std::vector<std::string> missing;       ///< modules it depends on that the library does not have
  std::uint64_t files = 0;
  std::uint64_t content_bytes = 0;  ///< of its files
  friend bool operator==(const UnitInfo&, const UnitInfo&) = default;
};

struct AliasInfo {
  std::string name;
  std::string target;
  friend bool operator==(const AliasInfo&, const AliasInfo&) = default;
};

struct Document {
  std::string target;                   ///< absolute path at which the tree is seen
  std::uint64_t budget_layers = 0;      ///< K, the index layer included
  std::vector<std::string> modulepath;  ///< relative to the target
  std::vector<LayerInfo> layers;        ///< lowest first, without the index layer
  std::vector<UnitInfo> units;          ///< sorted by name
  std::vector<AliasInfo> aliases;
  std::vector<std::string> featured;    ///< module names, sorted
  std::vector<std::string> rest;        ///< roots of the rest unit
  std::vector<std::string> dropped;     ///< what exclude patterns left out

  /// Throws Error{bad_input} naming `what` and the place; Error{unsupported} for a newer format. Checks that each unit
  /// has exactly one live fragment and each fragment's range lies in its layer.
  [[nodiscard]] static Document parse(std::string_view json, const std::string& what);
  [[nodiscard]] std::string json() const;

  struct Place {
    std::size_t layer = 0;
    std::size_t fragment = 0;
  };
  /// Where the unit's live fragment lies; nothing for an unknown unit.
  [[nodiscard]] std::optional<Place> find(std::string_view unit) const;
  [[nodiscard]] const UnitInfo* unit(std::string_view name) const;  ///< null: unknown
  friend bool operator==(const Document&, const Document&) = default;
};

}  // namespace cairn::library
