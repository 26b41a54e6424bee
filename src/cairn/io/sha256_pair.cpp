// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 as FIPS 180-4 says, with the x86 SHA extensions (Intel SDM volume 2, SHA256RNDS2 and its companions).
#include <cairn/io/sha256_pair.hpp>

#include <cairn/io/hash.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace cairn {

struct Sha256Pair::Engine {
  Engine() = default;
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual void update_outer(std::span<const std::byte> bytes) = 0;
  virtual void update_inner(std::span<const std::byte> bytes) = 0;
  virtual void update_both(std::span<const std::byte> bytes) = 0;
  virtual Digest finish_outer() = 0;
  virtual Digest finish_inner() = 0;
};

namespace {

/// OpenSSL, one after the other.
class PortableEngine final : public Sha256Pair::Engine {
public:
  void update_outer(std::span<const std::byte> bytes) override { outer_.update(bytes); }
  void update_inner(std::span<const std::byte> bytes) override { inner_.update(bytes); }
  void update_both(std::span<const std::byte> bytes) override
  {
    outer_.update(bytes);
    inner_.update(bytes);
  }
  Digest finish_outer() override { return outer_.finish(); }
  Digest finish_inner() override { return inner_.finish(); }

private:
  Sha256 outer_;
  Sha256 inner_;
};

#if defined(__x86_64__)

constexpr std::size_t block_bytes = 64;

/// FIPS 180-4, 4.2.2.
alignas(16) constexpr std::array<std::uint32_t, 64> round_constants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// FIPS 180-4, 5.3.3.
constexpr std::array<std::uint32_t, 8> start_value{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

#define CAIRN_SHA_CODE __attribute__((target("sha,sse4.1"), always_inline)) inline

/// The eight words of a running hash in the order that SHA256RNDS2 wants: A B E F and C D G H, highest word first.
struct Lane {
  __m128i abef;
  __m128i cdgh;
};

using Words = std::array<std::uint32_t, 8>;  ///< A to H

CAIRN_SHA_CODE Lane load(const Words& words)
{
  const std::array<std::uint32_t, 4> abef{words[5], words[4], words[1], words[0]};  // lowest first
  const std::array<std::uint32_t, 4> cdgh{words[7], words[6], words[3], words[2]};
  return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(abef.data())), _mm_loadu_si128(reinterpret_cast<const __m128i*>(cdgh.data()))};
}

CAIRN_SHA_CODE void store(const Lane& lane, Words& words)
{
  std::array<std::uint32_t, 4> abef{};
  std::array<std::uint32_t, 4> cdgh{};
  _mm_storeu_si128(reinterpret_cast<__m128i*>(abef.data()), lane.abef);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(cdgh.data()), lane.cdgh);
  words = {abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0]};
}

/// Four rounds with the words `w` of the schedule, constants added.
CAIRN_SHA_CODE void four_rounds(Lane& lane, __m128i w)
{
  lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, w);
  lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, _mm_shuffle_epi32(w, 0x0e));
}

/// Run `count` blocks through one or two lanes that take the same message.
template <std::size_t lanes>
__attribute__((target("sha,sse4.1"))) void run_blocks(std::array<Lane, lanes>& all, const std::byte* message, std::size_t count)
{
  const auto big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  auto lane = all;
  for (; count != 0; --count, message += block_bytes) {
    const auto before = lane;
    __m128i w[4];  // the last sixteen words of the schedule
#pragma GCC unroll 16
    for (std::size_t step = 0; step < 16; ++step) {
      auto& now = w[step % 4];
      if (step < 4) {
        now = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(message) + step), big_endian);
      } else {
        const auto& last = w[(step + 3) % 4];
        const auto seven_back = _mm_alignr_epi8(last, w[(step + 2) % 4], 4);
        now = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(now, w[(step + 1) % 4]), seven_back), last);
      }
      const auto with_constants = _mm_add_epi32(now, _mm_load_si128(reinterpret_cast<const __m128i*>(round_constants.data()) + step));
#pragma GCC unroll 2
      for (auto& each : lane) four_rounds(each, with_constants);
    }
#pragma GCC unroll 2
    for (std::size_t i = 0; i < lanes; ++i) {
      lane[i].abef = _mm_add_epi32(lane[i].abef, before[i].abef);
      lane[i].cdgh = _mm_add_epi32(lane[i].cdgh, before[i].cdgh);
    }
  }
  all = lane;
}

/// A running hash outside of registers.
class Running {
public:
  [[nodiscard]] std::size_t pending() const { return pending_; }

