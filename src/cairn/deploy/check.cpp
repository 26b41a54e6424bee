// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/check.hpp>

#include <cairn/base/error.hpp>
#include <cairn/deploy/yaml_documents.hpp>
#include <cairn/oci/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace cairn::deploy {
namespace {

using recipe::Yaml;

constexpr std::string_view odh = "opendatahub.io/";

struct KnownKind {
  std::string_view kind;
  std::string_view api_version;
};
constexpr std::array known_kinds{
    KnownKind{"BuildConfig", "build.openshift.io/v1"},
    KnownKind{"ConfigMap", "v1"},
    KnownKind{"CronJob", "batch/v1"},
    KnownKind{"Deployment", "apps/v1"},
    KnownKind{"ImageStream", "image.openshift.io/v1"},
    KnownKind{"ImageStreamTag", "image.openshift.io/v1"},
    KnownKind{"Job", "batch/v1"},
    KnownKind{"Notebook", "kubeflow.org/v1"},
    KnownKind{"PersistentVolumeClaim", "v1"},
    KnownKind{"Pod", "v1"},
    KnownKind{"Secret", "v1"},
    KnownKind{"StatefulSet", "apps/v1"},
    KnownKind{"VolumePopulator", "populator.storage.k8s.io/v1beta1"},
};

class Checker {
public:
  explicit Checker(std::vector<CheckFinding>& out) : out_(out) {}

  void check(const Yaml& root)
  {
    if (root.kind() != Yaml::Kind::map) return error(root, "is no manifest: expected a map with apiVersion and kind");
    const auto kind = text(root, "kind");
    const auto version = text(root, "apiVersion");
    if (!kind || !version) return error(root, "misses 'kind' or 'apiVersion'");
    if (*kind == "Kustomization") return;
    check_kind(root, *kind, *version);
    check_metadata(root);
    if (*kind == "ImageStream") check_stream(root);
    if (*kind == "ImageStreamTag") check_stream_tag(root);
    if (*kind == "Notebook") check_notebook(root);
    if (*kind == "Secret") check_secret(root);
    if (*kind == "ConfigMap") check_profile(root);
    if (*kind == "PersistentVolumeClaim") check_claim(root);
    if (*kind == "BuildConfig") check_build(root);
    check_pod(root, *kind);
  }

private:
  void error(const Yaml& at, std::string problem) { out_.push_back({Severity::error, at.place(), std::move(problem)}); }
  void warning(const Yaml& at, std::string problem) { out_.push_back({Severity::warning, at.place(), std::move(problem)}); }

  static std::optional<Yaml> find(const Yaml& map, std::initializer_list<std::string_view> path)
  {
    std::optional<Yaml> at = map;
    for (const auto key : path) {
      if (!at || at->kind() != Yaml::Kind::map) return std::nullopt;
      at = at->find(key);
    }
    return at;
  }
  static std::optional<std::string> text(const Yaml& map, std::string_view key)
  {
    const auto value = find(map, {key});
    return value && value->kind() == Yaml::Kind::scalar ? std::optional(value->string()) : std::nullopt;
  }
  static std::vector<Yaml> list(const std::optional<Yaml>& value)
  {
    return value && value->kind() == Yaml::Kind::list ? value->list() : std::vector<Yaml>{};
  }
  static std::vector<std::pair<std::string, Yaml>> map(const std::optional<Yaml>& value)
  {
    return value && value->kind() == Yaml::Kind::map ? value->map() : std::vector<std::pair<std::string, Yaml>>{};
  }

  void check_kind(const Yaml& root, const std::string& kind, const std::string& version)
  {
    const auto known = std::ranges::find(known_kinds, kind, &KnownKind::kind);
    if (known != known_kinds.end()) {
      if (version != known->api_version)
        error(root.at("apiVersion"), fmt::format("{} is {}, not {}", kind, known->api_version, printable(version)));
      return;
    }
    std::vector<std::string_view> kinds;
    for (const auto& one : known_kinds) kinds.push_back(one.kind);
    if (const auto meant = recipe::near_miss(kind, kinds))
      warning(root.at("kind"), fmt::format("{}: did you mean {}?", printable(kind), *meant));
  }

