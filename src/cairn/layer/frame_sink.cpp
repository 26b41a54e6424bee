// SPDX-License-Identifier: Apache-2.0
#include <cairn/layer/frame_sink.hpp>

#include <cairn/layer/frame.hpp>
#include <cairn/os/parallel.hpp>

#include <algorithm>

namespace cairn::layer {
namespace {

constexpr std::size_t most_threads = 4;

}  // namespace

FrameSink::FrameSink(Sink& packed, const Compression& compression, std::size_t threads) : packed_(packed)
{
  const auto count = std::clamp<std::size_t>(thread_count(threads), 1, most_threads);
  frames_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    packers_.emplace_back(compression);
    frames_[i].plain.reserve(frame_bytes);
    frames_[i].packed.resize(packers_[i].bound(frame_bytes));
  }
}

void FrameSink::write(std::span<const std::byte> bytes)
{
  plain_bytes_ += bytes.size();
  while (!bytes.empty()) {
    auto& plain = frames_[filling_].plain;
    const auto size = std::min(bytes.size(), frame_bytes - plain.size());
    plain.insert(plain.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(size);
    if (plain.size() < frame_bytes) continue;
    if (++filling_ == frames_.size()) flush();
  }
}

Digest FrameSink::finish()
{
  if (filling_ < frames_.size() && !frames_[filling_].plain.empty()) ++filling_;
  flush();
  return hash_.finish();
}

/// Pack the first `filling_` frames, and hash them meanwhile.
void FrameSink::flush()
{
  parallel_for(filling_ + 1, filling_ + 1, [&](std::size_t i) {
    if (i == filling_) {
      for (std::size_t frame = 0; frame < filling_; ++frame) hash_.update(frames_[frame].plain);
    } else {
      frames_[i].packed_bytes = packers_[i].pack(frames_[i].plain, frames_[i].packed);
    }
  });
  for (std::size_t i = 0; i < filling_; ++i) {
    packed_.write(std::span(frames_[i].packed).first(frames_[i].packed_bytes));
    frames_[i].plain.clear();
  }
  filling_ = 0;
}

}  // namespace cairn::layer