  __attribute__((target("sha,sse4.1"))) void update(std::span<const std::byte> bytes)
  {
    bytes_ += bytes.size();
    if (pending_ != 0) {
      const auto take = std::min(bytes.size(), block_bytes - pending_);
      std::memcpy(partial_.data() + pending_, bytes.data(), take);
      pending_ += take;
      bytes = bytes.subspan(take);
      if (pending_ < block_bytes) return;
      blocks(partial_.data(), 1);
      pending_ = 0;
    }
    const auto whole = bytes.size() / block_bytes;
    blocks(bytes.data(), whole);
    bytes = bytes.subspan(whole * block_bytes);
    if (!bytes.empty()) std::memcpy(partial_.data(), bytes.data(), bytes.size());
    pending_ = bytes.size();
  }

  /// Both take whole blocks and neither has pending bytes.
  __attribute__((target("sha,sse4.1"))) static void update_pair(Running& a, Running& b, std::span<const std::byte> bytes)
  {
    std::array<Lane, 2> lanes{load(a.words_), load(b.words_)};
    run_blocks(lanes, bytes.data(), bytes.size() / block_bytes);
    store(lanes[0], a.words_);
    store(lanes[1], b.words_);
    a.bytes_ += bytes.size();
    b.bytes_ += bytes.size();
  }

  /// Padding as FIPS 180-4, 5.1.1.
  Digest finish()
  {
    const std::uint64_t bits = bytes_ * 8;
    std::array<std::byte, 2 * block_bytes> padding{std::byte{0x80}};
    const auto size = (pending_ < 56 ? 56 : 120) - pending_;
    for (std::size_t i = 0; i < 8; ++i) padding[size + i] = static_cast<std::byte>(bits >> (56 - 8 * i));
    update(std::span(padding).first(size + 8));
    Digest::Bytes digest{};
    for (std::size_t i = 0; i < 32; ++i) digest[i] = static_cast<Digest::Bytes::value_type>(words_[i / 4] >> (24 - 8 * (i % 4)));
    *this = {};
    return Digest(digest);
  }

private:
  __attribute__((target("sha,sse4.1"))) void blocks(const std::byte* bytes, std::size_t count)
  {
    if (count == 0) return;
    std::array<Lane, 1> lane{load(words_)};
    run_blocks(lane, bytes, count);
    store(lane[0], words_);
  }

  Words words_ = start_value;
  std::uint64_t bytes_ = 0;
  std::array<std::byte, block_bytes> partial_{};
  std::size_t pending_ = 0;
};

/// The processor's SHA instructions, both hashes side by side.
class ShaExtensionsEngine final : public Sha256Pair::Engine {
public:
  static bool works_here()
  {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (b & (1U << 29)) == 0) return false;  // SHA
    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & (1U << 19)) != 0;                      // SSE4.1
  }

  void update_outer(std::span<const std::byte> bytes) override { outer_.update(bytes); }
  void update_inner(std::span<const std::byte> bytes) override { inner_.update(bytes); }

  void update_both(std::span<const std::byte> bytes) override
  {
    // Tar comes in whole blocks, so both are nearly always at the start of one.
    if (outer_.pending() == 0 && inner_.pending() == 0) {
      const auto whole = bytes.first(bytes.size() / block_bytes * block_bytes);
      Running::update_pair(outer_, inner_, whole);
      bytes = bytes.subspan(whole.size());
    }
    outer_.update(bytes);
    inner_.update(bytes);
  }

  Digest finish_outer() override { return outer_.finish(); }
  Digest finish_inner() override { return inner_.finish(); }

private:
  Running outer_;
  Running inner_;
};

#endif

std::unique_ptr<Sha256Pair::Engine> make_engine([[maybe_unused]] bool portable)
{
#if defined(__x86_64__)
  if (!portable && ShaExtensionsEngine::works_here()) return std::make_unique<ShaExtensionsEngine>();
#endif
  return std::make_unique<PortableEngine>();
}

}  // namespace

Sha256Pair::Sha256Pair(bool portable) : engine_(make_engine(portable)) {}
Sha256Pair::~Sha256Pair() = default;
void Sha256Pair::update_outer(std::span<const std::byte> bytes) { engine_->update_outer(bytes); }
void Sha256Pair::update_inner(std::span<const std::byte> bytes) { engine_->update_inner(bytes); }
void Sha256Pair::update_both(std::span<const std::byte> bytes) { engine_->update_both(bytes); }
Digest Sha256Pair::finish_outer() { return engine_->finish_outer(); }
Digest Sha256Pair::finish_inner() { return engine_->finish_inner(); }

}  // namespace cairn
