// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/blob.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cairn::test {

/// Blobs in memory: a BlobSource and BlobTarget without files. Verifies like the real ones. One thread at a time.
class MemoryBlobs final : public oci::BlobSource, public oci::BlobTarget {
public:
  /// Keep `content`; returns its descriptor.
  oci::Descriptor add(std::string content, std::string_view media_type = "application/octet-stream")
  {
    oci::Descriptor blob{.media_type = std::string(media_type), .digest = sha256(content), .size_bytes = content.size()};
    contents_[blob.digest] = std::move(content);
    return blob;
  }
  /// Make the blob's content something that its digest does not fit.
  void spoil(const Digest& digest, std::string content) { contents_[digest] = std::move(content); }
  void remove(const Digest& digest) { contents_.erase(digest); }
  [[nodiscard]] const std::string& content(const Digest& digest) const { return contents_.at(digest); }
  [[nodiscard]] std::size_t count() const { return contents_.size(); }

  [[nodiscard]] std::unique_ptr<Source> open(const oci::Descriptor& blob) const override
  {
    return std::make_unique<Verified>(find(blob), blob);
  }
  [[nodiscard]] std::unique_ptr<Source> open_range(const oci::Descriptor& blob, std::uint64_t offset,
                                                   std::uint64_t size_bytes) const override
  {
    return std::make_unique<MemorySource>(std::string_view(find(blob)).substr(offset, size_bytes));
  }
  [[nodiscard]] bool has(const oci::Descriptor& blob) const override { return contents_.contains(blob.digest); }
  void put(const oci::Descriptor& blob, Source& content, const Task&) override
  {
    VerifiedSource verified(content, blob.digest, blob.size_bytes, blob.digest.str());
    MemorySink sink;
    copy(verified, sink);
    contents_[blob.digest] = std::string(sink.text());
  }

private:
  class Verified final : public Source {
  public:
    Verified(std::string_view content, const oci::Descriptor& blob)
        : memory_(content), verified_(memory_, blob.digest, blob.size_bytes, "blob " + blob.digest.str())
    {
    }
    std::size_t read(std::span<std::byte> buffer) override { return verified_.read(buffer); }

  private:
    MemorySource memory_;
    VerifiedSource verified_;
  };
  [[nodiscard]] const std::string& find(const oci::Descriptor& blob) const
  {
    const auto found = contents_.find(blob.digest);
    if (found == contents_.end()) throw Error(Errc::not_found, "blob " + blob.digest.str() + ": not in memory");
    return found->second;
  }
  std::map<Digest, std::string> contents_;
};

}  // namespace cairn::test
