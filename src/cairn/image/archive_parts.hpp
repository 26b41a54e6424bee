// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/hash.hpp>
#include <cairn/io/stream.hpp>
#include <cairn/oci/descriptor.hpp>
#include <cairn/tar/entry.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

/// What archives of both kinds (oci-archive, docker-archive) are made of. For the room's own use.
namespace cairn::image {

/// A blob that lies in an archive, verified.
class VerifiedPart final : public Source {
public:
  VerifiedPart(std::unique_ptr<Source> part, const oci::Descriptor& blob, const std::string& what)
      : part_(std::move(part)), verified_(*part_, blob.digest, blob.size_bytes, what)
  {
  }
  std::size_t read(std::span<std::byte> buffer) override { return verified_.read(buffer); }

private:
  std::unique_ptr<Source> part_;
  VerifiedSource verified_;
};

[[nodiscard]] inline tar::Entry plain_file(std::string path, std::uint64_t size_bytes = 0)
{
  tar::Entry entry;
  entry.path = std::move(path);
  entry.mode = 0644;
  entry.size_bytes = size_bytes;
  return entry;
}

}  // namespace cairn::image
