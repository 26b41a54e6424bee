// SPDX-License-Identifier: Apache-2.0
#include <cairn/tar/entry_set.hpp>

#include <bit>
#include <cstring>
#include <random>

namespace cairn::tar {
namespace {

constexpr std::size_t first_slots = 16;

/// SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash that is safe against crafted collisions.
class SipHash {
public:
  SipHash(std::uint64_t key0, std::uint64_t key1)
      : v0_(0x736f6d6570736575 ^ key0), v1_(0x646f72616e646f6d ^ key1), v2_(0x6c7967656e657261 ^ key0), v3_(0x7465646279746573 ^ key1)
  {
  }

  std::uint64_t operator()(std::string_view text)
  {
    const auto length = text.size();
    for (; text.size() >= 8; text.remove_prefix(8)) add(word(text.substr(0, 8)));
    add(word(text) | static_cast<std::uint64_t>(length) << 56);
    v2_ ^= 0xff;
    for (int i = 0; i < 4; ++i) round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

private:
  static std::uint64_t word(std::string_view bytes)
  {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }
  void add(std::uint64_t value)
  {
    v3_ ^= value;
    round();
    round();
    v0_ ^= value;
  }
  void round()
  {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

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
  const auto value = SipHash(key_[0], key_[1])(path);
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
