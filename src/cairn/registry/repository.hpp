// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/oci/blob.hpp>
#include <cairn/oci/manifest.hpp>
#include <cairn/registry/host.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::registry {

/// Sizes of what is sent at once.
struct TransferLimits {
  std::uint64_t chunk_bytes = std::uint64_t{64} << 20;   ///< larger blobs go in chunks, so that each gets a fresh token
  std::uint64_t small_chunk_bytes = std::uint64_t{4} << 20;  ///< for content that can be read only once: a chunk is kept in memory
  std::size_t page = 1000;                               ///< tags asked for at once
  std::size_t tags = 1'000'000;                          ///< more is Error{limit}
};

class RangeSource;
class Upload;

/// One repository of a registry (distribution-spec 1.1). Manifests and indexes are known by their media type and go where the
/// registry keeps them; all else is a blob. Everything read by digest is verified. Any thread.
class Repository final : public oci::BlobSource, public oci::BlobTarget {
public:
  /// `host` is shared by the repositories of one registry. What reads without a task of its own stops with `task`, which outlives it.
  Repository(std::shared_ptr<const Host> host, std::string repository, const Task& task, TransferLimits limits = {});

  [[nodiscard]] const std::string& name() const { return repository_; }
  [[nodiscard]] std::string path() const;  ///< `host/repository`

  /// The manifest or index that `reference` (a tag, or a digest) names now. Its bytes are kept: what moves a tag later changes
  /// nothing for this object. Throws Error: not_found, corrupt (a digest it does not have), unsupported, limit.
  [[nodiscard]] oci::Descriptor resolve(const std::string& reference, const Task& task) const;
  /// As `resolve` without the bytes: one HEAD. Nothing: no such tag.
  [[nodiscard]] std::optional<Digest> find(const std::string& tag, const Task& task) const;

  [[nodiscard]] std::unique_ptr<Source> open(const oci::Descriptor& blob) const override;
  /// Goes on by itself where a connection broke.
  [[nodiscard]] std::unique_ptr<Source> open_range(const oci::Descriptor& blob, std::uint64_t offset,
                                                   std::uint64_t size_bytes) const override;
  [[nodiscard]] bool has(const oci::Descriptor& blob) const override;
  void put(const oci::Descriptor& blob, Source& content, const Task& task) override;
  /// Mounts from a repository of the same registry; else uploads what can be read again from any place on.
  void take(const oci::Descriptor& blob, const oci::BlobSource& from, const Task& task) override;

  /// Where uploads may mount blobs from, besides the source: repositories of this registry.
  void mount_from(std::vector<std::string> repositories) { mount_from_ = std::move(repositories); }

  /// Remember in this directory where uploads of large blobs go, so that another run goes on with those that this one does not finish.
  void remember_uploads(std::filesystem::path directory) { uploads_ = std::move(directory); }

  /// Make `tag` mean `manifest`, which `from` has; what it names must be here already. Last of all.
  void tag(const std::string& tag, const oci::Descriptor& manifest, const oci::BlobSource& from, const Task& task);

  /// Sorted. Throws Error{not_found}.
  [[nodiscard]] std::vector<std::string> tags(const Task& task) const;
  /// Manifests whose `subject` is `digest`; the fallback tag where the registry has no such list.
  [[nodiscard]] std::vector<oci::Descriptor> referrers(const Digest& digest, const Task& task) const;
  /// Delete a manifest by digest: all its tags go with it. Throws Error: not_found, unsupported (the registry does not allow it).
  void remove(const Digest& manifest, const Task& task);

private:
  friend class RangeSource;
  friend class Upload;
  [[nodiscard]] http::Request request(const std::string& method, const std::string& rest, const Task& task) const;
  [[nodiscard]] std::optional<std::string> read_manifest(const std::string& reference, std::string& content_type, const Task& task) const;
  void put_manifest(const std::string& reference, const oci::Descriptor& manifest, std::string_view content, const Task& task);
  void take_manifest(const std::string& reference, const oci::Descriptor& manifest, const oci::BlobSource& from, const Task& task);
  void put_blobs_again(std::string_view manifest, const oci::BlobSource& from, const Task& task);
  void add_to_fallback(const oci::Descriptor& manifest, std::string_view content, const Digest& subject, const Task& task);
  [[nodiscard]] std::optional<oci::Index> fallback(const Digest& subject, const Task& task) const;
  [[nodiscard]] bool has(const oci::Descriptor& blob, const Task& task) const;

  std::shared_ptr<const Host> host_;  // shared by the repositories of one registry
  std::string repository_;
  const Task& task_;
  TransferLimits limits_;
  std::vector<std::string> mount_from_;
  std::filesystem::path uploads_;
  mutable std::mutex mutex_;
  mutable std::map<Digest, std::string> resolved_;  ///< bytes of what `resolve` found
};

}  // namespace cairn::registry
