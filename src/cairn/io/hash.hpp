// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/io/stream.hpp>

#include <memory>
#include <string>

namespace cairn {

/// A running SHA-256. Movable; one thread at a time.
class Sha256 {
public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view text) { update(std::as_bytes(std::span(text))); }
  /// The digest of all that came; the object starts anew.
  [[nodiscard]] Digest finish();

private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] Digest sha256(std::span<const std::byte> bytes);
[[nodiscard]] Digest sha256(std::string_view text);

/// Passes bytes on to `inner` (or nowhere) and keeps their digest and size.
class DigestSink final : public Sink {
public:
  DigestSink() = default;
  explicit DigestSink(Sink& inner) : inner_(&inner) {}
  using Sink::write;
  void write(std::span<const std::byte> bytes) override;
  [[nodiscard]] Digest finish() { return hash_.finish(); }
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

private:
  Sink* inner_ = nullptr;
  Sha256 hash_;
  std::uint64_t size_bytes_ = 0;
};

/// Passes on what `inner` gives, checking as it goes that it has exactly this size and, at the end, this digest.
/// What was read is only trustworthy once `read` has returned 0: a reader that stops early must call `finish`.
/// Throws Error{corrupt} naming `what`: too long (before the surplus is handed out), too short, wrong digest.
class VerifiedSource final : public Source {
public:
  VerifiedSource(Source& inner, const Digest& digest, std::uint64_t size_bytes, std::string what);
  std::size_t read(std::span<std::byte> buffer) override;
  std::span<const std::byte> next(std::span<std::byte> buffer) override;
  /// Read to the end, dropping the bytes.
  void finish();

private:
  /// All bytes were handed out: nothing may follow, and the digest must be right.
  void check_end();
  void count(std::span<const std::byte> bytes);

  Source& inner_;
  Digest digest_;
  std::uint64_t left_bytes_;
  std::uint64_t size_bytes_;
  std::string what_;
  Sha256 hash_;
  bool done_ = false;
};

}  // namespace cairn
