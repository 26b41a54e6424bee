// SPDX-License-Identifier: Apache-2.0
//
// Answers questions about versions, specifiers, markers, tags and names: a JSON array a line in, a JSON value a line out,
// null for what is no such thing. compare_packaging.py asks them.
#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/python/marker.hpp>
#include <cairn/python/specifier.hpp>
#include <cairn/python/target.hpp>
#include <cairn/python/text.hpp>
#include <cairn/python/version.hpp>
#include <cairn/python/wheel_name.hpp>

#include <algorithm>
#include <iostream>
#include <string>

using namespace cairn;
using namespace cairn::python;

namespace {

MarkerEnvironment read_environment(const oci::Json& json)
{
  MarkerEnvironment environment;
  for (const auto member : json.object()) {
    if (member.kind() == oci::Json::Kind::string) {
      environment[std::string(member.key())] = std::string(member.string());
    } else {
      const auto names = member.strings();
      environment[std::string(member.key())] = std::set<std::string>(names.begin(), names.end());
    }
  }
  return environment;
}

void answer_wheel(oci::JsonWriter& json, std::string_view file)
{
  const auto wheel = WheelName::try_parse(file);
  if (!wheel) {
    json.value(nullptr);
    return;
  }
  std::vector<std::string> tags;
  for (const auto& tag : wheel->tags) tags.push_back(tag.str());
  std::ranges::sort(tags);
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  json.begin_array().value(wheel->name).value(wheel->version.str()).begin_array();
  if (wheel->build) json.value(wheel->build->first).value(wheel->build->second);
  json.end_array().value(tags).end_array();
}

void answer_tags(oci::JsonWriter& json, const oci::JsonItems& words)
{
  Target target;
  target.set_python(words[1].string());
  target.libc_major = static_cast<unsigned>(words[2].uint64());
  target.libc_minor = static_cast<unsigned>(words[3].uint64());
  target.machine = words[4].string();
  target.linux_tags = words[5].boolean() ? LinuxTags::first : LinuxTags::last;
  std::vector<std::string> tags;
  for (const auto& tag : supported_tags(target))
    if (std::ranges::find(tags, tag.str()) == tags.end()) tags.push_back(tag.str());
  json.value(tags);
}

void answer(oci::JsonWriter& json, const oci::JsonItems& words, const MarkerEnvironment& environment)
{
  const auto kind = words[0].string();
  const auto first = words[1].kind() == oci::Json::Kind::string ? words[1].string() : std::string_view{};
  if (kind == "version") {
    const auto version = Version::parse(first);
    if (version) json.value(version->str());
    else json.value(nullptr);
  } else if (kind == "order") {
    const auto order = *Version::parse(first) <=> *Version::parse(words[2].string());
    json.value(order < 0 ? -1 : order > 0 ? 1 : 0);
  } else if (kind == "specifier") {
    const auto specifier = Specifier::parse(first);
    if (specifier) json.value(specifier->contains(words[2].string()));
    else json.value(nullptr);
  } else if (kind == "marker") {
    try {
      json.value(Marker::parse(first).holds(environment));
    } catch (const Error&) {
      json.value(nullptr);
    }
  } else if (kind == "tags") {
    answer_tags(json, words);
  } else if (kind == "name") {
    json.value(canonical_name(first));
  } else {
    answer_wheel(json, first);
  }
}

}  // namespace

int main()
{
  MarkerEnvironment environment;
  std::string out;
  for (std::string line; std::getline(std::cin, line);) {
    const auto document = oci::JsonDocument::parse(line, "question");
    const auto words = document.root().array();
    if (words[0].string() == "environment") {
      environment = read_environment(words[1]);
      continue;
    }
    oci::JsonWriter json;
    answer(json, words, environment);
    out += json.finish() + '\n';
  }
  std::cout << out;
}
