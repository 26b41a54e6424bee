// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/tar/writer.hpp>
#include <support/memory_blobs.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn::test {

/// The bytes of a tar that `fill` writes.
inline std::string tar_of(const std::function<void(tar::Writer&)>& fill)
{
  MemorySink sink;
  tar::Writer writer(sink);
  fill(writer);
  writer.finish();
  return std::string(sink.text());
}

inline tar::Entry tar_file(std::string path, std::uint32_t mode = 0644)
{
  tar::Entry entry;
  entry.path = std::move(path);
  entry.mode = mode;
  return entry;
}

inline tar::Entry tar_directory(std::string path, std::uint32_t mode = 0755)
{
  tar::Entry entry;
  entry.type = tar::Type::directory;
  entry.path = std::move(path);
  entry.mode = mode;
  return entry;
}

inline std::string packed(std::string_view plain, Codec codec)
{
  FramePacker packer(Compression::standard(codec));
  std::string out(packer.bound(plain.size()), '\0');
  out.resize(packer.pack(std::as_bytes(std::span(plain)), std::as_writable_bytes(std::span(out))));
  return out;
}

/// Makes images in memory, right ones unless a test spoils them. `put` sends what is made to `blobs`.
class ImageMaker {
public:
  explicit ImageMaker(MemoryBlobs& blobs) : blobs_(blobs) { config.platform = {"amd64", "linux", ""}; }

  ImageMaker& layer(std::string_view plain, Codec codec = Codec::gzip)
  {
    manifest.layers.push_back(blobs_.add(packed(plain, codec), image::layer_media_type(codec)));
    config.diff_ids.push_back(sha256(plain));
    return *this;
  }
  /// A layer with one file.
  ImageMaker& file(const std::string& path, const std::string& content, Codec codec = Codec::gzip)
  {
    return layer(tar_of([&](tar::Writer& tar) { tar.add(tar_file(path), content); }), codec);
  }
  /// Config and manifest; returns the manifest's descriptor.
  oci::Descriptor put()
  {
    manifest.config = blobs_.add(config.json(), oci::media_type::config);
    return blobs_.add(manifest.json(), manifest.media_type);
  }

  oci::Manifest manifest;
  oci::ImageConfig config;

private:
  MemoryBlobs& blobs_;
};

}  // namespace cairn::test
