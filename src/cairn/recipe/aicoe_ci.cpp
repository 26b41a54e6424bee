// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/aicoe_ci.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/recipe/yaml.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <system_error>

namespace cairn::recipe {
namespace {

using Stops = AicoeNotice::Stops;
using Strategy = AicoeBuild::Strategy;

const std::vector<std::string_view> known_checks{"thoth-pytest",         "thoth-pytest-py38", "thoth-precommit", "thoth-precommit-py38",
                                                 "thoth-build",          "thoth-custom-build", "overlays-build"};
const std::vector<std::string_view> known_releases{"upload-pypi-sesheta"};
const std::vector<std::string_view> known_strategies{"Source", "Dockerfile", "Containerfile"};
const std::vector<std::string_view> build_keys{"build-strategy", "build-stratergy", "build-source-script", "base-image",
                                               "dockerfile-path", "custom-tag", "registry", "registry-org",
                                               "registry-project", "registry-secret"};

std::string with_dashes(std::string text)
{
  std::ranges::replace(text, '_', '-');
  return text;
}

/// Whether YAML 1.1, which AICoE-CI reads, takes this text without quotes for a number or a boolean.
bool is_typed(std::string_view text)
{
  std::string lower;
  for (const char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  static constexpr std::array<std::string_view, 6> words{"true", "false", "yes", "no", "on", "off"};
  if (std::ranges::find(words, lower) != words.end()) return true;
  if (lower == ".inf" || lower == ".nan") return true;
  std::string_view rest = lower;
  if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
  if (rest.empty() || !std::isdigit(static_cast<unsigned char>(rest.front()))) return false;
  if (rest.starts_with("0x")) return rest.find_first_not_of("0123456789abcdef_", 2) == std::string_view::npos;
  if (std::ranges::count(rest, '.') > 1) return false;
  return rest.find_first_not_of("0123456789_.") == std::string_view::npos;
}

/// Text that AICoE-CI takes as it is written: it copies texts and maps, and drops everything else without a word.
std::string text_of(const Yaml& value)
{
  if (value.kind() == Yaml::Kind::null) return {};
  auto text = value.string();
  if (value.plain() && is_typed(text))
    value.fail(fmt::format("{} without quotes is a number or boolean, which AICoE-CI drops silently; write \"{}\"", printable(text), text));
  return text;
}

std::string text_at(const Yaml& map, std::string_view key)
{
  const auto value = map.find(key);
  return value ? text_of(*value) : std::string();
}

/// Reads one file and gathers the notices.
class Reading {
public:
  AicoeCiFile read(const Yaml& root);

private:
  void notice(const Yaml& at, const std::string& text, Stops stops = Stops::nothing);
  std::vector<std::string> words(const Yaml& root, std::string_view key, const std::vector<std::string_view>& known);
  static std::vector<AicoePackageUpload> uploads(const Yaml& list);
  static AicoeDeploy deploy(const Yaml& map);
  Strategy strategy(const Yaml& value);
  AicoeBuild own_build(const Yaml& map);
  AicoeBuild overlay_build(const Yaml& map);
  void set(AicoeBuild& build, const std::string& key, const Yaml& value);
  void check(const AicoeBuild& build, const Yaml& map);
  AicoeOverlay overlay(const Yaml& map);

  AicoeCiFile out_;
  std::string overlay_;  ///< the one being read
};

void Reading::notice(const Yaml& at, const std::string& text, Stops stops)
{
  const auto path = at.path();
  out_.notices.push_back({fmt::format("{}: {}{}", at.place(), path.empty() ? "" : printable(path) + ": ", text), stops, overlay_});
}

std::vector<std::string> Reading::words(const Yaml& root, std::string_view key, const std::vector<std::string_view>& known)
{
  std::vector<std::string> out;
  const auto list = root.find(key);
  if (!list) return out;
  for (const auto& value : list->list()) {
    out.push_back(value.word());
    if (std::ranges::find(known, out.back()) != known.end()) continue;
    const auto near = near_miss(out.back(), known);
    notice(value, fmt::format("{} is not known to AICoE-CI{}", printable(out.back()), near ? fmt::format("; did you mean '{}'?", *near) : ""));
  }
  return out;
}

std::vector<AicoePackageUpload> Reading::uploads(const Yaml& list)
{
  std::vector<AicoePackageUpload> out;
  const auto truth = [](const Yaml& map, std::string_view key) {
    const auto value = map.find(key);
    if (!value) return false;
    const auto& text = value->string();
    if (text != "true" && text != "false") value->fail(fmt::format("{} is neither \"true\" nor \"false\"", printable(text)));
    return text == "true";
  };
  for (const auto& map : list.list()) {
    map.check_keys({"instance", "pulp-index", "allow-sdist", "allow-bdist"});
    const auto& instance = map.at("instance");
    if (instance.word() != "pypi" && instance.word() != "pulp")
      instance.fail(fmt::format("{} is neither pypi nor pulp", printable(instance.word())));
    out.push_back({instance.word(), text_at(map, "pulp-index"), truth(map, "allow-sdist"), truth(map, "allow-bdist")});
  }
  return out;
}

AicoeDeploy Reading::deploy(const Yaml& map)
{
  map.check_keys({"project-org", "project-name", "image-name", "overlay-contextpath"});
  AicoeDeploy out{text_at(map, "project-org"), text_at(map, "project-name"), map.at("image-name").word(),
                  map.at("overlay-contextpath").word()};
  const auto path = std::filesystem::path(out.overlay_contextpath);
  if (path.is_absolute() || std::ranges::find(path, "..") != path.end())
    map.at("overlay-contextpath").fail(fmt::format("{} is not a path inside the project", printable(out.overlay_contextpath)));
  return out;
}

Strategy Reading::strategy(const Yaml& value)
{
  const auto text = text_of(value);
  if (text.empty()) return Strategy::detect;
  if (text == "Source") return Strategy::source;
  if (text == "Dockerfile") return Strategy::dockerfile;
  if (text == "Containerfile") return Strategy::containerfile;
  const auto near = near_miss(text, known_strategies);
  value.fail(near ? fmt::format("{} is not a strategy; did you mean '{}'?", printable(text), *near)
                  : fmt::format("{} is not a strategy; write Source, Dockerfile or Containerfile", printable(text)));
}

void Reading::set(AicoeBuild& build, const std::string& key, const Yaml& value)
{
  if (key == "build-strategy" || key == "build-stratergy") build.strategy = strategy(value);
  else if (key == "build-source-script") build.source_script = text_of(value);
  else if (key == "base-image") build.base_image = text_of(value);
  else if (key == "dockerfile-path") build.dockerfile_path = text_of(value);
  else if (key == "custom-tag") build.custom_tag = text_of(value);
  else if (key == "registry") build.registry = text_of(value);
  else if (key == "registry-org") build.registry_org = text_of(value);
  else if (key == "registry-project") build.registry_project = text_of(value);
  else if (key == "registry-secret") build.registry_secret = text_of(value);
  else if (key == "arch") build.arch = text_of(value);
}

void Reading::check(const AicoeBuild& build, const Yaml& map)
{
  if (map.find("build-strategy") && map.find("build-stratergy"))
    map.at("build-stratergy").fail("the strategy is here twice, in two spellings; keep 'build-strategy'");
  if (build.strategy == Strategy::source && build.base_image.empty())
    notice(map, "strategy Source needs a 'base-image', and nothing stands in for it; name the S2I builder", Stops::build);
  if (build.registry.empty())
    notice(map, "no 'registry'; the documented default quay.io never applied to a file that is there; write it", Stops::push);
  if (build.registry_org.empty())
    notice(map, "no 'registry-org'; the documented default thoth-station never applied to a file that is there; write it", Stops::push);
  if (build.registry_secret.empty())
    notice(map, "no 'registry-secret'; AICoE-CI would mount a secret without a name, cairn uses the login that it finds");
}

AicoeBuild Reading::own_build(const Yaml& map)
{
  AicoeBuild out;
  for (const auto& [key, value] : map.map()) {
    const auto dashed = with_dashes(key);
    if (dashed != key && std::ranges::find(build_keys, dashed) != build_keys.end())
      value.fail(fmt::format("AICoE-CI ignores this spelling here; write '{}'", dashed));
    if (key == "arch") value.fail("only overlays have an 'arch'; put the build into an overlay");
    if (value.kind() == Yaml::Kind::list) value.fail("is a list, which AICoE-CI drops silently; write one text");
  }
  map.check_keys({"build-strategy", "build-stratergy", "build-source-script", "base-image", "dockerfile-path", "custom-tag", "registry",
                  "registry-org", "registry-project", "registry-secret"});
  for (const auto& [key, value] : map.map()) set(out, key, value);
  check(out, map);
  return out;
}

/// In overlays a key counts with dashes and with underscores.
AicoeBuild Reading::overlay_build(const Yaml& map)
{
  AicoeBuild out{.strategy = Strategy::source, .source_script{}, .base_image{}, .dockerfile_path{}, .custom_tag{}, .registry{},
                 .registry_org{}, .registry_project{}, .registry_secret{}, .arch{}};
  auto keys = build_keys;
  keys.emplace_back("arch");
  std::set<std::string> seen;
  for (const auto& [key, value] : map.map()) {
    const auto dashed = with_dashes(key);
    if (std::ranges::find(keys, dashed) == keys.end()) {
      const auto near = near_miss(dashed, keys);
      value.fail(near ? fmt::format("is not a key of a build; did you mean '{}'?", *near) : std::string("is not a key of a build"));
    }
    if (!seen.insert(dashed).second) value.fail(fmt::format("'{}' is here twice, in two spellings", dashed));
    if (dashed == "build-strategy")
      notice(value, "AICoE-CI ignores this in overlays and takes Source (it reads only 'build-stratergy'); cairn does what is written");
    set(out, dashed, value);
  }
  check(out, map);
  return out;
}

AicoeOverlay Reading::overlay(const Yaml& map)
{
  map.check_keys({"name", "build", "deploy"});
  AicoeOverlay out;
  out.name = map.at("name").word();
  if (out.name.find('/') != std::string::npos || out.name == "..") map.at("name").fail(fmt::format("{} is not a directory's name", printable(out.name)));
  overlay_ = out.name;
  out.build = overlay_build(map.at("build"));
  if (const auto value = map.find("deploy")) out.deploy = deploy(*value);
  overlay_.clear();
  return out;
}

AicoeCiFile Reading::read(const Yaml& root)
{
  root.check_keys({"check", "release", "package-upload", "pytest-env", "build", "deploy", "sibling", "gather", "overlays_dir", "overlays"});
  out_.checks = words(root, "check", known_checks);
  out_.releases = words(root, "release", known_releases);
  if (const auto value = root.find("package-upload")) out_.package_uploads = uploads(*value);
  if (const auto value = root.find("pytest-env")) out_.pytest_env = value->string_map();
  if (const auto value = root.find("build"); value && !value->map().empty()) out_.build = own_build(*value);
  if (const auto value = root.find("deploy")) out_.deploy = deploy(*value);
  if (const auto value = root.find("sibling")) {
    value->check_keys({"sibling-project-org", "sibling-project"});
    out_.sibling_org = text_at(*value, "sibling-project-org");
    out_.sibling_project = text_at(*value, "sibling-project");
  }
  if (const auto value = root.find("gather")) {
    value->check_keys({"overlay-name", "name"});
    out_.gather_overlay = text_at(*value, "overlay-name");
    out_.gather_name = text_at(*value, "name");
  }
  out_.overlays_dir = text_at(root, "overlays_dir");
  std::set<std::string> names;
  if (const auto value = root.find("overlays"))
    for (const auto& map : value->list()) {
      out_.overlays.push_back(overlay(map));
      if (!names.insert(out_.overlays.back().name).second)
        map.at("name").fail(fmt::format("{} is here twice", printable(out_.overlays.back().name)));
    }
  if (!out_.build && out_.overlays.empty())
    notice(root, "neither 'build' nor 'overlays' says what to build, so AICoE-CI builds nothing", Stops::build);
  return std::move(out_);
}

bool is_there(const std::filesystem::path& path)
{
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

std::string AicoeBuild::image_name(const std::string& repository) const
{
  if (registry.empty() || registry_org.empty())
    throw Error(Errc::bad_input, fmt::format("{}: 'build' has no '{}', so there is no image to push to; write it", aicoe_ci_file_name,
                                             registry.empty() ? "registry" : "registry-org"));
  return fmt::format("{}/{}/{}", registry, registry_org, registry_project.empty() ? repository : registry_project);
}

AicoeCiFile AicoeCiFile::parse(std::string_view text, std::string what)
{
  const auto document = YamlDocument::parse(text, std::move(what));
  return Reading().read(document.root());
}

std::optional<AicoeCiFile> AicoeCiFile::find(const std::filesystem::path& directory)
{
  const auto path = directory / aicoe_ci_file_name;
  if (!is_there(path)) return std::nullopt;
  auto out = parse(read_small_file(path, yaml_limit_bytes), path.string());
  const auto thoth = directory / thoth_file_name;
  if (is_there(thoth)) out.apply_thoth(read_small_file(thoth, yaml_limit_bytes), thoth.string());
  else if (!out.overlays.empty())
    out.notices.push_back({fmt::format("{}: no {} beside it, without which AICoE-CI builds no overlays; cairn builds them", path.string(),
                                       thoth_file_name)});
  return out;
}

void AicoeCiFile::apply_thoth(std::string_view text, std::string what)
{
  if (overlays_dir.empty() || overlays.empty()) return;
  const auto document = YamlDocument::parse(text, std::move(what));
  const auto environments = document.root().find("runtime_environments");
  if (!environments) return;
  for (const auto& environment : environments->list()) {
    const auto name = environment.find("name");
    const auto base = environment.find("base_image");
    if (!name || !base) continue;
    for (auto& overlay : overlays) {
      if (overlay.name != name->string() || overlay.build.base_image == base->string()) continue;
      if (!overlay.build.base_image.empty())
        notices.push_back({fmt::format("{}: overlay {}: this base image wins over {} of {}", base->place(), printable(overlay.name),
                                       printable(overlay.build.base_image), aicoe_ci_file_name),
                           Stops::nothing, overlay.name});
      overlay.build.base_image = base->word();
      std::erase_if(notices, [&](const AicoeNotice& notice) { return notice.stops == Stops::build && notice.overlay == overlay.name; });
    }
  }
}

void AicoeCiFile::require(Stops work) const
{
  for (const auto& notice : notices)
    if (notice.stops == work) throw Error(Errc::bad_input, notice.text);
}

}  // namespace cairn::recipe
