// SPDX-License-Identifier: Apache-2.0
// A Notebook as the Open Data Hub dashboard makes one today: the controller adds the authenticating sidecar and the route.
#include <cairn/deploy/manifest.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::deploy {
namespace {

constexpr int notebook_port = 8888;

struct Mounts {
  List volumes;
  List mounts;

  void add(const std::string& name, const Map& source, const std::string& path, bool is_read_only, const std::string& below = {})
  {
    Map volume{{"name", name}};
    volume.insert(volume.end(), source.begin(), source.end());
    volumes.emplace_back(volume);
    Map mount{{"name", name}, {"mountPath", path}};
    if (!below.empty()) mount.emplace_back("subPath", below);
    if (is_read_only) mount.emplace_back("readOnly", true);
    mounts.emplace_back(mount);
  }
};

Map claim_source(const std::string& name, bool is_read_only = false)
{
  Map source{{"claimName", name}};
  if (is_read_only) source.emplace_back("readOnly", true);
  return {{"persistentVolumeClaim", source}};
}

bool is_for(const ShareSettings& share, const std::string& user)
{
  return share.users.empty() || std::ranges::find(share.users, user) != share.users.end();
}

Mounts mounts_of(const Settings& settings, const Facts& facts)
{
  const auto& notebook = *settings.notebook;
  Mounts out;
  out.add("home", claim_source(notebook.home.name), std::string(home_directory), false);
  out.add("shm", Map{{"emptyDir", Map{{"medium", "Memory"}, {"sizeLimit", notebook.shm}}}}, "/dev/shm", false);
  if (settings.library && facts.library) {
    const auto& library = *settings.library;
    const auto target = library.target.empty() ? facts.library->target : library.target;
    if (library.mount == LibraryMount::claim) out.add("library", claim_source(library.claim.name, true), target, true);
    else
      out.add("library",
              Map{{"image", Map{{"reference", pinned(library.reference, facts.library->digest)}, {"pullPolicy", "IfNotPresent"}}}}, target,
              true, facts.library->target.substr(1));
  }
  for (const auto& share : settings.shares)
    if (is_for(share, notebook.user))
      out.add(fmt::format("share-{}", share.claim.name.substr(0, 50)), claim_source(share.claim.name, share.is_read_only),
              fmt::format("{}/{}", home_directory, share.path), share.is_read_only);
  return out;
}

Map probe(const std::string& base)
{
  return {{"httpGet", Map{{"path", base + "/api"}, {"port", "notebook-port"}, {"scheme", "HTTP"}}},
          {"initialDelaySeconds", 10},
          {"periodSeconds", 5},
          {"timeoutSeconds", 1},
          {"successThreshold", 1},
          {"failureThreshold", 3}};
}

Map container(const Settings& settings, const Facts& facts, const List& mounts)
{
  const auto& notebook = *settings.notebook;
  const auto image = pinned(settings.image->reference, facts.image->digest);
  const auto base = fmt::format("/notebook/{}/{}", settings.space, notebook.name);
  const auto arguments = fmt::format(
      "--ServerApp.port={}\n--ServerApp.token=''\n--ServerApp.password=''\n--ServerApp.base_url={}\n--ServerApp.quit_button=False\n",
      notebook_port, base);
  Map out{{"name", notebook.name},
          {"image", image},
          {"imagePullPolicy", "Always"},
          {"workingDir", home_directory},
          {"env", List{Map{{"name", "NOTEBOOK_ARGS"}, {"value", arguments}}, Map{{"name", "JUPYTER_IMAGE"}, {"value", image}}}},
          {"ports", List{Map{{"containerPort", notebook_port}, {"name", "notebook-port"}, {"protocol", "TCP"}}}},
          {"livenessProbe", probe(base)},
          {"readinessProbe", probe(base)},
          {"resources", Map{{"requests", Map{{"cpu", notebook.cpu}, {"memory", notebook.memory}}},
                            {"limits", Map{{"cpu", notebook.cpu_limit}, {"memory", notebook.memory}}}}},
          {"volumeMounts", mounts}};
  if (settings.data_connection)
    out.emplace_back("envFrom", List{Map{{"secretRef", Map{{"name", fmt::format("aws-connection-{}", settings.data_connection->name)}}}}});
  return out;
}

Map annotations_of(const Settings& settings)
{
  const auto& notebook = *settings.notebook;
  Map out{{"openshift.io/display-name", notebook.display_name},
          {"notebooks.opendatahub.io/inject-auth", "true"},
          {"notebooks.opendatahub.io/last-image-selection", fmt::format("{}:{}", settings.image->name, settings.image->tag)},
          {"notebooks.opendatahub.io/last-size-selection", notebook.size},
          {"opendatahub.io/workbench-image-namespace", settings.space},
          {"opendatahub.io/image-display-name", settings.image->display_name}};
  if (!settings.image->commit.empty())
    out.emplace_back("notebooks.opendatahub.io/last-image-version-git-commit-selection", settings.image->commit);
  if (!notebook.user.empty()) out.emplace_back("opendatahub.io/username", notebook.user);
  if (settings.data_connection)
    out.emplace_back("opendatahub.io/connections", fmt::format("{}/aws-connection-{}", settings.space, settings.data_connection->name));
  return out;
}

}  // namespace

