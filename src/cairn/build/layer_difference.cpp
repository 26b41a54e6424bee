// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/layer_difference.hpp>

#include <cairn/image/layer_source.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/tar/reader.hpp>

#include <fmt/format.h>

#include <map>

namespace cairn::build {
namespace {

/// What each path of a layer is, as text.
std::map<std::string, std::string> entries_of(const oci::BlobSource& blobs, const oci::Descriptor& layer, const Task& task)
{
  std::map<std::string, std::string> out;
  image::LayerSource plain(blobs, layer, task);
  tar::Reader reader(plain, fmt::format("layer {}", layer.digest.str()));
  std::vector<std::byte> buffer(std::size_t{64} << 10);
  while (const auto entry = reader.next()) {
    Sha256 hash;
    while (const auto size = reader.read(buffer)) hash.update(std::span(buffer).first(size));
    out[entry->path] = fmt::format("{} {:o} {}:{} {} {}", static_cast<int>(entry->type), entry->mode, entry->uid, entry->gid, entry->link, hash.finish().hex());
  }
  return out;
}

}  // namespace

std::vector<std::string> differing_paths(const oci::BlobSource& blobs, const oci::Descriptor& one, const oci::Descriptor& other, const Task& task)
{
  const auto first = entries_of(blobs, one, task);
  auto second = entries_of(blobs, other, task);
  std::vector<std::string> out;
  for (const auto& [path, what] : first) {
    const auto found = second.find(path);
    if (found != second.end() && found->second == what) second.erase(found);
    else second[path];  // differs, or is missing there
  }
  for (const auto& [path, what] : second) out.push_back(path);
  return out;
}

}  // namespace cairn::build
