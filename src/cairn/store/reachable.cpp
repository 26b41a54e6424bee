// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/reachable.hpp>

#include <cairn/base/error.hpp>

#include <string>
#include <utility>

namespace cairn::store {

void Reachable::add(const oci::Descriptor& root)
{
  std::vector<oci::Descriptor> open{root};
  while (!open.empty()) {
    task_.check();
    const auto blob = std::move(open.back());
    open.pop_back();
    digests_.insert(blob.digest);
    // Once as a layer must not stop it from being followed as a manifest.
    const bool names_others = oci::media_type::is_manifest(blob.media_type) || oci::media_type::is_index(blob.media_type);
    if (names_others && followed_.insert(blob.digest).second) follow(blob, open);
  }
}

void Reachable::follow(const oci::Descriptor& blob, std::vector<oci::Descriptor>& open) const
{
  std::string text;
  try {
    text = store_.read(blob);
  } catch (const Error& error) {
    if (error.code() == Errc::not_found) return;
    throw;
  }
  if (oci::media_type::is_index(blob.media_type)) {
    const auto index = oci::Index::parse(text, blob.digest.str());
    open.insert(open.end(), index.manifests.begin(), index.manifests.end());
    return;
  }
  const auto manifest = oci::Manifest::parse(text, blob.digest.str());
  open.push_back(manifest.config);
  open.insert(open.end(), manifest.layers.begin(), manifest.layers.end());
}

}  // namespace cairn::store
