// SPDX-License-Identifier: Apache-2.0
#include <cairn/io/inflate.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>

#include <libdeflate.h>
#include <zlib.h>

namespace cairn {
namespace {

[[noreturn]] void broken(const std::string& what, std::string_view why) { throw Error(Errc::corrupt, fmt::format("{}: {}", what, why)); }

}  // namespace

std::uint32_t crc32(std::uint32_t before, std::span<const std::byte> bytes) { return libdeflate_crc32(before, bytes.data(), bytes.size()); }

struct Inflater::State {
  libdeflate_decompressor* decompressor = nullptr;
};

Inflater::Inflater() : state_(std::make_unique<State>())
{
  state_->decompressor = libdeflate_alloc_decompressor();
  if (state_->decompressor == nullptr) throw std::bad_alloc();
}

Inflater::~Inflater()
{
  if (state_) libdeflate_free_decompressor(state_->decompressor);
}

Inflater::Inflater(Inflater&&) noexcept = default;

void Inflater::inflate(std::span<const std::byte> packed, std::span<std::byte> plain, const std::string& what)
{
  std::size_t used = 0;
  std::size_t made = 0;
  std::byte nothing{};
  auto* out = plain.empty() ? &nothing : plain.data();
  const auto result = libdeflate_deflate_decompress_ex(state_->decompressor, packed.data(), packed.size(), out, plain.size(), &used, &made);
  if (result == LIBDEFLATE_INSUFFICIENT_SPACE) broken(what, fmt::format("inflates to more than {} bytes", plain.size()));
  if (result != LIBDEFLATE_SUCCESS) broken(what, "its deflate stream is broken");
  if (made != plain.size()) broken(what, fmt::format("inflates to {} bytes, expected {}", made, plain.size()));
  if (used != packed.size()) broken(what, fmt::format("{} bytes follow its deflate stream", packed.size() - used));
}

struct InflateSource::State {
  z_stream stream{};
  std::array<std::byte, std::size_t{64} << 10> input{};
};

InflateSource::InflateSource(Source& packed, std::string what) : state_(std::make_unique<State>()), packed_(packed), what_(std::move(what))
{
  if (::inflateInit2(&state_->stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
}

InflateSource::~InflateSource() { ::inflateEnd(&state_->stream); }

std::size_t InflateSource::read(std::span<std::byte> buffer)
{
  auto& stream = state_->stream;
  buffer = buffer.first(std::min<std::size_t>(buffer.size(), std::size_t{1} << 30));
  stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
  stream.avail_out = static_cast<uInt>(buffer.size());
  while (!ended_ && stream.avail_out == buffer.size()) {
    if (stream.avail_in == 0) {
      stream.avail_in = static_cast<uInt>(packed_.read(state_->input));
      stream.next_in = reinterpret_cast<Bytef*>(state_->input.data());
      if (stream.avail_in == 0) broken(what_, "its deflate stream is cut short");
    }
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) broken(what_, "its deflate stream is broken");
    if (result != Z_STREAM_END) continue;
    ended_ = true;
    std::array<std::byte, 1> more{};
    if (stream.avail_in != 0 || packed_.read(more) != 0) broken(what_, "bytes follow its deflate stream");
  }
  return buffer.size() - stream.avail_out;
}

}  // namespace cairn
