// SPDX-License-Identifier: Apache-2.0
#include <cairn/tar/entry_set.hpp>

#include <cairn/io/siphash.hpp>

#include <random>

namespace cairn::tar {
namespace {

constexpr std::size_t first_slots = 16;

}  // namespace

EntrySet::EntrySet()
{
  std::random_device device;
  for (auto& part : key_) part = std::uint64_t{device()} << 32 | device();
}

bool EntrySet::insert(std::string_view path)
{
  const auto value = hash(path);
  auto& table = tables_[value % table_count];
  if (table.used * 4 >= table.slots.size() * 3) grow(table);
  auto& place = table.slots[slot(table, value)];
  if (place == value) return false;
  place = value;
  ++table.used;
  ++size_;
  return true;
}

bool EntrySet::contains(std::string_view path) const
{
  const auto value = hash(path);
  const auto& table = tables_[value % table_count];
  return !table.slots.empty() && table.slots[slot(table, value)] == value;
}

void EntrySet::clear()
{
  for (auto& table : tables_) table = {};
  size_ = 0;
}

std::uint64_t EntrySet::hash(std::string_view path) const
{
  const auto value = siphash(2, 4, key_[0], key_[1], std::as_bytes(std::span(path)));
  return value == 0 ? 1 : value;
}

/// Where `value` is, or the free slot where it would go.
std::size_t EntrySet::slot(const Table& table, std::uint64_t value)
{
  const auto mask = table.slots.size() - 1;
  auto at = (value / table_count) & mask;
  while (table.slots[at] != 0 && table.slots[at] != value) at = (at + 1) & mask;
  return at;
}

void EntrySet::grow(Table& table)
{
  Table larger;
  larger.slots.resize(table.slots.empty() ? first_slots : table.slots.size() * 2);
  larger.used = table.used;
  for (const auto value : table.slots)
    if (value != 0) larger.slots[slot(larger, value)] = value;
  table = std::move(larger);
}

}  // namespace cairn::tar