  /// Values of annotations and labels are text; `true` and 20 without quotes are refused by the cluster.
  void check_texts(const std::optional<Yaml>& texts, std::string_view what)
  {
    for (const auto& [key, value] : map(texts)) {
      if (value.kind() != Yaml::Kind::scalar) {
        error(value, fmt::format("{} {} is not text", what, printable(key)));
        continue;
      }
      const auto is = [&](auto&& read) {
        try {
          (void)read();
          return true;
        } catch (const Error&) {
          return false;
        }
      };
      if (is([&] { return value.boolean(); }) || is([&] { return value.uint64(); }))
        error(value, fmt::format("{} {}: {} must be text; put it in quotes", what, printable(key), printable(value.string())));
      else if (what == "label" && value.string().size() > 63)
        error(value, fmt::format("label {} has {} characters, the limit is 63", printable(key), value.string().size()));
    }
  }

  void check_metadata(const Yaml& root)
  {
    const auto metadata = find(root, {"metadata"});
    if (!metadata || metadata->kind() != Yaml::Kind::map) return error(root, "misses 'metadata'");
    if (!text(*metadata, "name") && !text(*metadata, "generateName")) error(*metadata, "misses 'name'");
    check_texts(find(*metadata, {"labels"}), "label");
    check_texts(find(*metadata, {"annotations"}), "annotation");
  }

  void check_json(const std::optional<Yaml>& annotations, std::string_view name)
  {
    const auto value = annotations ? find(*annotations, {fmt::format("{}{}", odh, name)}) : std::nullopt;
    if (!value || value->kind() != Yaml::Kind::scalar) return;
    try {
      const auto document = oci::JsonDocument::parse(value->string(), std::string(name));
      if (document.root().kind() != oci::Json::Kind::array)
        error(*value, fmt::format("{} is no JSON list: the dashboard shows nothing", name));
    } catch (const Error& problem) {
      error(*value, fmt::format("is no JSON, so the dashboard shows nothing: {}", problem.what()));
    }
  }

  void check_json_boolean(const Yaml& annotations, std::string_view name)
  {
    const auto value = find(annotations, {fmt::format("{}{}", odh, name)});
    if (value && value->kind() == Yaml::Kind::scalar && value->string() != "true" && value->string() != "false")
      error(*value,
            fmt::format("{} is {}: the dashboard fails on all that is neither \"true\" nor \"false\"", name, printable(value->string())));
  }

  bool check_tag_annotations(const Yaml& annotations)
  {
    check_texts(annotations, "annotation");
    check_json(annotations, "notebook-software");
    check_json(annotations, "notebook-python-dependencies");
    check_json(annotations, "runtime-image-metadata");
    check_json_boolean(annotations, "workbench-image-recommended");
    check_json_boolean(annotations, "default-image");
    if (const auto value = find(annotations, {"opendatahub.io/image-tag-outdated"});
        value && value->kind() == Yaml::Kind::scalar && value->string() != "true" && !value->string().empty())
      error(*value, fmt::format("image-tag-outdated hides the tag whatever its value, {} too; leave it out", printable(value->string())));
    if (const auto value = find(annotations, {"opendatahub.io/notebook-image-recommended"}))
      warning(*value, "notebook-image-recommended is not read any more; it is workbench-image-recommended now");
    return text(annotations, "opendatahub.io/workbench-image-recommended") == "true";
  }

