// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/tar/entry.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

/// What a unit's directory must hold: the tar entries of its fragment without their content, in its file `entries`. With them the
/// fragment's plain bytes can be made again from the files, which proves them (a fragment's headers follow from its entries).
namespace cairn::volume {

/// Collects entries, packed as they come: a unit may have millions. One thread at a time.
class EntryList {
public:
  void add(const tar::Entry& entry);
  /// zstd. The list starts anew.
  [[nodiscard]] std::vector<std::byte> finish();

private:
  void pack();
  std::vector<std::byte> plain_;
  std::vector<std::byte> packed_;
};

/// Throws Error{corrupt}.
[[nodiscard]] std::vector<tar::Entry> read_entry_list(std::span<const std::byte> packed, const std::string& what);

}  // namespace cairn::volume
