// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/layer/frame.hpp>
#include <cairn/python/install.hpp>

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

/// The content of a file that lies in another one (`other`). Opened anew each time: a stack has more wheels than a process may
/// have open files. Throws Error{not_found, changed}.
void read_other(const python::InstalledFile& file, std::uint64_t offset, std::span<std::byte> buffer);

/// Memory that all wheels of one packing share: working buffers, and a budget for members that are kept whole. Any thread.
class WheelMemory {
public:
  explicit WheelMemory(std::uint64_t budget_bytes);
  ~WheelMemory();

  struct Scratch {
    Inflater inflater;
    std::vector<std::byte> packed;
    std::vector<std::byte> plain;
  };
  [[nodiscard]] std::unique_ptr<Scratch> take_scratch();
  void give_back(std::unique_ptr<Scratch> scratch);

  [[nodiscard]] bool take(std::uint64_t bytes);
  void give_back(std::uint64_t bytes);

private:
  std::mutex mutex_;
  std::uint64_t left_bytes_;
  std::vector<std::unique_ptr<Scratch>> scratches_;
};

/// The fragment of one wheel: its files, sorted, with constant owner and time, no directories. Small members are inflated
/// where they are needed, middle ones once and whole while the budget lasts, others as a stream, in order.
class WheelBytes final : public layer::FragmentBytes {
public:
  /// All outlive it.
  WheelBytes(const python::Wheel& wheel, const std::vector<python::InstalledFile>& files, WheelMemory& memory);
  ~WheelBytes() override;

  [[nodiscard]] std::uint64_t size_bytes() const override { return starts_.back(); }
  /// Throws Error{corrupt, bad_input} naming wheel and entry.
  void read(std::uint64_t offset, std::span<std::byte> buffer) override;

private:
  struct Member;
  void content(std::size_t file, std::uint64_t offset, std::span<std::byte> buffer);
  void small(const python::ZipEntry& entry, std::uint64_t offset, std::span<std::byte> buffer);
  void shared(std::size_t file, const python::ZipEntry& entry, std::uint64_t offset, std::span<std::byte> buffer);

  const python::Wheel& wheel_;
  const std::vector<python::InstalledFile>& files_;
  WheelMemory& memory_;
  std::vector<std::uint64_t> starts_;  ///< of each file's header; then the end
  std::mutex mutex_;
  std::map<std::size_t, std::shared_ptr<Member>> members_;  ///< by file, those being read; shared by their readers
};

}  // namespace cairn::stack
