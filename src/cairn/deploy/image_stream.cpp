// SPDX-License-Identifier: Apache-2.0
// Annotations as the Open Data Hub dashboard reads them. Its readers disagree about `image-tag-outdated`: two of three hide a tag whatever
// the value is, so it is never written. Values that it passes to JSON.parse are JSON.
#include <cairn/deploy/manifest.hpp>

#include <cairn/oci/json.hpp>

#include <fmt/format.h>

namespace cairn::deploy {
namespace {

std::string key(std::string_view name) { return fmt::format("opendatahub.io/{}", name); }

Map tag_annotations(const ImageSettings& image, const ImageFacts& facts)
{
  Map out{{key("notebook-software"), software_json(facts)},
          {key("notebook-python-dependencies"), dependencies_json(facts, image.dependencies)}};
  if (image.is_recommended) out.emplace_back(key("workbench-image-recommended"), "true");
  if (!image.commit.empty()) out.emplace_back(key("notebook-build-commit"), image.commit);
  out.emplace_back("openshift.io/imported-from", repository_of(image.reference));
  return out;
}

Map stream_annotations(const ImageSettings& image)
{
  Map out{{key("notebook-image-name"), image.display_name}};
  if (!image.description.empty()) out.emplace_back(key("notebook-image-desc"), image.description);
  if (!image.url.empty()) out.emplace_back(key("notebook-image-url"), image.url);
  out.emplace_back(key("notebook-image-order"), fmt::format("{}", image.order));
  if (!image.accelerators.empty()) {
    oci::JsonWriter json;
    out.emplace_back(key("recommended-accelerators"), json.value(image.accelerators).finish());
  }
  return out;
}

}  // namespace

std::string repository_of(std::string_view reference)
{
  reference = reference.substr(0, reference.find('@'));
  const auto colon = reference.rfind(':');
  if (colon != std::string_view::npos && reference.find('/', colon) == std::string_view::npos) reference = reference.substr(0, colon);
  return std::string(reference);
}

std::string pinned(std::string_view reference, const Digest& digest)
{
  return fmt::format("{}@{}", repository_of(reference), digest.str());
}

std::vector<Manifest> image_stream_manifests(const ImageSettings& image, const ImageFacts& facts)
{
  const Map from{{"kind", "DockerImage"}, {"name", pinned(image.reference, facts.digest)}};
  const Map tag{
      {"name", image.tag}, {"annotations", tag_annotations(image, facts)}, {"from", from}, {"referencePolicy", Map{{"type", "Source"}}}};
  std::vector<Manifest> out;
  out.push_back({.file = "imagestream.yaml",
                 .wave = 2,
                 .value = Map{{"apiVersion", "image.openshift.io/v1"},
                              {"kind", "ImageStream"},
                              {"metadata", Map{{"name", image.name},
                                               {"labels", Map{{key("notebook-image"), "true"}, {key("dashboard"), "true"}}},
                                               {"annotations", stream_annotations(image)}}},
                              {"spec", Map{{"lookupPolicy", Map{{"local", true}}}, {"tags", List{tag}}}}}});
  if (image.is_tag_object)
    out.push_back({.file = "imagestreamtag.yaml",
                   .wave = 3,
                   .value = Map{{"apiVersion", "image.openshift.io/v1"},
                                {"kind", "ImageStreamTag"},
                                {"metadata", Map{{"name", fmt::format("{}:{}", image.name, image.tag)}}},
                                {"lookupPolicy", Map{{"local", true}}},
                                {"tag", Map{{"name", image.tag},
                                            {"annotations", tag_annotations(image, facts)},
                                            {"from", from},
                                            {"referencePolicy", Map{{"type", "Source"}}}}}}});
  return out;
}

}  // namespace cairn::deploy
