// SPDX-License-Identifier: Apache-2.0
// AICoE-CI's documentation promises defaults (quay.io, Source, `latest`), but they are those of its Tasks, which always get the file's
// values, and an omitted key is an empty one. So what it cannot do without has to be in the file.
#include <cairn/recipe/aicoe_ci.hpp>

#include <cairn/base/error.hpp>
#include <cairn/recipe/yaml.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace cairn::recipe {
namespace {

enum class Where { top, overlay };

std::string text(const Yaml& map, std::string_view key)
{
  const auto value = map.find(key);
  if (!value) return {};
  const auto& word = value->string();
  // AICoE-CI copies text only: what YAML takes for a number or a boolean is dropped without a word.
  if (value->is_plain() && !word.empty() &&
      (word.find_first_not_of("0123456789.+-_") == std::string::npos || word == "true" || word == "false" || word == "yes" || word == "no"))
    value->fail(fmt::format("{} is a number or a boolean to YAML, which AICoE-CI leaves out; put it in quotes", printable(word)));
  return word;
}

std::string needed(const Yaml& map, std::string_view key, std::string_view why)
{
  auto value = text(map, key);
  if (value.empty()) map.fail(fmt::format("misses '{}': {}", key, why));
  return value;
}

AicoeStrategy strategy_of(const Yaml& value)
{
  const auto& word = value.string();
  if (word.empty()) return AicoeStrategy::automatic;
  if (word == "Source") return AicoeStrategy::source;
  if (word == "Dockerfile") return AicoeStrategy::dockerfile;
  if (word == "Containerfile") return AicoeStrategy::containerfile;
  const auto meant = near_miss(word, {"Source", "Dockerfile", "Containerfile"});
  value.fail(meant ? fmt::format("unknown strategy {}; did you mean '{}'?", printable(word), *meant)
                   : fmt::format("unknown strategy {}; known are Source, Dockerfile, Containerfile", printable(word)));
}

AicoeStrategy read_strategy(const Yaml& map, Where where, std::vector<std::string>& warnings)
{
  const auto right = map.find("build-strategy");
  const auto historic = map.find("build-stratergy");
  if (right && historic && right->string() != historic->string())
    historic->fail(fmt::format("says {}, but 'build-strategy' says {}", printable(historic->string()), printable(right->string())));
  if (right && where == Where::overlay && !historic)
    warnings.push_back(fmt::format("{}: AICoE-CI knows only 'build-stratergy' in overlays, and builds this one as Source", right->place()));
  if (right) return strategy_of(*right);
  if (historic) return strategy_of(*historic);
  return where == Where::overlay ? AicoeStrategy::source : AicoeStrategy::automatic;
}

std::string read_custom_tag(const Yaml& map, Where where)
{
  const auto other = map.find("custom_tag");
  if (!other) return text(map, "custom-tag");
  if (where == Where::top) other->fail("AICoE-CI's documentation spells it so, but it reads only 'custom-tag' here; rename it");
  if (map.find("custom-tag")) other->fail("is here besides 'custom-tag'; keep one");
  return text(map, "custom_tag");
}

AicoeBuild read_build(const Yaml& map, Where where, std::vector<std::string>& warnings)
{
  map.check_keys({"build-strategy", "build-stratergy", "build-source-script", "base-image", "dockerfile-path", "custom-tag", "custom_tag",
                  "registry", "registry-org", "registry-project", "registry-secret", "arch"});
  AicoeBuild out;
  out.place = map.place();
  out.strategy = read_strategy(map, where, warnings);
  out.source_script = text(map, "build-source-script");
  out.base_image =
      out.strategy == AicoeStrategy::source
          ? needed(map, "base-image", "the strategy Source needs a builder image, and there is no default once there is a file")
          : text(map, "base-image");
  out.dockerfile_path = text(map, "dockerfile-path");
  out.custom_tag = read_custom_tag(map, where);
  out.registry = needed(map, "registry", "quay.io is the default only where there is no file at all; write it");
  out.registry_org = needed(map, "registry-org", "the image would be pushed to no organisation; write one");
  out.registry_project = text(map, "registry-project");
  out.registry_secret = text(map, "registry-secret");
  out.arch = text(map, "arch");
  if (!out.arch.empty() && where == Where::top) map.at("arch").fail("is for overlays only");
  return out;
}

AicoeDeploy read_deploy(const Yaml& map)
{
  map.check_keys({"project-org", "project-name", "image-name", "overlay-contextpath"});
  const auto why = "the ImageStream is found by it";
  return {needed(map, "project-org", why), needed(map, "project-name", why), needed(map, "image-name", why),
          needed(map, "overlay-contextpath", why)};
}

bool read_allowed(const Yaml& map, std::string_view key)
{
  const auto value = map.find(key);
  if (!value) return true;
  if (value->string() != "true" && value->string() != "false")
    value->fail(fmt::format("{} is neither \"true\" nor \"false\"", printable(value->string())));
  return value->string() == "true";
}

AicoePackageUpload read_upload(const Yaml& map)
{
  map.check_keys({"instance", "pulp-index", "allow-sdist", "allow-bdist"});
  AicoePackageUpload out{map.at("instance").word(), text(map, "pulp-index"), read_allowed(map, "allow-sdist"),
                         read_allowed(map, "allow-bdist")};
  if (out.instance != "pypi" && out.instance != "pulp")
    map.at("instance").fail(fmt::format("{} is neither 'pypi' nor 'pulp'", printable(out.instance)));
  if (out.instance == "pulp") (void)needed(map, "pulp-index", "pulp uploads to one");
  return out;
}

std::vector<std::string> read_names(const Yaml& root, std::string_view key, const std::vector<std::string_view>& known)
{
  std::vector<std::string> out;
  const auto names = root.find(key);
  if (!names) return out;
  for (const auto& name : names->list()) {
    out.push_back(name.word());
    if (std::ranges::find(known, out.back()) != known.end()) continue;
    const auto meant = near_miss(out.back(), known);
    name.fail(fmt::format("unknown {}; {}", printable(out.back()),
                          meant ? fmt::format("did you mean '{}'?", *meant) : fmt::format("known are {}", fmt::join(known, ", "))));
  }
  return out;
}

void read_overlays(const Yaml& list, AicoeCi& out)
{
  std::set<std::string> names;
  for (const auto& one : list.list()) {
    one.check_keys({"name", "build", "deploy"});
    AicoeOverlay overlay{one.at("name").word(), read_build(one.at("build"), Where::overlay, out.warnings), std::nullopt};
    if (!names.insert(overlay.name).second) one.at("name").fail(fmt::format("overlay {} is here twice", printable(overlay.name)));
    if (const auto deploy = one.find("deploy")) overlay.deploy = read_deploy(*deploy);
    out.overlays.push_back(std::move(overlay));
  }
}

AicoeCi from(const Yaml& root)
{
  root.check_keys({"check", "release", "package-upload", "pytest-env", "build", "deploy", "sibling", "gather", "overlays_dir", "overlays"});
  AicoeCi out;
  out.checks = read_names(root, "check",
                          {"thoth-pytest", "thoth-pytest-py38", "thoth-precommit", "thoth-precommit-py38", "thoth-build",
                           "thoth-custom-build", "overlays-build"});
  out.releases = read_names(root, "release", {"upload-pypi-sesheta"});
  if (const auto uploads = root.find("package-upload"))
    for (const auto& one : uploads->list()) out.package_uploads.push_back(read_upload(one));
  if (const auto env = root.find("pytest-env")) out.pytest_env = env->string_map();
  if (const auto build = root.find("build")) out.build = read_build(*build, Where::top, out.warnings);
  if (const auto deploy = root.find("deploy")) out.deploy = read_deploy(*deploy);
  if (const auto sibling = root.find("sibling")) {
    sibling->check_keys({"sibling-project-org", "sibling-project"});
    out.sibling_org = text(*sibling, "sibling-project-org");
    out.sibling_project = text(*sibling, "sibling-project");
  }
  if (const auto gather = root.find("gather")) {
    gather->check_keys({"overlay-name", "name"});
    out.gather_overlay = text(*gather, "overlay-name");
    out.gather_name = text(*gather, "name");
  }
  out.overlays_directory = text(root, "overlays_dir");
  if (const auto overlays = root.find("overlays")) read_overlays(*overlays, out);
  if (!out.build && out.overlays.empty()) root.fail("has neither 'build' nor 'overlays': AICoE-CI would build nothing, and not say so");
  return out;
}

}  // namespace

AicoeCi AicoeCi::parse(std::string_view text, std::string what) { return from(YamlDocument::parse(text, std::move(what)).root()); }

AicoeCi AicoeCi::read(const std::filesystem::path& path) { return from(YamlDocument::read(path).root()); }

std::map<std::string, std::string> read_thoth_base_images(const std::filesystem::path& path)
{
  const auto document = YamlDocument::read(path);
  std::map<std::string, std::string> out;
  const auto environments = document.root().find("runtime_environments");
  if (!environments) return out;
  for (const auto& one : environments->list())
    if (const auto image = one.find("base_image")) out.emplace(one.at("name").word(), image->word());
  return out;
}

}  // namespace cairn::recipe
