// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/manifest.hpp>

#include <fmt/format.h>

namespace cairn::deploy {
namespace {

Map volume_of(const std::string& claim_name, bool is_read_only, const std::string& path)
{
  Map source{{"claimName", claim_name}};
  if (is_read_only) source.emplace_back("readOnly", true);
  return {{"name", claim_name}, {"persistentVolumeClaim", source}, {"mountPath", path}};
}

List images_of(const Settings& settings) { return {fmt::format("{}:{}", settings.image->name, settings.image->tag)}; }

}  // namespace

Map profile_config_map(const std::string& name, const Map& profile)
{
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", Map{{"name", name}, {"labels", Map{{"jupyterhub", "singleuser-profiles"}}}}},
          {"data", Map{{"jupyterhub-singleuser-profiles.yaml", yaml(Map{{"profiles", List{profile}}})}}}};
}

Manifest library_profile(const Settings& settings, const LibraryFacts& facts)
{
  const auto& library = *settings.library;
  const auto path = library.target.empty() ? facts.target : library.target;
  return {.file = "library-profile.yaml",
          .wave = 3,
          .value = profile_config_map(fmt::format("{}-profile", library.claim.name.substr(0, 50)),
                                      Map{{"name", settings.image->display_name},
                                          {"images", images_of(settings)},
                                          {"volumes", List{volume_of(library.claim.name, true, path)}}})};
}

std::vector<Manifest> share_manifests(const Settings& settings, const ShareSettings& share)
{
  const auto& name = share.claim.name;
  std::vector<Manifest> out{{.file = fmt::format("share-{}-claim.yaml", name), .wave = 0, .value = claim(share.claim, "ReadWriteMany")}};
  if (!settings.has_profiles) return out;
  List users;
  for (const auto& user : share.users) users.emplace_back(user);
  if (users.empty()) users.emplace_back("*");
  out.push_back({.file = fmt::format("share-{}-profile.yaml", name),
                 .wave = 3,
                 .value = profile_config_map(
                     fmt::format("{}-share-profile", name.substr(0, 40)),
                     Map{{"name", fmt::format("Share {}", name)},
                         {"images", images_of(settings)},
                         {"users", users},
                         {"volumes", List{volume_of(name, share.is_read_only, fmt::format("{}/{}", home_directory, share.path))}}})});
  return out;
}

}  // namespace cairn::deploy
