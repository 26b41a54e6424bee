// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/index_layer.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/image.hpp>
#include <cairn/library/index.hpp>
#include <cairn/tar/whiteout.hpp>

#include <fmt/format.h>

namespace cairn::volume {
namespace {

constexpr std::uint64_t packed_limit_bytes = std::uint64_t{64} << 20;

}  // namespace

IndexLayer::IndexLayer(const oci::BlobSource& blobs, const oci::Descriptor& layer)
    : what_("index layer " + layer.digest.str()), codec_(image::codec_of(layer))
{
  if (layer.size_bytes > packed_limit_bytes)
    throw Error(Errc::limit, fmt::format("{}: has {} bytes, at most {} are read", what_, layer.size_bytes, packed_limit_bytes));
  packed_.resize(static_cast<std::size_t>(layer.size_bytes) + 1);
  const auto blob = blobs.open(layer);
  packed_.resize(read_full(*blob, packed_));
}

void IndexLayer::each(const std::string& prefix, const std::function<void(const std::string&, const tar::Entry&, tar::Reader&)>& see) const
{
  MemorySource packed(packed_);
  const auto plain = unpack(packed, codec_, {.plain_bytes = library::index_limit_bytes}, what_);
  tar::Reader reader(*plain, what_);
  const auto below = prefix + "/";
  while (const auto entry = reader.next()) {
    if (!entry->path.starts_with(below) || tar::whiteout_of(*entry)) continue;
    see(entry->path.substr(below.size()), *entry, reader);
  }
}

}  // namespace cairn::volume
