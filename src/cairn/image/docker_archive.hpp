// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>
#include <cairn/os/fd.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// `docker-archive` (containers-transports(5)): what `docker save` writes and `docker load` reads. `manifest.json` names a
/// config and plain tars; there are no manifests, so a digest does not survive, but config and diff_ids do.
namespace cairn::image {

/// Write `image` to `file`, atomically, layers unpacked; `name` (`NAME:TAG`, may be empty) is its RepoTag. Each layer is read
/// twice: its plain size stands before it. The bytes are a function of the image and the name.
void write_docker_archive(const oci::BlobSource& blobs, const Image& image, const std::string& name, const std::filesystem::path& file,
                          const Task& task);

/// Reads a docker-archive in place, as an OCI image with uncompressed layers. Any thread.
class DockerArchive final : public oci::BlobSource {
public:
  /// The image named `name`, or the only one. Throws Error{bad_input} for what is no such archive, Error{not_found}.
  DockerArchive(const std::filesystem::path& file, const std::string& name, const Task& task);

  /// The manifest made for it.
  [[nodiscard]] const oci::Descriptor& manifest() const { return manifest_; }
  [[nodiscard]] std::unique_ptr<Source> open(const oci::Descriptor& blob) const override;
  [[nodiscard]] std::unique_ptr<Source> open_range(const oci::Descriptor& blob, std::uint64_t offset,
                                                   std::uint64_t size_bytes) const override;

private:
  struct Place {
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;
  };
  struct Entry {
    std::string config;
    std::vector<std::string> layers;
  };
  void find_places(const Task& task);
  [[nodiscard]] std::string small_file(const std::string& path) const;
  [[nodiscard]] Entry choose(const std::string& name) const;
  void make_manifest(const Entry& entry);
  [[nodiscard]] std::unique_ptr<Source> part(const Place& place) const;

  std::string what_;
  Fd fd_;
  std::map<std::string, Place> files_;  ///< by path in the archive
  std::map<Digest, Place> places_;
  std::string manifest_text_;
  oci::Descriptor manifest_;
};

}  // namespace cairn::image