  void check_stream(const Yaml& root)
  {
    const auto labels = find(root, {"metadata", "labels"});
    const auto is_set = [&](std::string_view name) { return labels && text(*labels, fmt::format("{}{}", odh, name)).has_value(); };
    if (!is_set("notebook-image") && !is_set("runtime-image"))
      warning(root.at("kind"), "no label opendatahub.io/notebook-image: the dashboard does not list it");
    check_json(find(root, {"metadata", "annotations"}), "recommended-accelerators");
    if (const auto order = find(root, {"metadata", "annotations", "opendatahub.io/notebook-image-order"});
        order && order->kind() == Yaml::Kind::scalar && order->string().find_first_not_of("0123456789") != std::string::npos)
      error(*order, fmt::format("notebook-image-order is {}, not a whole number", printable(order->string())));
    const auto local = find(root, {"spec", "lookupPolicy", "local"});
    if (!local || local->kind() != Yaml::Kind::scalar || local->string() != "true")
      warning(root.at("kind"), "spec.lookupPolicy.local is not true: pods cannot name the image by the stream");
    std::optional<std::string> recommended;
    for (const auto& tag : list(find(root, {"spec", "tags"}))) {
      if (tag.kind() != Yaml::Kind::map) continue;
      const auto name = text(tag, "name").value_or("");
      if (name.empty()) error(tag, "a tag without a name");
      check_from(tag);
      const auto annotations = find(tag, {"annotations"});
      if (!annotations || annotations->kind() != Yaml::Kind::map || !check_tag_annotations(*annotations)) continue;
      if (recommended)
        error(*annotations, fmt::format("tags {} and {} are both recommended: their order is then anyone's guess", *recommended, name));
      recommended = name;
    }
  }

  void check_from(const Yaml& tag)
  {
    const auto from = find(tag, {"from"});
    if (!from || from->kind() != Yaml::Kind::map) return;
    const auto name = text(*from, "name");
    if (!name) return error(*from, "misses 'name', the image");
    if (text(*from, "kind") == "DockerImage" && !name->contains("@sha256:"))
      warning(from->at("name"), fmt::format("{} can become another image; name it by digest", printable(*name)));
  }

  void check_stream_tag(const Yaml& root)
  {
    const auto name = find(root, {"metadata", "name"});
    if (name && name->kind() == Yaml::Kind::scalar && !name->string().contains(':'))
      error(*name, fmt::format("{} is no name of an ImageStreamTag, as in 'stream:tag'", printable(name->string())));
    for (const auto& annotations : {find(root, {"metadata", "annotations"}), find(root, {"tag", "annotations"})})
      if (annotations && annotations->kind() == Yaml::Kind::map) (void)check_tag_annotations(*annotations);
    if (const auto tag = find(root, {"tag"}); tag && tag->kind() == Yaml::Kind::map) check_from(*tag);
  }

  void check_notebook(const Yaml& root)
  {
    const auto annotations = find(root, {"metadata", "annotations"});
    if (annotations)
      if (const auto old = find(*annotations, {"notebooks.opendatahub.io/inject-oauth"}))
        warning(*old, "inject-oauth is not read any more; it is notebooks.opendatahub.io/inject-auth now");
    if (annotations)
      if (const auto image = find(*annotations, {"notebooks.opendatahub.io/last-image-selection"});
          image && image->kind() == Yaml::Kind::scalar && (!image->string().contains(':') || image->string().contains('/')))
        error(*image, fmt::format("last-image-selection is {}, not 'stream:tag'", printable(image->string())));
    const auto pod = find(root, {"spec", "template", "spec"});
    if (!pod) return error(root, "misses 'spec.template.spec'");
    const auto containers = list(find(*pod, {"containers"}));
    const auto name = find(root, {"metadata", "name"});
    if (containers.empty()) return error(*pod, "has no containers");
    if (name && name->kind() == Yaml::Kind::scalar && text(containers[0], "name") != name->string())
      error(containers[0], fmt::format("the first container must be named {}, as the Notebook: the controller finds it by that",
                                       printable(name->string())));
    const auto mounts = list(find(containers[0], {"volumeMounts"}));
    if (std::ranges::none_of(mounts, [&](const Yaml& mount) { return text(mount, "mountPath") == "/dev/shm"; }))
      warning(containers[0], "no volume on /dev/shm, which then has 64 MiB: data loaders of several processes fail");
    for (const auto& volume : list(find(*pod, {"volumes"})))
      if (const auto empty = find(volume, {"emptyDir"}); empty && text(*empty, "medium") == "Memory" && !find(*empty, {"sizeLimit"}))
        warning(*empty, "memory without a sizeLimit: it grows up to the node's");
  }

