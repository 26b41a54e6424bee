// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Byte streams: everything that may be large flows through these two, stacked on one another. One thread at a time.
namespace cairn {

class Sink {
public:
  virtual ~Sink() = default;
  /// Take all of `bytes`. Throws Error.
  virtual void write(std::span<const std::byte> bytes) = 0;
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
};

class Source {
public:
  virtual ~Source() = default;
  /// Put at least one byte into `buffer` (not empty) and return how many; 0 means the end, again and again.
  /// Throws Error.
  [[nodiscard]] virtual std::size_t read(std::span<std::byte> buffer) = 0;
  /// The same bytes where they lie, or in `buffer` (not empty): for a reader who needs no copy. They stay until the next call;
  /// empty at the end. Throws Error.
  [[nodiscard]] virtual std::span<const std::byte> next(std::span<std::byte> buffer) { return buffer.first(read(buffer)); }
};

/// A source that has its bytes in memory already, or reads them into a buffer: `lend` is all it needs.
class LendingSource : public Source {
public:
  std::size_t read(std::span<std::byte> buffer) final;
  std::span<const std::byte> next(std::span<std::byte> buffer) final { return rest_.empty() ? lend(buffer) : std::exchange(rest_, {}); }

private:
  /// As `next`, of which it is the part that is new.
  [[nodiscard]] virtual std::span<const std::byte> lend(std::span<std::byte> buffer) = 0;
  std::span<const std::byte> rest_;  ///< lent and not yet read
};

/// Bytes from memory that outlives the source.
class MemorySource final : public LendingSource {
public:
  explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}
  explicit MemorySource(std::string_view text) : bytes_(std::as_bytes(std::span(text))) {}

private:
  std::span<const std::byte> lend(std::span<std::byte>) override { return std::exchange(bytes_, {}); }
  std::span<const std::byte> bytes_;
};

/// Collects what is written.
class MemorySink final : public Sink {
public:
  using Sink::write;
  void write(std::span<const std::byte> bytes) override { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }
  [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

private:
  std::vector<std::byte> bytes_;
};

/// Passes on what `inner` gives, and writes it to `sink` too.
class TeeSource final : public Source {
public:
  TeeSource(Source& inner, Sink& sink) : inner_(inner), sink_(sink) {}
  std::size_t read(std::span<std::byte> buffer) override;

private:
  Source& inner_;
  Sink& sink_;
};

/// Passes on what `inner` gives and advances `task` by it.
class WatchedSource final : public Source {
public:
  WatchedSource(Source& inner, const Task& task) : inner_(inner), task_(task) {}
  std::size_t read(std::span<std::byte> buffer) override;

private:
  Source& inner_;
  const Task& task_;
};

/// Fill `buffer` from `source`; less only at the end.
[[nodiscard]] std::size_t read_full(Source& source, std::span<std::byte> buffer);

/// Move everything to the end; returns the bytes moved.
std::uint64_t copy(Source& source, Sink& sink);

/// Read to the end and drop what comes: a digest is proven only there.
void read_out(Source& source);

/// Everything, at most `limit_bytes`; more is Error{limit} naming `what`.
[[nodiscard]] std::string read_all(Source& source, std::uint64_t limit_bytes, const std::string& what);

}  // namespace cairn