std::vector<Manifest> notebook_manifests(const Settings& settings, const Facts& facts)
{
  const auto& notebook = *settings.notebook;
  auto home = claim(notebook.home, "ReadWriteOnce");
  std::get<Map>(member(home, "metadata").what).emplace_back("labels", Map{{"opendatahub.io/dashboard", "true"}});
  const auto mounts = mounts_of(settings, facts);
  return {{.file = "notebook-home-claim.yaml", .wave = 0, .value = home},
          {.file = "notebook.yaml",
           .wave = 4,
           .value = Map{
               {"apiVersion", "kubeflow.org/v1"},
               {"kind", "Notebook"},
               {"metadata",
                Map{{"name", notebook.name},
                    {"labels", Map{{"app", notebook.name}, {"opendatahub.io/dashboard", "true"}, {"opendatahub.io/odh-managed", "true"}}},
                    {"annotations", annotations_of(settings)}}},
               {"spec", Map{{"template", Map{{"spec", Map{{"enableServiceLinks", false},
                                                          {"serviceAccountName", notebook.name},
                                                          {"containers", List{container(settings, facts, mounts.mounts)}},
                                                          {"volumes", mounts.volumes}}}}}}}}}};
}

Manifest data_connection_manifest(const DataConnectionSettings& connection, const SecretLookup& secret)
{
  return {.file = fmt::format("data-connection-{}.yaml", connection.name),
          .wave = 0,
          .value = Map{{"apiVersion", "v1"},
                       {"kind", "Secret"},
                       {"metadata", Map{{"name", fmt::format("aws-connection-{}", connection.name)},
                                        {"labels", Map{{"opendatahub.io/dashboard", "true"}, {"opendatahub.io/managed", "true"}}},
                                        {"annotations", Map{{"opendatahub.io/connection-type", "s3"},
                                                            {"opendatahub.io/connection-type-ref", "s3"},
                                                            {"openshift.io/display-name", connection.display_name}}}}},
                       {"type", "Opaque"},
                       {"stringData", Map{{"AWS_ACCESS_KEY_ID", secret(connection.access_key_id)},
                                          {"AWS_SECRET_ACCESS_KEY", secret(connection.secret_access_key)},
                                          {"AWS_DEFAULT_REGION", connection.region},
                                          {"AWS_S3_ENDPOINT", connection.endpoint},
                                          {"AWS_S3_BUCKET", connection.bucket}}}},
          .secrecy = Secrecy::secret};
}

}  // namespace cairn::deploy
