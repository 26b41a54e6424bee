// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cairn::tar {

/// Which paths were seen, in about 12 bytes each: a keyed 64-bit hash of the path is kept, not the path, so that ten
/// million entries stay within 200 MiB. The key is random: nobody can write paths that collide. Two different paths
/// are taken for one with a chance of 3 in a million for ten million entries. One thread at a time.
class EntrySet {
public:
  EntrySet();

  /// Whether `path` is new.
  bool insert(std::string_view path);
  [[nodiscard]] bool contains(std::string_view path) const;
  [[nodiscard]] std::size_t size() const { return size_; }
  void clear();

private:
  /// Open addressing; 0 marks a free slot. Many small tables, so that growing one copies little at a time.
  struct Table {
    std::vector<std::uint64_t> slots;
    std::size_t used = 0;
  };
  static constexpr std::size_t table_count = 64;

  [[nodiscard]] std::uint64_t hash(std::string_view path) const;
  static std::size_t slot(const Table& table, std::uint64_t value);
  static void grow(Table& table);

  std::array<std::uint64_t, 2> key_{};
  std::array<Table, table_count> tables_;
  std::size_t size_ = 0;
};

}  // namespace cairn::tar
