// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/image.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/read.hpp>
#include <cairn/oci/architecture.hpp>

#include <fmt/format.h>

#include <array>
#include <set>
#include <utility>

namespace cairn::image {
namespace {

/// Indexes in indexes are followed so far.
constexpr int index_depth = 4;

struct NamedCodec {
  std::string_view media_type;
  Codec codec;
};

// Layers that "must not be distributed" (image-spec 1.0, Docker's foreign layers) are ordinary ones once they are here.
constexpr std::array codecs{
    NamedCodec{oci::media_type::layer, Codec::none},
    NamedCodec{oci::media_type::layer_gzip, Codec::gzip},
    NamedCodec{oci::media_type::layer_zstd, Codec::zstd},
    NamedCodec{oci::media_type::docker_layer, Codec::none},
    NamedCodec{oci::media_type::docker_layer_gzip, Codec::gzip},
    NamedCodec{"application/vnd.docker.image.rootfs.diff.tar.zstd", Codec::zstd},
    NamedCodec{"application/vnd.oci.image.layer.nondistributable.v1.tar", Codec::none},
    NamedCodec{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Codec::gzip},
    NamedCodec{"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Codec::zstd},
    NamedCodec{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Codec::gzip},
};

void collect_images(const oci::BlobSource& blobs, const oci::Descriptor& from, int depth, std::vector<oci::Descriptor>& images)
{
  if (depth == 0)
    throw Error(Errc::limit, fmt::format("index {}: indexes lie more than {} deep in one another", from.digest.str(), index_depth));
  for (const auto& entry : read_index(blobs, from).manifests) {
    if (oci::media_type::is_manifest(entry.media_type)) images.push_back(entry);
    else if (oci::media_type::is_index(entry.media_type)) collect_images(blobs, entry, depth - 1, images);
  }
}

/// The one image of an index that this machine runs.
oci::Descriptor choose(const oci::BlobSource& blobs, const oci::Descriptor& index)
{
  std::vector<oci::Descriptor> images;
  collect_images(blobs, index, index_depth, images);
  const auto wanted = oci::own_architecture();
  std::vector<oci::Descriptor> fitting;
  std::set<std::string> platforms;
  std::set<Digest> seen;
  for (auto& image : images) {
    if (!seen.insert(image.digest).second) continue;
    if (image.platform) platforms.insert(fmt::format("{}/{}", image.platform->os, image.platform->architecture));
    const bool fits = image.platform ? image.platform->os == "linux" && image.platform->architecture == wanted : images.size() == 1;
    if (fits) fitting.push_back(std::move(image));
  }
  if (fitting.size() == 1) {
    auto chosen = std::move(fitting.front());
    chosen.annotations.clear();
    return chosen;
  }
  std::string has;
  for (const auto& platform : platforms) has += (has.empty() ? "" : ", ") + printable(platform);
  if (fitting.empty())
    throw Error(Errc::not_found, fmt::format("index {}: no image for linux/{} among its {} (it has: {})", index.digest.str(), wanted,
                                             images.size(), has.empty() ? "no platforms" : has));
  throw Error(Errc::bad_input,
              fmt::format("index {}: {} images for linux/{}; name one by its digest", index.digest.str(), fitting.size(), wanted));
}

void check_type(std::string_view said, const oci::Descriptor& descriptor, std::string_view what)
{
  if (said != descriptor.media_type)
    throw Error(Errc::bad_input, fmt::format("{} {}: 'mediaType' is {}, its descriptor says {}", what, descriptor.digest.str(),
                                             printable(said), printable(descriptor.media_type)));
}

}  // namespace

std::string read_small(const oci::BlobSource& blobs, const oci::Descriptor& blob, const std::string& what)
{
  if (blob.size_bytes > oci::manifest_limit_bytes)
    throw Error(Errc::limit, fmt::format("{}: {} bytes, the limit is {}", what, blob.size_bytes, oci::manifest_limit_bytes));
  return read_all(*blobs.open(blob), oci::manifest_limit_bytes, what);
}

oci::Index read_index(const oci::BlobSource& blobs, const oci::Descriptor& descriptor)
{
  const auto what = fmt::format("index {}", descriptor.digest.str());
  auto index = oci::Index::parse(read_small(blobs, descriptor, what), what);
  check_type(index.media_type, descriptor, "index");
  return index;
}

oci::Manifest read_manifest(const oci::BlobSource& blobs, const oci::Descriptor& descriptor)
{
  const auto what = fmt::format("manifest {}", descriptor.digest.str());
  if (!oci::media_type::is_manifest(descriptor.media_type))
    throw Error(Errc::unsupported, fmt::format("{}: {} is neither an image manifest nor an index", what, printable(descriptor.media_type)));
  auto manifest = oci::Manifest::parse(read_small(blobs, descriptor, what), what);
  check_type(manifest.media_type, descriptor, "manifest");
  if (manifest.layers.size() > layer_limit)
    throw Error(Errc::limit, fmt::format("{}: {} layers, the limit is {}", what, manifest.layers.size(), layer_limit));
  return manifest;
}

oci::ImageConfig read_config(const oci::BlobSource& blobs, const oci::Manifest& manifest)
{
  const auto what = fmt::format("config {}", manifest.config.digest.str());
  if (!oci::media_type::is_config(manifest.config.media_type))
    throw Error(Errc::unsupported, fmt::format("{}: {} is not a container image's config", what, printable(manifest.config.media_type)));
  auto config = oci::ImageConfig::parse(read_small(blobs, manifest.config, what), what);
  if (config.diff_ids.size() != manifest.layers.size())
    throw Error(Errc::bad_input, fmt::format("{}: {} diff_ids for {} layers", what, config.diff_ids.size(), manifest.layers.size()));
  return config;
}

Image load(const oci::BlobSource& blobs, const oci::Descriptor& manifest)
{
  Image image;
  image.descriptor = oci::media_type::is_index(manifest.media_type) ? choose(blobs, manifest) : manifest;
  image.manifest = read_manifest(blobs, image.descriptor);
  image.config = read_config(blobs, image.manifest);
  return image;
}

Image load_manifest(const oci::BlobSource& blobs, const oci::Descriptor& manifest)
{
  return {manifest, read_manifest(blobs, manifest), {}};
}

Codec codec_of(const oci::Descriptor& layer)
{
  for (const auto& known : codecs)
    if (known.media_type == layer.media_type) return known.codec;
  throw Error(Errc::unsupported, fmt::format("layer {}: {} is not a layer's media type", layer.digest.str(), printable(layer.media_type)));
}

std::string_view layer_media_type(Codec codec)
{
  switch (codec) {
    case Codec::none: return oci::media_type::layer;
    case Codec::gzip: return oci::media_type::layer_gzip;
    case Codec::zstd: return oci::media_type::layer_zstd;
  }
  return oci::media_type::layer;
}

oci::Descriptor layer_descriptor(Codec codec, const Digest& digest, std::uint64_t size_bytes)
{
  return {.media_type = std::string(layer_media_type(codec)), .digest = digest, .size_bytes = size_bytes};
}

}  // namespace cairn::image
