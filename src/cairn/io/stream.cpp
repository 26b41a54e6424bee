// SPDX-License-Identifier: Apache-2.0
#include <cairn/io/stream.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace cairn {
namespace {

constexpr std::size_t copy_buffer_bytes = std::size_t{256} << 10;

}  // namespace

std::size_t LendingSource::read(std::span<std::byte> buffer)
{
  if (rest_.empty()) rest_ = lend(buffer);
  const auto size = std::min(buffer.size(), rest_.size());
  if (size != 0 && rest_.data() != buffer.data()) std::memcpy(buffer.data(), rest_.data(), size);
  rest_ = rest_.subspan(size);
  return size;
}

std::size_t TeeSource::read(std::span<std::byte> buffer)
{
  const auto size = inner_.read(buffer);
  if (size != 0) sink_.write(buffer.first(size));
  return size;
}

std::size_t WatchedSource::read(std::span<std::byte> buffer)
{
  const auto size = inner_.read(buffer);
  task_.advance(size);
  return size;
}

std::size_t read_full(Source& source, std::span<std::byte> buffer)
{
  std::size_t done = 0;
  while (done < buffer.size()) {
    const auto n = source.read(buffer.subspan(done));
    if (n == 0) break;
    done += n;
  }
  return done;
}

std::uint64_t copy(Source& source, Sink& sink)
{
  std::vector<std::byte> buffer(copy_buffer_bytes);
  std::uint64_t total = 0;
  while (const auto n = source.read(buffer)) {
    sink.write(std::span(buffer).first(n));
    total += n;
  }
  return total;
}

void read_out(Source& source)
{
  std::vector<std::byte> buffer(copy_buffer_bytes);
  while (source.read(buffer) != 0) {}
}

std::string read_all(Source& source, std::uint64_t limit_bytes, const std::string& what)
{
  std::string text;
  std::vector<std::byte> buffer(copy_buffer_bytes);
  while (const auto n = source.read(buffer)) {
    if (text.size() + n > limit_bytes) throw Error(Errc::limit, fmt::format("{}: larger than the limit of {} bytes", what, limit_bytes));
    text.append(reinterpret_cast<const char*>(buffer.data()), n);
  }
  return text;
}

}  // namespace cairn
