// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/window_blob.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

namespace cairn::registry {

std::unique_ptr<Source> WindowBlob::open_range(const oci::Descriptor& blob, std::uint64_t offset, std::uint64_t size_bytes) const
{
  if (offset < begin_ || offset > begin_ + kept_.size())
    throw Error(Errc::network,
                fmt::format("blob {}: the registry wants bytes from {} on again, which are gone", blob.digest.str(), offset));
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(offset - begin_));
  begin_ = offset;
  if (const auto old = kept_.size(); old < size_bytes) {
    kept_.resize(static_cast<std::size_t>(size_bytes));
    kept_.resize(old + read_full(content_, std::span(kept_).subspan(old)));
    // The end of the content is where digest and size are proven.
    if (begin_ + kept_.size() >= blob.size_bytes) {
      std::byte surplus{};
      (void)content_.read(std::span(&surplus, 1));
    }
  }
  return std::make_unique<MemorySource>(std::span(kept_).first(std::min<std::uint64_t>(kept_.size(), size_bytes)));
}

}  // namespace cairn::registry