  void check_secret(const Yaml& root)
  {
    const auto name = find(root, {"metadata", "name"});
    const auto type = find(root, {"metadata", "annotations", "opendatahub.io/connection-type"});
    const bool is_connection = type || (name && name->kind() == Yaml::Kind::scalar && name->string().starts_with("aws-connection-"));
    if (!is_connection) return;
    for (const auto* key : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_S3_ENDPOINT", "AWS_S3_BUCKET"})
      if (!find(root, {"stringData", key}) && !find(root, {"data", key}))
        error(root.at("kind"), fmt::format("a data connection misses {}", key));
    const auto labels = find(root, {"metadata", "labels"});
    if (!labels || text(*labels, "opendatahub.io/dashboard") != "true")
      warning(root.at("kind"), "a data connection without label opendatahub.io/dashboard \"true\": the dashboard does not list it");
  }

  void check_profile(const Yaml& root)
  {
    const auto profiles = find(root, {"data", "jupyterhub-singleuser-profiles.yaml"});
    if (!profiles || profiles->kind() != Yaml::Kind::scalar) return;
    const auto labels = find(root, {"metadata", "labels"});
    if (!labels || text(*labels, "jupyterhub") != "singleuser-profiles")
      error(root.at("kind"), "label jupyterhub: singleuser-profiles is missing: JupyterHub does not find the profile");
    try {
      const auto inner = recipe::YamlDocument::parse(profiles->string(), "jupyterhub-singleuser-profiles.yaml");
      if (inner.root().kind() != Yaml::Kind::map || list(inner.root().find("profiles")).empty()) error(*profiles, "has no list 'profiles'");
    } catch (const Error& problem) {
      error(*profiles, problem.what());
    }
  }

  void check_claim(const Yaml& root)
  {
    if (list(find(root, {"spec", "accessModes"})).empty()) error(root, "misses 'spec.accessModes'");
    if (!find(root, {"spec", "resources", "requests", "storage"})) error(root, "misses 'spec.resources.requests.storage'");
  }

  void check_build(const Yaml& root)
  {
    const auto triggers = list(find(root, {"spec", "triggers"}));
    if (std::ranges::none_of(triggers, [](const Yaml& one) { return text(one, "type") == "ImageChange"; }))
      warning(root.at("kind"), "no ImageChange trigger: a new base does not start a build");
  }

  void check_pod(const Yaml& root, const std::string& kind)
  {
    std::optional<Yaml> pod;
    if (kind == "Pod") pod = find(root, {"spec"});
    if (kind == "Job" || kind == "Deployment" || kind == "StatefulSet") pod = find(root, {"spec", "template", "spec"});
    if (!pod || pod->kind() != Yaml::Kind::map) return;
    if (kind == "Job" && text(*pod, "restartPolicy") != "Never" && text(*pod, "restartPolicy") != "OnFailure")
      error(*pod, "a Job's restartPolicy must be Never or OnFailure");
    for (const auto& container : list(find(*pod, {"containers"}))) {
      const auto security = find(container, {"securityContext"});
      if (security && (text(*security, "privileged") == "true" || text(*security, "runAsUser") == "0"))
        error(*security, "asks for root or privileges: a restricted cluster refuses it, and cairn needs neither");
      if (const auto image = find(container, {"image"});
          image && image->kind() == Yaml::Kind::scalar && image->string().ends_with(":latest"))
        warning(*image, fmt::format("{} can become another image; name it by digest", printable(image->string())));
    }
  }

  std::vector<CheckFinding>& out_;
};

}  // namespace

std::vector<CheckFinding> check_manifests(std::string_view text, const std::string& what)
{
  std::vector<CheckFinding> out;
  try {
    Checker checker(out);
    for (const auto& document : yaml_documents(text, what)) checker.check(document.root());
  } catch (const Error& problem) {
    out.push_back({Severity::error, what, problem.what()});
    auto& last = out.back();  // the message begins with the place
    if (last.text.starts_with(what + ":")) {
      const auto end = last.text.find(": ");
      if (end != std::string::npos) {
        last.place = last.text.substr(0, end);
        last.text.erase(0, end + 2);
      }
    }
  }
  return out;
}

}  // namespace cairn::deploy
