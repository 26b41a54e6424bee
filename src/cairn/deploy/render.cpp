// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/render.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace cairn::deploy {
namespace {

constexpr std::string_view made_by = "# Made by cairn deploy.\n";

void append(std::vector<Manifest>& to, std::vector<Manifest> more) { std::ranges::move(more, std::back_inserter(to)); }

std::string kind_of(const Manifest& manifest)
{
  for (const auto& [key, value] : manifest.value)
    if (key == "kind") return std::get<std::string>(value.what);
  return {};
}

std::string name_of(const Manifest& manifest)
{
  auto value = manifest.value;
  return std::get<std::string>(member(std::get<Map>(member(value, "metadata").what), "name").what);
}

/// Kinds that a cluster may not know before something else was applied.
bool is_custom(const Manifest& manifest)
{
  const auto kind = kind_of(manifest);
  return kind == "Notebook" || kind == "ImageStream" || kind == "ImageStreamTag" || kind == "BuildConfig" || kind == "VolumePopulator";
}

void add_wave(Manifest& manifest)
{
  auto& metadata = std::get<Map>(member(manifest.value, "metadata").what);
  auto& annotations = std::get<Map>(member(metadata, "annotations").what);
  annotations.emplace_back("argocd.argoproj.io/sync-wave", fmt::format("{}", manifest.wave));
  if (is_custom(manifest)) annotations.emplace_back("argocd.argoproj.io/sync-options", "SkipDryRunOnMissingResource=true");
}

/// Kustomize sets namespaces itself.
Map in_namespace(Map value, const std::string& space)
{
  auto& metadata = std::get<Map>(member(value, "metadata").what);
  if (space.empty()) return value;
  metadata.insert(std::ranges::find(metadata, "name", [](const auto& one) { return one.first; }) + 1, {"namespace", space});
  return value;
}

std::string text_of(const Map& value) { return std::string(made_by) + yaml(value); }

Map kustomization(const std::string& space, const List& resources)
{
  Map out{{"apiVersion", "kustomize.config.k8s.io/v1beta1"}, {"kind", "Kustomization"}};
  if (!space.empty()) out.emplace_back("namespace", space);
  out.emplace_back("resources", resources);
  return out;
}

Map patch(const std::string& kind, const std::string& name, const List& operations)
{
  return {{"target", Map{{"kind", kind}, {"name", name}}}, {"patch", yaml(operations)}};
}

Map replacement(const char* operation, const std::string& path, const Value& value)
{
  return {{"op", operation}, {"path", path}, {"value", value}};
}

List patches_of(const EnvironmentSettings& environment, const Settings& settings, const std::vector<Manifest>& manifests)
{
  List out;
  for (const auto& manifest : manifests) {
    if (manifest.role == Role::fragment || manifest.secrecy == Secrecy::secret) continue;
    List operations;
    const auto kind = kind_of(manifest);
    if (kind == "PersistentVolumeClaim") {
      if (!environment.storage_class.empty()) operations.push_back(replacement("add", "/spec/storageClassName", environment.storage_class));
      if (!environment.library_size.empty() && manifest.file == "library-claim.yaml")
        operations.push_back(replacement("replace", "/spec/resources/requests/storage", environment.library_size));
    }
    if (kind == "ImageStream" && !environment.image.empty())
      operations.push_back(replacement("replace", "/spec/tags/0/from/name", environment.image));
    if (kind == "Notebook" && !environment.space.empty() && environment.space != settings.space) {
      const auto base = fmt::format("/notebook/{}/{}", environment.space, settings.notebook->name);
      const std::string container = "/spec/template/spec/containers/0";
      const auto arguments = fmt::format(
          "--ServerApp.port=8888\n--ServerApp.token=''\n--ServerApp.password=''\n--ServerApp.base_url={}\n--ServerApp.quit_button=False\n",
          base);
      operations.push_back(replacement("replace", container + "/env/0/value", arguments));
      operations.push_back(replacement("replace", container + "/livenessProbe/httpGet/path", base + "/api"));
      operations.push_back(replacement("replace", container + "/readinessProbe/httpGet/path", base + "/api"));
      operations.push_back(replacement("replace", "/metadata/annotations/opendatahub.io~1workbench-image-namespace", environment.space));
      if (settings.data_connection)
        operations.push_back(replacement("replace", "/metadata/annotations/opendatahub.io~1connections",
                                         fmt::format("{}/aws-connection-{}", environment.space, settings.data_connection->name)));
    }
    if (!operations.empty()) out.push_back(patch(kind, name_of(manifest), operations));
  }
  return out;
}

File kustomization_file(const std::string& directory, const Map& value) { return {directory + "kustomization.yaml", text_of(value)}; }

}  // namespace

std::vector<Manifest> manifests(const Settings& settings, const Facts& facts, const SecretLookup& secret)
{
  std::vector<Manifest> out;
  if (settings.library && facts.library) append(out, library_manifests(settings, *facts.library));
  for (const auto& share : settings.shares) append(out, share_manifests(settings, share));
  if (settings.data_connection) out.push_back(data_connection_manifest(*settings.data_connection, secret));
  if (settings.builder && facts.library) append(out, builder_manifests(settings, *facts.library));
  if (settings.build) out.push_back(build_config(*settings.build));
  if (settings.image && facts.image) append(out, image_stream_manifests(*settings.image, *facts.image));
  if (settings.has_profiles && settings.library && settings.library->mount == LibraryMount::claim && facts.library)
    out.push_back(library_profile(settings, *facts.library));
  if (settings.notebook) append(out, notebook_manifests(settings, facts));
  std::ranges::stable_sort(out, {}, &Manifest::wave);
  if (settings.has_waves) std::ranges::for_each(out, add_wave);
  return out;
}

std::vector<File> files(const Settings& settings, const std::vector<Manifest>& manifests, Layout layout)
{
  std::vector<File> out;
  List resources;
  std::string ignored;
  const bool is_plain = layout == Layout::plain;
  const std::string directory = is_plain ? "" : "base/";
  for (const auto& manifest : manifests) {
    const bool is_secret = manifest.secrecy == Secrecy::secret;
    const bool is_fragment = manifest.role == Role::fragment;
    const auto path = (is_fragment ? "fragments/" : is_secret ? "secrets/" : directory) + manifest.file;
    // Secrets and fragments are applied by hand, so they say where to.
    out.push_back({path, text_of(is_plain || is_secret ? in_namespace(manifest.value, settings.space) : manifest.value), manifest.secrecy});
    if (is_secret) ignored += fmt::format("/{}\n", path);
    else if (!is_fragment) resources.emplace_back(manifest.file);
  }
  if (!ignored.empty()) out.push_back({".gitignore", ignored});
  if (is_plain) return out;
  out.push_back(kustomization_file("base/", kustomization(settings.space, resources)));
  for (const auto& environment : settings.environments) {
    auto value = kustomization(environment.space.empty() ? settings.space : environment.space, {"../../base"});
    if (auto patches = patches_of(environment, settings, manifests); !patches.empty()) value.emplace_back("patches", patches);
    out.push_back(kustomization_file(fmt::format("overlays/{}/", environment.name), value));
  }
  return out;
}

std::string stream(const Settings& settings, const std::vector<Manifest>& manifests)
{
  std::string out;
  for (const auto& manifest : manifests) {
    if (manifest.role == Role::fragment || manifest.secrecy == Secrecy::secret) continue;
    out += "---\n" + yaml(in_namespace(manifest.value, settings.space));
  }
  return out;
}

}  // namespace cairn::deploy
