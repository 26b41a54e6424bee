// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/oci/blob.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace cairn::registry {

/// Content that can be read once, as blobs that can be read again a little way back: what was asked for last is kept. For the
/// room's own use; one thread at a time.
class WindowBlob final : public oci::BlobSource {
public:
  explicit WindowBlob(Source& content) : content_(content) {}
  [[nodiscard]] std::unique_ptr<Source> open(const oci::Descriptor& blob) const override { return open_range(blob, 0, blob.size_bytes); }
  /// Throws Error{network} for what lies before the part asked for last.
  [[nodiscard]] std::unique_ptr<Source> open_range(const oci::Descriptor& blob, std::uint64_t offset,
                                                   std::uint64_t size_bytes) const override;

private:
  Source& content_;
  mutable std::uint64_t begin_ = 0;
  mutable std::vector<std::byte> kept_;
};

}  // namespace cairn::registry
