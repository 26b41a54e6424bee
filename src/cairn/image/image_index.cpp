// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/image_index.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/read.hpp>

#include <fmt/format.h>

#include <map>
#include <set>

namespace cairn::image {
namespace {

/// As deep as `load` follows them.
constexpr int index_depth = 4;
/// What builders write for attestations.
constexpr std::string_view unknown_platform = "unknown";

bool is_image(const oci::Descriptor& entry)
{
  return oci::media_type::is_manifest(entry.media_type) && entry.platform && entry.platform->os != unknown_platform &&
         entry.artifact_type.empty();
}

void collect(const oci::BlobSource& blobs, const oci::Descriptor& descriptor, int depth, std::set<Digest>& seen,
             std::vector<oci::Descriptor>& out)
{
  if (!seen.insert(descriptor.digest).second) return;
  if (oci::media_type::is_index(descriptor.media_type)) {
    if (depth == 0)
      throw Error(Errc::limit, fmt::format("index {}: indexes lie more than {} deep in one another", descriptor.digest.str(), index_depth));
    for (const auto& entry : read_index(blobs, descriptor).manifests) collect(blobs, entry, depth - 1, seen, out);
    return;
  }
  auto entry = descriptor;
  entry.annotations.erase("org.opencontainers.image.ref.name");  // a name in the layout it came from
  const auto manifest = read_manifest(blobs, entry);
  if (!entry.platform) entry.platform = read_config(blobs, manifest).platform;
  out.push_back(std::move(entry));
}

}  // namespace

oci::Index load_index(const oci::BlobSource& blobs, const oci::Descriptor& descriptor) { return read_index(blobs, descriptor); }

std::string platform_text(const oci::Platform& platform)
{
  return fmt::format("{}/{}{}{}", platform.os, platform.architecture, platform.variant.empty() ? "" : "/", platform.variant);
}

std::vector<oci::Descriptor> index_entries(const oci::BlobSource& blobs, const oci::Descriptor& descriptor)
{
  std::vector<oci::Descriptor> entries;
  std::set<Digest> seen;
  collect(blobs, descriptor, index_depth, seen, entries);
  return entries;
}

oci::Index make_index(std::vector<oci::Descriptor> entries, oci::Annotations annotations)
{
  std::map<std::string, const oci::Descriptor*> platforms;
  std::vector<oci::Descriptor> kept;
  std::set<Digest> seen;
  for (const auto& entry : entries) {
    if (!seen.insert(entry.digest).second) continue;
    if (is_image(entry)) {
      const auto [found, is_new] = platforms.try_emplace(platform_text(*entry.platform), &entry);
      if (!is_new)
        throw Error(Errc::bad_input, fmt::format("two images for {}: {} and {}; an index has one a platform", printable(found->first),
                                                 found->second->digest.str(), entry.digest.str()));
    }
    kept.push_back(entry);
  }
  oci::Index index;
  index.manifests = std::move(kept);
  index.annotations = std::move(annotations);
  return index;
}

}  // namespace cairn::image
