// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/lock_formats.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/python/text.hpp>
#include <cairn/toml/toml.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::python {
namespace {

using oci::Json;

std::vector<std::string> strings_of(const Json& object, std::string_view key)
{
  const auto value = object.find(key);
  return value ? value->strings() : std::vector<std::string>{};
}

std::optional<Digest> hash_of(const Json& object)
{
  const auto hashes = object.find("hashes");
  const auto sha256 = hashes ? hashes->find("sha256") : std::nullopt;
  return sha256 ? locked_hash("sha256", sha256->string()) : std::nullopt;
}

std::string file_name(const Json& archive)
{
  if (const auto name = archive.find("name")) return std::string(name->string());
  auto place = archive.text("path");
  if (place.empty()) place = archive.text("url");
  place = place.substr(0, place.find_first_of("?#"));
  return percent_decoded(place.substr(place.rfind('/') + 1));
}

LockedWheel read_wheel(const Json& json)
{
  LockedWheel wheel;
  wheel.file = file_name(json);
  wheel.path = json.text("path");
  wheel.url = json.text("url");
  if (const auto size = json.find("size")) wheel.size_bytes = size->uint64();
  wheel.digest = hash_of(json);
  return wheel;
}

void read_package(Pin& pin, const Json& package)
{
  pin.written_name = package.at("name").string();
  pin.name = canonical_name(pin.written_name);
  if (const auto version = package.find("version")) {
    pin.version = Version::parse(version->string());
    if (!pin.version) version->fail(fmt::format("{} is no version", printable(version->string())));
  }
  pin.marker = package.text("marker");
  pin.requires_python = package.text("requires-python");
  int ways = 0;
  if (const auto vcs = package.find("vcs")) {
    pin.needs_build =
        fmt::format("{} {} at {}", vcs->at("type").string(), vcs->text(vcs->find("url") ? "url" : "path"), vcs->at("commit-id").string());
    const auto below = vcs->text("subdirectory");
    if (vcs->find("url"))
      pin.build_from = fmt::format("{}+{}@{}{}{}", vcs->at("type").string(), vcs->text("url"), vcs->at("commit-id").string(), below.empty() ? "" : "#subdirectory=", below);
    ++ways;
  }
  if (const auto directory = package.find("directory")) {
    pin.needs_build = fmt::format("directory {}", pin.build_from = directory->at("path").string());
    ++ways;
  }
  if (const auto archive = package.find("archive")) {
    const auto wheel = read_wheel(*archive);
    if (wheel.file.ends_with(".whl")) {
      pin.direct_url = wheel.url.empty() ? wheel.path : wheel.url;
      pin.wheels.push_back(wheel);
    } else {
      pin.needs_build = fmt::format("archive {}", wheel.file);
    }
    ++ways;
  }
  pin.has_sdist = package.find("sdist").has_value();
  const auto wheels = package.find("wheels");
  if (wheels)
    for (const auto wheel : wheels->array()) pin.wheels.push_back(read_wheel(wheel));
  if (wheels || pin.has_sdist) ++ways;
  if (ways != 1)
    package.fail(fmt::format("{} has {} of vcs, directory, archive and sdist or wheels; expected one", printable(pin.name), ways));
  std::vector<Digest> hashes;
  for (const auto& wheel : pin.wheels)
    if (wheel.digest) hashes.push_back(*wheel.digest);
  set_hashes(pin, std::move(hashes));
}

}  // namespace

void read_pylock(Lock& lock, std::string_view text, const std::string& what, const LockOptions&)
{
  const auto document = oci::JsonDocument::parse(toml::as_json(text, what), what);
  const auto root = document.root();
  lock.kind = LockKind::pylock;
  const auto version = root.at("lock-version").string();
  if (version != "1.0" && !version.starts_with("1."))
    throw Error(Errc::unsupported, fmt::format("{}: lock-version {}: cairn reads 1.0", what, printable(version)));
  if (version != "1.0") lock.warnings.push_back(fmt::format("{}: lock-version {} is newer than 1.0", what, version));
  lock.requires_python = root.text("requires-python");
  lock.environments = strings_of(root, "environments");
  for (const auto package : root.at("packages").array()) {
    Pin pin;
    read_package(pin, package);
    lock.pins.push_back(std::move(pin));
  }
}

}  // namespace cairn::python
