// SPDX-License-Identifier: Apache-2.0
#include <cairn/oci/descriptor.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/oci/members.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cairn::oci {

namespace media_type {

bool is_manifest(std::string_view type) { return type == manifest || type == docker_manifest; }
bool is_index(std::string_view type) { return type == index || type == docker_list; }
bool is_config(std::string_view type) { return type == config || type == docker_config; }

}  // namespace media_type

namespace {

/// RFC 4648 section 4, padded, without white space; nothing when `text` is not that.
std::optional<std::string> base64(std::string_view text)
{
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0) return std::nullopt;
  const auto pad = text.ends_with("==") ? 2u : text.ends_with("=") ? 1u : 0u;
  std::string out;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = i + pad >= text.size() ? 0 : alphabet.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    if (i % 4 == 3)
      for (const int shift : {16, 8, 0}) out += static_cast<char>((bits >> shift) & 0xff);
  }
  out.resize(out.size() - pad);
  return out;
}

void check_data(const Json& data, const Descriptor& descriptor)
{
  const auto content = base64(data.string());
  if (!content) data.fail("not base64");
  if (content->size() != descriptor.size_bytes)
    data.fail(fmt::format("holds {} bytes, 'size' says {}", content->size(), descriptor.size_bytes));
  if (sha256(*content) != descriptor.digest) data.fail("disagrees with 'digest'");
}

void check_url(const Json& url)
{
  const auto text = url.string();
  const bool plain = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!plain || !(text.starts_with("https://") || text.starts_with("http://")))
    url.fail(fmt::format("{} is not an http or https URL", printable(text)));
}

}  // namespace

std::string read_media_type(const Json& json)
{
  // RFC 6838 section 4.2: type and subtype, up to 127 characters each.
  constexpr std::size_t longest = 127;
  constexpr std::string_view others = "!#$&-^_.+";
  const auto text = json.string();
  const auto good = [&](std::string_view part) {
    return !part.empty() && part.size() <= longest && std::ranges::all_of(part, [&](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
    });
  };
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || !good(text.substr(0, slash)) || !good(text.substr(slash + 1)))
    json.fail(fmt::format("{} is not a media type", printable(text)));
  return std::string(text);
}

std::string read_string(const Json& object, std::string_view key)
{
  const auto found = object.find(key);
  return found ? std::string(found->string()) : std::string();
}

std::vector<std::string> read_strings(const Json& object, std::string_view key)
{
  const auto found = object.find(key);
  return found ? found->strings() : std::vector<std::string>();
}

Annotations read_annotations(const Json& object, std::string_view key)
{
  Annotations annotations;
  if (const auto found = object.find(key))
    for (const Json member : found->object()) annotations.emplace(member.key(), member.string());
  return annotations;
}

void write_annotations(JsonWriter& json, std::string_view key, const Annotations& annotations)
{
  if (annotations.empty()) return;
  json.begin_object(key);
  for (const auto& [name, value] : annotations) json.member(name, value);
  json.end_object();
}

Descriptor read_descriptor(const Json& json)
{
  json.check_keys({"mediaType", "digest", "size", "annotations", "platform", "artifactType", "urls", "data"}, UnknownKeys::accept);
  Descriptor descriptor;
  descriptor.media_type = read_media_type(json.at("mediaType"));
  descriptor.digest = json.at("digest").digest();
  descriptor.size_bytes = json.at("size").uint64(size_limit_bytes);
  descriptor.annotations = read_annotations(json, "annotations");
  if (const auto platform = json.find("platform")) {
    platform->check_keys({"architecture", "os", "variant", "os.version", "os.features"}, UnknownKeys::accept);
    descriptor.platform = Platform{std::string(platform->at("architecture").string()), std::string(platform->at("os").string()),
                                   read_string(*platform, "variant")};
  }
  if (const auto type = json.find("artifactType"); type && !type->string().empty()) descriptor.artifact_type = read_media_type(*type);
  if (const auto urls = json.find("urls")) {
    for (const Json url : urls->array()) check_url(url);
    descriptor.urls = urls->strings();
  }
  if (const auto data = json.find("data")) check_data(*data, descriptor);
  return descriptor;
}

void write_descriptor(JsonWriter& json, const Descriptor& descriptor)
{
  json.begin_object();
  write_annotations(json, "annotations", descriptor.annotations);
  json.member_unless_empty("artifactType", descriptor.artifact_type);
  json.member("digest", descriptor.digest);
  json.member("mediaType", descriptor.media_type);
  if (descriptor.platform) {
    json.begin_object("platform").member("architecture", descriptor.platform->architecture).member("os", descriptor.platform->os);
    json.member_unless_empty("variant", descriptor.platform->variant).end_object();
  }
  json.member("size", descriptor.size_bytes);
  json.member_unless_empty("urls", descriptor.urls);
  json.end_object();
}

}  // namespace cairn::oci
