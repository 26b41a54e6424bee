// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/manifest.hpp>

#include <fmt/format.h>

namespace cairn::deploy {
namespace {

std::string target_of(const LibrarySettings& library, const LibraryFacts& facts)
{
  return library.target.empty() ? facts.target : library.target;
}

/// Jobs cannot be changed: another library is another Job.
std::string job_name(const LibrarySettings& library, const LibraryFacts& facts)
{
  return fmt::format("{}-populate-{}", library.claim.name.substr(0, 40), facts.digest.hex().substr(0, 10));
}

Map populate_container(const LibrarySettings& library, const LibraryFacts& facts, const std::string& target)
{
  List arguments{"populate",
                 fmt::format("docker://{}", pinned(library.reference, facts.digest)),
                 target,
                 "--keep",
                 fmt::format("{}", library.keep),
                 "--progress",
                 "json"};
  List mounts{Map{{"name", "library"}, {"mountPath", target}}, Map{{"name", "tmp"}, {"mountPath", "/tmp"}}};
  if (!library.pull_secret.empty()) {
    arguments.insert(arguments.end(), {"--authfile", "/run/cairn/auth.json"});
    mounts.push_back(Map{{"name", "auth"}, {"mountPath", "/run/cairn"}, {"readOnly", true}});
  }
  auto security = container_security();
  security.emplace_back("readOnlyRootFilesystem", true);
  return {{"name", "populate"},
          {"image", library.cairn_image},
          {"command", List{"cairn"}},
          {"args", arguments},
          {"env", List{Map{{"name", "HOME"}, {"value", "/tmp"}}}},
          {"resources", Map{{"requests", Map{{"cpu", "500m"}, {"memory", "256Mi"}}}, {"limits", Map{{"cpu", "2"}, {"memory", "512Mi"}}}}},
          {"securityContext", security},
          {"volumeMounts", mounts}};
}

Map populate_job(const LibrarySettings& library, const LibraryFacts& facts)
{
  const auto target = target_of(library, facts);
  List volumes{Map{{"name", "library"}, {"persistentVolumeClaim", Map{{"claimName", library.claim.name}}}},
               Map{{"name", "tmp"}, {"emptyDir", Map{}}}};
  if (!library.pull_secret.empty())
    volumes.push_back(Map{
        {"name", "auth"},
        {"secret", Map{{"secretName", library.pull_secret}, {"items", List{Map{{"key", ".dockerconfigjson"}, {"path", "auth.json"}}}}}}});
  Map pod_security{{"runAsNonRoot", true}, {"seccompProfile", Map{{"type", "RuntimeDefault"}}}};
  if (library.run_as_user) {
    pod_security.emplace_back("runAsUser", *library.run_as_user);
    pod_security.emplace_back("runAsGroup", 0);
  }
  const auto name = job_name(library, facts);
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", Map{{"name", name}, {"labels", Map{{"app.kubernetes.io/name", "cairn-populate"}}}}},
          {"spec", Map{{"backoffLimit", 6},
                       {"template", Map{{"metadata", Map{{"labels", Map{{"app.kubernetes.io/name", "cairn-populate"}}}}},
                                        {"spec", Map{{"restartPolicy", "Never"},
                                                     {"automountServiceAccountToken", false},
                                                     {"securityContext", pod_security},
                                                     {"containers", List{populate_container(library, facts, target)}},
                                                     {"volumes", volumes}}}}}}}};
}

/// The library itself as a volume: nothing to copy, from Kubernetes 1.35 and OpenShift 4.20 on.
Map image_volume_pod(const Settings& settings, const LibraryFacts& facts)
{
  const auto& library = *settings.library;
  const auto target = target_of(library, facts);
  // The image holds the tree at its target, as every layer does: mounted whole, the tree is below it.
  return {
      {"apiVersion", "v1"},
      {"kind", "Pod"},
      {"metadata", Map{{"name", fmt::format("{}-image-volume", library.claim.name.substr(0, 40))}}},
      {"spec", Map{{"restartPolicy", "Never"},
                   {"securityContext", Map{{"runAsNonRoot", true}, {"seccompProfile", Map{{"type", "RuntimeDefault"}}}}},
                   {"containers",
                    List{Map{{"name", "look"},
                             {"image", library.cairn_image.empty() ? settings.image->reference : library.cairn_image},
                             {"command", List{"ls", target}},
                             {"securityContext", container_security()},
                             {"volumeMounts",
                              List{Map{{"name", "library"}, {"mountPath", target}, {"subPath", target.substr(1)}, {"readOnly", true}}}}}}},
                   {"volumes",
                    List{Map{{"name", "library"},
                             {"image", Map{{"reference", pinned(library.reference, facts.digest)}, {"pullPolicy", "IfNotPresent"}}}}}}}}};
}

}  // namespace

Map claim(const ClaimSettings& settings, std::string_view access_mode)
{
  Map spec{{"accessModes", List{access_mode}}, {"resources", Map{{"requests", Map{{"storage", settings.size}}}}}};
  if (!settings.storage_class.empty()) spec.emplace_back("storageClassName", settings.storage_class);
  spec.emplace_back("volumeMode", "Filesystem");
  return {{"apiVersion", "v1"}, {"kind", "PersistentVolumeClaim"}, {"metadata", Map{{"name", settings.name}}}, {"spec", spec}};
}

Map container_security() { return {{"allowPrivilegeEscalation", false}, {"capabilities", Map{{"drop", List{"ALL"}}}}}; }

std::vector<Manifest> library_manifests(const Settings& settings, const LibraryFacts& facts)
{
  const auto& library = *settings.library;
  std::vector<Manifest> out;
  if (library.mount == LibraryMount::claim || library.populator) {
    auto volume = claim(library.claim, "ReadWriteMany");
    if (library.populator) {
      const auto& populator = *library.populator;
      std::get<Map>(member(volume, "spec").what)
          .emplace_back("dataSourceRef", Map{{"apiGroup", populator.api_group}, {"kind", populator.kind}, {"name", populator.name}});
      out.push_back({.file = "volume-populator.yaml",
                     .wave = 0,
                     .value = Map{{"apiVersion", "populator.storage.k8s.io/v1beta1"},
                                  {"kind", "VolumePopulator"},
                                  {"metadata", Map{{"name", fmt::format("{}-populator", populator.name.substr(0, 50))}}},
                                  {"sourceKind", Map{{"group", populator.api_group}, {"kind", populator.kind}}}}});
    }
    out.push_back({.file = "library-claim.yaml", .wave = 0, .value = volume});
    if (!library.populator) out.push_back({.file = "populate-job.yaml", .wave = 1, .value = populate_job(library, facts)});
  }
  if (!library.cairn_image.empty() || settings.image)
    out.push_back({.file = "image-volume-pod.yaml", .wave = 0, .value = image_volume_pod(settings, facts), .role = Role::fragment});
  return out;
}

}  // namespace cairn::deploy
