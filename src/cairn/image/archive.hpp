// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>
#include <cairn/os/fd.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// An image in one file: `oci-archive`, an OCI image layout in a tar (containers-transports(5)).
namespace cairn::image {

/// Write `image` to `file`, atomically, under `ref_name` (empty: without a name). The bytes are a function of the image
/// and the name.
void write_oci_archive(const oci::BlobSource& blobs, const Image& image, const std::string& ref_name, const std::filesystem::path& file,
                       const Task& task);
/// The same of any manifest or index, with all that it names.
void write_oci_archive(const oci::BlobSource& blobs, const oci::Descriptor& root, const std::string& ref_name,
                       const std::filesystem::path& file, const Task& task);

/// Reads an oci-archive in place: opening it reads it once to learn where each blob lies, nothing is unpacked.
/// Any thread.
class OciArchive final : public oci::BlobSource {
public:
  /// Throws Error{bad_input} for what is no such archive (compressed ones included).
  OciArchive(const std::filesystem::path& file, const Task& task);

  /// The manifest or index of that name; an empty name: the only one there is. Throws Error{not_found}.
  [[nodiscard]] oci::Descriptor resolve(const std::string& ref_name) const;

  [[nodiscard]] std::unique_ptr<Source> open(const oci::Descriptor& blob) const override;
  [[nodiscard]] std::unique_ptr<Source> open_range(const oci::Descriptor& blob, std::uint64_t offset,
                                                   std::uint64_t size_bytes) const override;

private:
  struct Place {
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;
  };
  [[nodiscard]] const Place& find(const oci::Descriptor& blob) const;
  [[nodiscard]] Fd another_fd() const;

  std::string what_;
  Fd fd_;
  std::map<Digest, Place> places_;
  std::vector<oci::Descriptor> entries_;  ///< of index.json
};

}  // namespace cairn::image
