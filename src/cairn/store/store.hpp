// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/blob.hpp>
#include <cairn/oci/manifest.hpp>
#include <cairn/os/lock.hpp>
#include <cairn/os/temp.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// A store is an OCI image layout (image-spec 1.1, image-layout.md) that any OCI tool can read and write while cairn
/// does, with cairn's own files beside it in `cairn/`: `format`, `lock` (held by who adds blobs and by `collect`),
/// `index-lock` (held while index.json is replaced), `tmp/` (blobs being written), `cache/` (records that can be made
/// again). Blobs and index.json are 0644 and directories 0755, whatever the umask.
///
/// Durability: a blob is visible once it is complete, and on disk once a tag names it: writing starts early
/// (sync_file_range) and `tag` waits for it (fdatasync of each blob that the tag reaches, then their directory) before
/// index.json is replaced. Not syncfs: as fast, but it answers for the writes of others and tells errors only since Linux 5.8.
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
  std::uint64_t flushed_bytes_ = 0;  ///< whose writing to disk has been started
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
  /// Throws Error: not_found, bad_input (a directory that is no layout), corrupt, unsupported (another
  /// `oci-layout` version or a newer `cairn/format`), permission; the store is not touched then.
  Store(std::filesystem::path path, Access access);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Where records that can be made again are kept: `cairn/cache/<kind>`, made when missing (with Access::write).
  [[nodiscard]] std::filesystem::path cache(std::string_view kind) const;

  /// Blobs must be regular files (no links) of the size that the descriptor says. Throws Error{not_found},
  /// Error{corrupt}.
  [[nodiscard]] std::unique_ptr<Source> open(const oci::Descriptor& blob) const override;
  [[nodiscard]] std::unique_ptr<Source> open_range(const oci::Descriptor& blob, std::uint64_t offset,
                                                   std::uint64_t size_bytes) const override;
  [[nodiscard]] bool has(const oci::Descriptor& blob) const override;
  void put(const oci::Descriptor& blob, Source& content, const Task& task) override;
  /// What an interrupted `take` left in `cache/partial` is not read from `from` again.
  void take(const oci::Descriptor& blob, const oci::BlobSource& from, const Task& task) override;
  /// A small blob whole, verified. Throws Error{limit} over `limit_bytes`.
  [[nodiscard]] std::string read(const oci::Descriptor& blob, std::uint64_t limit_bytes = oci::manifest_limit_bytes) const;
  oci::Descriptor put(std::string_view content, std::string media_type);

  /// A blob whose digest is not known yet.
  [[nodiscard]] BlobWriter create() const;

  /// Sorted by name. Entries of other tools whose name `check_tag_name` refuses are left out.
  [[nodiscard]] std::vector<Tag> tags() const;
  /// By tag name, or `NAME@sha256:…`/`sha256:…` (a manifest that index.json lists or that lies among the blobs; the
  /// name does not matter then). Throws Error{not_found} that lists near names, Error{corrupt} when index.json gives
  /// the name to two different manifests (`tag` and `untag` repair that).
  [[nodiscard]] oci::Descriptor resolve(const std::string& reference) const;
  /// The only manifest or index that index.json lists, named or not. Throws Error{not_found} when there is none or are several.
  [[nodiscard]] oci::Descriptor only() const;
  /// Make `name` mean `manifest`, which must be stored, atomically (index.json is replaced under a lock; entries of
  /// others are kept as they are). What it reaches is on disk then; what of that is not stored stays missing.
  void tag(const std::string& name, const oci::Descriptor& manifest, const Task& task);
  /// Throws Error{not_found}. Blobs stay until `collect`.
  void untag(const std::string& name, const Task& task);

  /// Held shared by whoever adds blobs that no tag reaches yet, exclusively by `collect`. `tag` takes it shared: do not
  /// call it while holding it exclusively.
  [[nodiscard]] FileLock hold(LockMode mode, const Task& task) const;

  struct Collected {
    std::uint64_t blobs = 0;
    std::uint64_t bytes = 0;
    std::uint64_t young_blobs = 0;  ///< left because they are younger than `grace`
  };
  enum class Really { yes, dry_run };
  /// Remove blobs that index.json does not reach (through indexes, manifests, configs and layers; a manifest whose
  /// `subject` is kept is kept too). Waits for running writers of cairn; other tools do not take the lock, so blobs that
  /// changed less than `grace` ago stay as well. Throws Error{corrupt}, and removes nothing, when something on the way
  /// cannot be read. Who keeps records in `cache` prunes them by `has`.
  Collected collect(Really really, const Task& task, std::chrono::seconds grace = std::chrono::seconds(0));

private:
  friend class BlobWriter;
  [[nodiscard]] std::filesystem::path blob_path(const Digest& digest) const;
  void flush(const oci::Descriptor& root, const Task& task) const;
  void require_write(std::string_view deed) const;
  std::filesystem::path path_;
  Access access_;
};

/// Check a name for a tag: the grammar of image-spec 1.1, annotations.md, `org.opencontainers.image.ref.name` (words of
/// `[A-Za-z0-9]` with one of `-._:@+/` or `--` between them), so that skopeo and umoci take it too; at most 128 bytes;
/// nothing that could be read as a digest. Throws Error{bad_input}.
void check_tag_name(const std::string& name);

}  // namespace cairn::store
