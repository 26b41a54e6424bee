// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>

#include <memory>
#include <span>

namespace cairn {

/// Two running SHA-256 over almost the same bytes: the outer one takes all, the inner one parts of it. A layer's digest
/// and those of its fragments are such a pair. Where the processor has SHA instructions, both are computed
/// side by side in little more time than one (the instructions are bound by latency, and the message schedule is the
/// same); elsewhere OpenSSL computes one after the other. One thread at a time.
class Sha256Pair {
public:
  /// `portable`: without the processor's instructions, as a test would.
  explicit Sha256Pair(bool portable = false);
  ~Sha256Pair();
  Sha256Pair(const Sha256Pair&) = delete;
  Sha256Pair& operator=(const Sha256Pair&) = delete;

  void update_outer(std::span<const std::byte> bytes);
  void update_inner(std::span<const std::byte> bytes);
  void update_both(std::span<const std::byte> bytes);
  /// The digest of all that came; that one starts anew.
  [[nodiscard]] Digest finish_outer();
  [[nodiscard]] Digest finish_inner();

  struct Engine;

private:
  std::unique_ptr<Engine> engine_;
};

}  // namespace cairn
