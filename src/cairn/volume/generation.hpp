// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/library/document.hpp>
#include <cairn/oci/descriptor.hpp>
#include <cairn/volume/layout.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::volume {

/// A unit as a volume has it: a directory in `.cairn/units`, which holds its roots by number and the list `entries`.
struct PouredUnit {
  std::string name;
  std::string key;      ///< of its directory: `unit_key`
  Digest plain_digest;  ///< of its fragment
  std::uint64_t plain_bytes = 0;
  std::uint64_t files = 0;
  std::uint64_t content_bytes = 0;
  std::vector<library::RootPath> roots;  ///< root N lies at KEY/N
  friend bool operator==(const PouredUnit&, const PouredUnit&) = default;
};

/// 32 hexadecimal digits of what a unit's directory holds: plain digest and roots. Short, so that links to it fit into an
/// inode.
[[nodiscard]] std::string unit_key(const library::FragmentInfo& fragment);

/// One published state of a volume. Immutable: the record in `.cairn/generations/ID.json`.
struct Generation {
  std::string id;
  Digest manifest;
  std::string library;  ///< as the user named it
  std::string target;
  std::string architecture;
  std::vector<std::string> modules;  ///< asked for by name; empty: all
  std::vector<PouredUnit> units;     ///< sorted by name
  std::vector<std::string> modulepath;
  std::int64_t created = 0;  ///< seconds since 1970

  [[nodiscard]] std::string json() const;
  [[nodiscard]] static Generation parse(std::string_view json, const std::string& what);
  [[nodiscard]] const PouredUnit* unit(std::string_view name) const;  ///< null: not in it
};

/// 16 hexadecimal digits that follow from the manifest and what was asked for, so that the same request gives the same generation.
[[nodiscard]] std::string generation_id(const Digest& manifest, const std::vector<std::string>& modules);

/// Nothing when the volume has no such generation. Throws Error{corrupt}.
[[nodiscard]] std::optional<Generation> read_generation(const Layout& layout, const std::string& id);
/// Those with a record, by id.
[[nodiscard]] std::vector<Generation> generations(const Layout& layout);
/// By its id or the beginning of it (at least four digits). Throws Error{not_found} listing what is there.
[[nodiscard]] Generation find_generation(const Layout& layout, const std::string& id);

/// What differs between two states of a volume.
struct UnitChanges {
  std::vector<std::string> added, changed, removed;
  std::uint64_t kept = 0;
};
[[nodiscard]] UnitChanges compare(const Generation* before, const Generation& after);

}  // namespace cairn::volume
