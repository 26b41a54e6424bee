// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/layer/frame.hpp>
#include <cairn/python/install.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

/// A wheel as tar entries, straight from its zip: nothing is unpacked on disk.
namespace cairn::stack {

/// How much whole members may take in memory, of all wheels of one packing together. Any thread.
class MemberBudget {
public:
  explicit MemberBudget(std::uint64_t bytes) : left_bytes_(static_cast<std::int64_t>(bytes)) {}
  [[nodiscard]] bool take(std::uint64_t bytes)
  {
    if (left_bytes_.fetch_sub(static_cast<std::int64_t>(bytes)) >= static_cast<std::int64_t>(bytes)) return true;
    give_back(bytes);
    return false;
  }
  void give_back(std::uint64_t bytes) { left_bytes_ += static_cast<std::int64_t>(bytes); }

private:
  std::atomic<std::int64_t> left_bytes_;
};

/// The fragment of one wheel: its files, sorted, with constant owner and time, no directories. Small members are inflated
/// where they are needed, middle ones once and whole while the budget lasts, others as a stream, in order.
class WheelBytes final : public layer::FragmentBytes {
public:
  /// All outlive it.
  WheelBytes(const python::Wheel& wheel, const std::vector<python::InstalledFile>& files, MemberBudget& budget);
  ~WheelBytes() override;

  [[nodiscard]] std::uint64_t size_bytes() const override { return starts_.back(); }
  /// Throws Error{corrupt, bad_input} naming wheel and entry.
  void read(std::uint64_t offset, std::span<std::byte> buffer) override;

private:
  struct Scratch;
  struct Member;
  void content(std::size_t file, std::uint64_t offset, std::span<std::byte> buffer);
  void small(const python::ZipEntry& entry, std::uint64_t offset, std::span<std::byte> buffer);
  void shared(std::size_t file, const python::ZipEntry& entry, std::uint64_t offset, std::span<std::byte> buffer);
  std::unique_ptr<Scratch> take_scratch();
  void give_back(std::unique_ptr<Scratch> scratch);

  const python::Wheel& wheel_;
  const std::vector<python::InstalledFile>& files_;
  MemberBudget& budget_;
  std::vector<std::uint64_t> starts_;  ///< of each file's header; then the end
  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> scratches_;
  std::map<std::size_t, std::shared_ptr<Member>> members_;  ///< by file, those being read; shared by their readers
};

}  // namespace cairn::stack
