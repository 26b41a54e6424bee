// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/blob.hpp>
#include <cairn/oci/manifest.hpp>
#include <cairn/os/lock.hpp>
#include <cairn/os/temp.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// A store is an OCI image layout (image-spec 1.1, image-layout.md) that any OCI tool can read and write while cairn
/// does, with cairn's own files beside it in `cairn/`: `format`, `lock`, `tmp/` (blobs being written), `cache/`
/// (records that can be made again).
namespace cairn::store {

class Store;

/// A blob being written. It becomes visible by `commit` and leaves nothing behind otherwise. One thread at a time.
class BlobWriter final : public Sink {
public:
  using Sink::write;
  void write(std::span<const std::byte> bytes) override;
  /// Publish under the digest of what was written (returned with the size). A blob that is there already is kept.
  [[nodiscard]] oci::Descriptor commit(std::string media_type);

private:
  friend class Store;
  explicit BlobWriter(const Store& store);
  const Store& store_;
  TempFile file_;
  Sha256 hash_;
  std::uint64_t size_bytes_ = 0;
};

/// One named image of the store.
struct Tag {
  std::string name;  ///< annotation org.opencontainers.image.ref.name
  oci::Descriptor manifest;
};

enum class Access { read, write };

/// Any thread; several processes may use one store.
class Store final : public oci::BlobSource, public oci::BlobTarget {
public:
  /// Open `path`; with Access::write it is made when missing or empty, and leftovers of killed runs are removed.
  /// Throws Error: not_found, bad_input (a directory that is no layout), corrupt, unsupported (a newer
  /// `oci-layout` or `cairn/format`), permission; the store is not touched then.
  Store(std::filesystem::path path, Access access);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Where records that can be made again are kept: `cairn/cache/<kind>`, made when missing.
  [[nodiscard]] std::filesystem::path cache(std::string_view kind) const;

  [[nodiscard]] std::unique_ptr<Source> open(const oci::Descriptor& blob) const override;
  [[nodiscard]] std::unique_ptr<Source> open_range(const oci::Descriptor& blob, std::uint64_t offset,
                                                   std::uint64_t size_bytes) const override;
  [[nodiscard]] bool has(const oci::Descriptor& blob) const override;
  void put(const oci::Descriptor& blob, Source& content, const Task& task) override;
  /// A small blob whole, verified. Throws Error{limit} over `limit_bytes`.
  [[nodiscard]] std::string read(const oci::Descriptor& blob, std::uint64_t limit_bytes = oci::manifest_limit_bytes) const;
  oci::Descriptor put(std::string_view content, std::string media_type);

  /// A blob whose digest is not known yet.
  [[nodiscard]] BlobWriter create() const;

  [[nodiscard]] std::vector<Tag> tags() const;  ///< sorted by name
  /// By tag name, or `NAME@sha256:…`/`sha256:…` (a manifest that index.json lists or that lies among the blobs).
  /// Throws Error{not_found} that lists near names.
  [[nodiscard]] oci::Descriptor resolve(const std::string& reference) const;
  /// Make `name` mean `manifest`, atomically (index.json is replaced under the lock; entries of others are kept).
  void tag(const std::string& name, const oci::Descriptor& manifest, const Task& task);
  void untag(const std::string& name, const Task& task);

  /// Held shared by whoever adds blobs that no manifest names yet, exclusively by `collect`.
  [[nodiscard]] FileLock hold(LockMode mode, const Task& task) const;

  struct Collected {
    std::uint64_t blobs = 0;
    std::uint64_t bytes = 0;
  };
  enum class Really { yes, dry_run };
  /// Remove blobs that no tag reaches, and cache records about them. Waits for running writers.
  Collected collect(Really really, const Task& task);

private:
  friend class BlobWriter;
  std::filesystem::path path_;
  Access access_;
};

/// Check a name for a tag: 1 to 128 bytes of `[A-Za-z0-9._/:@+-]`, alphanumeric at both ends of each
/// component, so that skopeo and umoci take it too. Throws Error{bad_input}.
void check_tag_name(const std::string& name);

}  // namespace cairn::store
