// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/wheel_bytes.hpp>

#include <cairn/base/error.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/tar/writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include <fcntl.h>

namespace cairn::stack {
namespace {

/// Members up to this are inflated by every frame that needs a part of them: cheaper than keeping them.
constexpr std::uint64_t small_bytes = std::uint64_t{512} << 10;
/// Members over this are streamed.
constexpr std::uint64_t whole_bytes = std::uint64_t{64} << 20;

tar::Entry entry_for(const python::InstalledFile& file)
{
  tar::Entry entry;
  entry.path = file.path;
  entry.mode = layer::normal_mode(file.is_executable ? 0755 : 0644, false);
  entry.mtime = layer::constant_mtime;
  entry.size_bytes = file.size_bytes;
  return entry;
}

}  // namespace

void read_other(const python::InstalledFile& file, std::uint64_t offset, std::span<std::byte> buffer)
{
  const auto fd = open_file(*file.other, O_RDONLY);
  if (read_full_at(fd.get(), buffer, file.other_offset + offset, file.other->string()) != buffer.size())
    throw Error(Errc::changed, fmt::format("{}: became shorter while it was read", file.other->string()));
}

WheelMemory::WheelMemory(std::uint64_t budget_bytes) : left_bytes_(budget_bytes) {}

WheelMemory::~WheelMemory() = default;

std::unique_ptr<WheelMemory::Scratch> WheelMemory::take_scratch()
{
  const std::scoped_lock lock(mutex_);
  if (scratches_.empty()) return std::make_unique<Scratch>();
  auto scratch = std::move(scratches_.back());
  scratches_.pop_back();
  return scratch;
}

void WheelMemory::give_back(std::unique_ptr<Scratch> scratch)
{
  const std::scoped_lock lock(mutex_);
  scratches_.push_back(std::move(scratch));
}

bool WheelMemory::take(std::uint64_t bytes)
{
  const std::scoped_lock lock(mutex_);
  if (bytes > left_bytes_) return false;
  left_bytes_ -= bytes;
  return true;
}

void WheelMemory::give_back(std::uint64_t bytes)
{
  const std::scoped_lock lock(mutex_);
  left_bytes_ += bytes;
}

/// A member that several frames take parts of, one after another.
struct WheelBytes::Member {
  std::mutex mutex;
  std::condition_variable moved;
  std::uint64_t next = 0;  ///< offset that the next part begins at
  bool failed = false;
  bool begun = false;
  std::uint64_t taken_bytes = 0;  ///< of the budget
  std::vector<std::byte> whole;   ///< its content, or nothing:
  std::unique_ptr<Source> stream;
};

WheelBytes::WheelBytes(const python::Wheel& wheel, const std::vector<python::InstalledFile>& files, WheelMemory& memory)
    : wheel_(wheel), files_(files), memory_(memory)
{
  std::uint64_t at = 0;
  for (const auto& file : files) {
    starts_.push_back(at);
    at += tar::header_bytes(entry_for(file)) + tar::padded(file.size_bytes);
  }
  starts_.push_back(at);
}

WheelBytes::~WheelBytes() = default;

void WheelBytes::read(std::uint64_t offset, std::span<std::byte> buffer)
{
  auto file = static_cast<std::size_t>(std::ranges::upper_bound(starts_, offset) - starts_.begin()) - 1;
  std::vector<std::byte> header;
  for (; !buffer.empty(); ++file) {
    auto within = offset - starts_[file];
    header.clear();
    tar::append_header(entry_for(files_[file]), header);
    const auto advance = [&](std::size_t n) {
      buffer = buffer.subspan(n);
      offset += n;
      within += n;
    };
    if (within < header.size()) {
      const auto n = std::min(buffer.size(), header.size() - static_cast<std::size_t>(within));
      std::memcpy(buffer.data(), header.data() + within, n);
      advance(n);
    }
    const auto content_end = header.size() + files_[file].size_bytes;
    if (!buffer.empty() && within < content_end) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), content_end - within));
      content(file, within - header.size(), buffer.first(n));
      advance(n);
    }
    const auto padding = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), starts_[file + 1] - offset));
    std::memset(buffer.data(), 0, padding);
    advance(padding);
  }
}

void WheelBytes::content(std::size_t file, std::uint64_t offset, std::span<std::byte> buffer)
{
  const auto& one = files_[file];
  if (one.other) {
    read_other(one, offset, buffer);
    return;
  }
  if (!one.entry) {
    std::memcpy(buffer.data(), one.content.data() + offset, buffer.size());
    return;
  }
  const auto& entry = wheel_.archive.entries()[*one.entry];
  if (entry.plain_bytes <= small_bytes || buffer.size() == entry.plain_bytes) small(entry, offset, buffer);
  else shared(file, entry, offset, buffer);
}

void WheelBytes::small(const python::ZipEntry& entry, std::uint64_t offset, std::span<std::byte> buffer)
{
  auto scratch = memory_.take_scratch();
  if (buffer.size() == entry.plain_bytes) {
    wheel_.archive.read(entry, buffer, scratch->inflater, scratch->packed);
  } else {
    scratch->plain.resize(static_cast<std::size_t>(entry.plain_bytes));
    wheel_.archive.read(entry, scratch->plain, scratch->inflater, scratch->packed);
    std::memcpy(buffer.data(), scratch->plain.data() + offset, buffer.size());
  }
  memory_.give_back(std::move(scratch));
}

void WheelBytes::shared(std::size_t file, const python::ZipEntry& entry, std::uint64_t offset, std::span<std::byte> buffer)
{
  std::shared_ptr<Member> member;
  {
    const std::scoped_lock lock(mutex_);
    auto& place = members_[file];
    if (!place) place = std::make_shared<Member>();
    member = place;
  }
  std::unique_lock lock(member->mutex);
  member->moved.wait(lock, [&] { return member->next == offset || member->failed; });
  if (member->failed) throw Error(Errc::corrupt, fmt::format("{}: could not be read", wheel_.archive.what()));  // the first reader says why
  try {
    if (!member->begun) {
      member->begun = true;
      const auto needed = entry.plain_bytes + entry.packed_bytes;
      if (entry.plain_bytes <= whole_bytes && memory_.take(needed)) {
        member->taken_bytes = needed;
        member->whole.resize(static_cast<std::size_t>(entry.plain_bytes));
        Inflater inflater;
        std::vector<std::byte> packed;
        wheel_.archive.read(entry, member->whole, inflater, packed);
      } else {
        member->stream = wheel_.archive.open(entry);
      }
    }
    if (member->stream) {
      if (read_full(*member->stream, buffer) != buffer.size())
        throw Error(Errc::corrupt, fmt::format("{}: {} is too short", wheel_.archive.what(), printable(entry.name)));
    } else {
      std::memcpy(buffer.data(), member->whole.data() + offset, buffer.size());
    }
    member->next += buffer.size();
    if (member->next == entry.plain_bytes) {
      std::byte nothing{};
      if (member->stream && member->stream->read({&nothing, 1}) != 0)
        throw Error(Errc::corrupt, fmt::format("{}: {} is too long", wheel_.archive.what(), printable(entry.name)));
      memory_.give_back(member->taken_bytes);
      lock.unlock();
      const std::scoped_lock all(mutex_);
      members_.erase(file);
      return;
    }
  } catch (...) {
    member->failed = true;
    memory_.give_back(std::exchange(member->taken_bytes, 0));
    member->moved.notify_all();
    throw;
  }
  member->moved.notify_all();
}

}  // namespace cairn::stack
