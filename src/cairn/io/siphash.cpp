// SPDX-License-Identifier: Apache-2.0
#include <cairn/io/siphash.hpp>

#include <bit>
#include <cstring>

namespace cairn {
namespace {

static_assert(std::endian::native == std::endian::little, "siphash reads words as they lie in memory");

struct State {
  std::uint64_t v0, v1, v2, v3;
  void rounds(int count)
  {
    for (int i = 0; i < count; ++i) {
      v0 += v1;
      v1 = std::rotl(v1, 13) ^ v0;
      v0 = std::rotl(v0, 32);
      v2 += v3;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  }
};

}  // namespace

std::uint64_t siphash(int compression_rounds, int finalization_rounds, std::uint64_t key0, std::uint64_t key1,
                      std::span<const std::byte> data)
{
  State state{key0 ^ 0x736f6d6570736575, key1 ^ 0x646f72616e646f6d, key0 ^ 0x6c7967656e657261, key1 ^ 0x7465646279746573};
  const auto last_size = data.size();
  while (data.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data.data(), 8);
    state.v3 ^= word;
    state.rounds(compression_rounds);
    state.v0 ^= word;
    data = data.subspan(8);
  }
  std::uint64_t word = std::uint64_t{last_size} << 56;
  for (std::size_t i = 0; i < data.size(); ++i) word |= std::to_integer<std::uint64_t>(data[i]) << (8 * i);
  state.v3 ^= word;
  state.rounds(compression_rounds);
  state.v0 ^= word;
  state.v2 ^= 0xff;
  state.rounds(finalization_rounds);
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace cairn
