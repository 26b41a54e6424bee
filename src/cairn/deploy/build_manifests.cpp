// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/manifest.hpp>

#include <fmt/format.h>

namespace cairn::deploy {

Manifest build_config(const BuildSettings& build)
{
  const Map from{{"kind", "ImageStreamTag"}, {"name", build.from}};
  Map git{{"uri", build.git}};
  if (!build.ref.empty()) git.emplace_back("ref", build.ref);
  Map source{{"type", "Git"}, {"git", git}};
  if (!build.context.empty()) source.emplace_back("contextDir", build.context);
  auto name = build.output;
  for (auto& c : name)
    if (c == ':' || c == '_') c = '-';
  return {.file = "buildconfig.yaml",
          .wave = 1,
          .value = Map{
              {"apiVersion", "build.openshift.io/v1"},
              {"kind", "BuildConfig"},
              {"metadata", Map{{"name", name}}},
              {"spec",
               Map{{"runPolicy", "Serial"},
                   {"triggers", List{Map{{"type", "ConfigChange"}}, Map{{"type", "ImageChange"}, {"imageChange", Map{{"from", from}}}}}},
                   {"source", source},
                   {"strategy", Map{{"type", "Docker"}, {"dockerStrategy", Map{{"from", from}, {"dockerfilePath", build.containerfile}}}}},
                   {"output", Map{{"to", Map{{"kind", "ImageStreamTag"}, {"name", build.output}}}}}}}}};
}

std::vector<Manifest> builder_manifests(const Settings& settings, const LibraryFacts& facts)
{
  const auto& library = *settings.library;
  const auto& builder = *settings.builder;
  const auto target = library.target.empty() ? facts.target : library.target;
  const Map labels{{"app.kubernetes.io/name", "easybuild"}};
  const Map container{{"name", "easybuild"},
                      {"image", builder.image},
                      {"command", List{"sleep", "infinity"}},
                      {"env", List{Map{{"name", "EASYBUILD_PREFIX"}, {"value", target}}, Map{{"name", "HOME"}, {"value", "/tmp"}}}},
                      {"resources", Map{{"requests", Map{{"cpu", "1"}, {"memory", "4Gi"}}},
                                        {"limits", Map{{"cpu", builder.cpu}, {"memory", builder.memory}}}}},
                      {"securityContext", container_security()},
                      {"volumeMounts", List{Map{{"name", "build"}, {"mountPath", target}}, Map{{"name", "tmp"}, {"mountPath", "/tmp"}}}}};
  const ClaimSettings work{"easybuild", builder.size, library.claim.storage_class};
  const Map pod{{"securityContext", Map{{"runAsNonRoot", true}}},
                {"containers", List{container}},
                {"volumes", List{Map{{"name", "build"}, {"persistentVolumeClaim", Map{{"claimName", work.name}}}},
                                 Map{{"name", "tmp"}, {"emptyDir", Map{}}}}}};
  return {{.file = "builder-claim.yaml", .wave = 0, .value = claim(work, "ReadWriteOnce")},
          {.file = "builder.yaml",
           .wave = 1,
           .value = Map{{"apiVersion", "apps/v1"},
                        {"kind", "Deployment"},
                        {"metadata", Map{{"name", "easybuild"}, {"labels", labels}}},
                        {"spec", Map{{"replicas", 1},
                                     {"strategy", Map{{"type", "Recreate"}}},
                                     {"selector", Map{{"matchLabels", labels}}},
                                     {"template", Map{{"metadata", Map{{"labels", labels}}}, {"spec", pod}}}}}}}};
}

}  // namespace cairn::deploy
