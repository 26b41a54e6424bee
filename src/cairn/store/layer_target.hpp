// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/layer/pack.hpp>
#include <cairn/store/store.hpp>

#include <optional>

namespace cairn::store {

/// Publishes packed layers as blobs of a store. As layer::LayerTarget, one thread at a time.
class StoreTarget final : public layer::LayerTarget {
public:
  /// `store` outlives this.
  explicit StoreTarget(const Store& store) : store_(store) {}
  Sink& begin(std::size_t) override { return writer_.emplace(store_.create()); }
  Stored end(std::size_t) override
  {
    const auto blob = writer_->commit(std::string(oci::media_type::layer));
    writer_.reset();
    return {blob.digest, blob.size_bytes};
  }

private:
  const Store& store_;
  std::optional<BlobWriter> writer_;
};

}  // namespace cairn::store
