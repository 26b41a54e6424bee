// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/layer_source.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

namespace cairn::image {
namespace {

struct Magic {
  std::string_view name;
  std::string_view bytes;
};

constexpr std::array packed_formats{
    Magic{"gzip", "\x1f\x8b"},
    Magic{"zstd", "\x28\xb5\x2f\xfd"},
    Magic{"xz", std::string_view("\xfd"
                                 "7zXZ\0",
                                 6)},
    Magic{"bzip2", "BZh"},
    Magic{"zip", "PK\x03\x04"},
};

}  // namespace

std::string_view packed_format(std::span<const std::byte> start)
{
  const std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
  // A tar's first field is a name, and names may look like anything: the magic further on decides.
  constexpr std::size_t ustar_at = 257;
  if (text.size() > ustar_at + 5 && text.substr(ustar_at, 5) == "ustar") return {};
  for (const auto& format : packed_formats)
    if (text.starts_with(format.bytes)) return format.name;
  // zstd skippable frames: 0x184D2A50 to 0x184D2A5F (RFC 8878 3.1.2)
  if (text.size() >= 4 && (static_cast<unsigned char>(text[0]) & 0xf0) == 0x50 && text.substr(1, 3) == "\x2a\x4d\x18") return "zstd";
  return {};
}

LayerSource::Packed::Packed(std::unique_ptr<Source> blob, const Task& task) : blob_(std::move(blob)), task_(task)
{
  start_size_ = read_full(*blob_, start_);
}

std::size_t LayerSource::Packed::read(std::span<std::byte> buffer)
{
  if (given_ < start_size_) {
    const auto size = std::min(buffer.size(), start_size_ - given_);
    std::memcpy(buffer.data(), start_.data() + given_, size);
    given_ += size;
    task_.advance(size);
    return size;
  }
  const auto size = blob_->read(buffer);
  task_.advance(size);
  return size;
}

LayerSource::LayerSource(const oci::BlobSource& blobs, const oci::Descriptor& layer, const Task& task) : packed_(blobs.open(layer), task)
{
  const auto codec = codec_of(layer);
  const auto found = packed_format(packed_.start());
  if (found != (codec == Codec::none ? std::string_view() : name(codec)))
    throw Error(Errc::corrupt, fmt::format("layer {}: its media type says {}, its first bytes {}", layer.digest.str(),
                                           codec == Codec::none ? "plain tar" : name(codec), found.empty() ? "no compression" : found));
  plain_ = unpack(packed_, codec, UnpackLimits{}, fmt::format("layer {}", layer.digest.str()));
}

std::size_t LayerSource::read(std::span<std::byte> buffer)
{
  const auto size = plain_->read(buffer);
  hash_.update(buffer.first(size));
  return size;
}

Digest LayerSource::finish()
{
  read_out(*this);
  read_out(packed_);
  return hash_.finish();
}

void LayerSource::finish_packed() { read_out(packed_); }

}  // namespace cairn::image
