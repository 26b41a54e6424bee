// SPDX-License-Identifier: Apache-2.0
#include <cairn/oci/manifest.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/oci/members.hpp>

#include <fmt/format.h>

#include <functional>

namespace cairn::oci {
namespace {

JsonDocument parse_document(std::string_view json, const std::string& what)
{
  if (json.size() > manifest_limit_bytes)
    throw Error(Errc::limit, fmt::format("{}: {} bytes, the limit is {}", what, json.size(), manifest_limit_bytes));
  return JsonDocument::parse(json, what);
}

/// A reader that is led by the content and one that is led by the media type must see the same thing: what could be
/// both a manifest and an index is neither (CVE-2021-41190).
void refuse_members(const Json& root, std::initializer_list<std::string_view> keys, std::string_view kind)
{
  for (const Json member : root.object())
    for (const auto key : keys)
      if (member.key() == key) member.fail(fmt::format("does not belong into {}", kind));
}

void check_version(const Json& root, const std::string& what)
{
  const auto version = root.at("schemaVersion");
  if (version.uint64() == 1) throw Error(Errc::unsupported, fmt::format("{}: Docker schema 1 manifests are not supported", what));
  if (version.uint64() != 2) version.fail("expected 2");
}

std::string own_media_type(const Json& root, bool (*expected)(std::string_view), std::string_view standard)
{
  const auto type = root.find("mediaType");
  if (!type) return std::string(standard);
  if (!expected(type->string())) type->fail(fmt::format("is {}, expected {}", printable(type->string()), printable(standard)));
  return std::string(type->string());
}

std::string read_artifact_type(const Json& root)
{
  const auto type = root.find("artifactType");
  return type && !type->string().empty() ? read_media_type(*type) : std::string();
}

std::vector<Descriptor> read_descriptors(const Json& array)
{
  std::vector<Descriptor> all;
  const auto items = array.array();
  all.reserve(items.size());
  for (const Json item : items) all.push_back(read_descriptor(item));
  return all;
}

void write_descriptors(JsonWriter& json, std::string_view key, const std::vector<Descriptor>& descriptors)
{
  json.begin_array(key);
  for (const auto& descriptor : descriptors) write_descriptor(json, descriptor);
  json.end_array();
}

void write_subject(JsonWriter& json, const std::optional<Descriptor>& subject)
{
  if (subject) write_descriptor(json.key("subject"), *subject);
}

}  // namespace

Manifest Manifest::parse(std::string_view json, const std::string& what)
{
  const auto document = parse_document(json, what);
  const Json root = document.root();
  root.check_keys({"schemaVersion", "mediaType", "artifactType", "config", "layers", "subject", "annotations", "manifests"},
                  UnknownKeys::accept);
  check_version(root, what);
  refuse_members(root, {"manifests"}, "an image manifest");
  refuse_members(root, {"fsLayers"}, "a manifest of schema 2");
  Manifest manifest;
  manifest.media_type = own_media_type(root, media_type::is_manifest, media_type::manifest);
  manifest.artifact_type = read_artifact_type(root);
  manifest.config = read_descriptor(root.at("config"));
  manifest.layers = read_descriptors(root.at("layers"));
  if (const auto subject = root.find("subject")) manifest.subject = read_descriptor(*subject);
  manifest.annotations = read_annotations(root, "annotations");
  return manifest;
}

std::string Manifest::json() const
{
  JsonWriter json;
  json.begin_object();
  write_annotations(json, "annotations", annotations);
  json.member_unless_empty("artifactType", artifact_type);
  write_descriptor(json.key("config"), config);
  write_descriptors(json, "layers", layers);
  json.member("mediaType", media_type).member("schemaVersion", 2);
  write_subject(json, subject);
  return json.end_object().finish();
}

Manifest Manifest::in_oci_types() const
{
  auto manifest = *this;
  manifest.media_type = media_type::manifest;
  if (config.media_type == media_type::docker_config) manifest.config.media_type = media_type::config;
  for (auto& layer : manifest.layers) {
    if (layer.media_type == media_type::docker_layer) layer.media_type = media_type::layer;
    if (layer.media_type == media_type::docker_layer_gzip) layer.media_type = media_type::layer_gzip;
  }
  return manifest;
}

Index Index::parse(std::string_view json, const std::string& what)
{
  const auto document = parse_document(json, what);
  const Json root = document.root();
  root.check_keys({"schemaVersion", "mediaType", "artifactType", "manifests", "subject", "annotations", "config", "layers"},
                  UnknownKeys::accept);
  check_version(root, what);
  refuse_members(root, {"config", "layers", "fsLayers"}, "an index");
  Index index;
  index.media_type = own_media_type(root, media_type::is_index, media_type::index);
  index.artifact_type = read_artifact_type(root);
  index.manifests = read_descriptors(root.at("manifests"));
  if (const auto subject = root.find("subject")) index.subject = read_descriptor(*subject);
  index.annotations = read_annotations(root, "annotations");
  return index;
}

std::string Index::json() const
{
  JsonWriter json;
  json.begin_object();
  write_annotations(json, "annotations", annotations);
  json.member_unless_empty("artifactType", artifact_type);
  write_descriptors(json, "manifests", manifests);
  json.member("mediaType", media_type).member("schemaVersion", 2);
  write_subject(json, subject);
  return json.end_object().finish();
}

}  // namespace cairn::oci
