// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/codec.hpp>
#include <cairn/oci/blob.hpp>
#include <cairn/tar/reader.hpp>

#include <functional>
#include <string>
#include <vector>

namespace cairn::volume {

/// A library's index layer, fetched once, verified and kept packed: defaults, rc files, the featured list, the spider cache,
/// library.json. Any thread.
class IndexLayer {
public:
  /// Throws Error: what `blobs` does; limit over 64 MiB packed.
  IndexLayer(const oci::BlobSource& blobs, const oci::Descriptor& layer);
  /// Call `see` for each entry that is no whiteout, with its path relative to the tree (never empty). Content may be read from
  /// the reader within the call.
  void each(const std::string& prefix, const std::function<void(const std::string& path, const tar::Entry&, tar::Reader&)>& see) const;

private:
  std::string what_;
  Codec codec_;
  std::vector<std::byte> packed_;
};

}  // namespace cairn::volume
