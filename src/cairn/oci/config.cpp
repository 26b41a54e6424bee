// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/oci/manifest.hpp>
#include <cairn/oci/members.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

// image-spec 1.1, config.md. Its keys are of two styles: lower case around, Go's names inside `config`.
namespace cairn::oci {
namespace {

constexpr std::array<std::string_view, 7> outer_keys{"architecture", "config", "created", "history", "os", "rootfs", "variant"};
constexpr std::array<std::string_view, 9> inner_keys{"Cmd",        "Entrypoint", "Env",     "ExposedPorts", "Labels",
                                                     "StopSignal", "User",       "Volumes", "WorkingDir"};

bool one_of(std::string_view key, std::span<const std::string_view> keys) { return std::ranges::find(keys, key) != keys.end(); }

/// The members of `object` that are not in `known`.
void copy_others(JsonWriter& json, const Json& object, std::span<const std::string_view> known)
{
  for (const Json member : object.object())
    if (!one_of(member.key(), known) && member.kind() != Json::Kind::null) json.key(member.key()).value(member);
}

std::string other_members(const Json& root)
{
  JsonWriter json;
  json.begin_object();
  copy_others(json, root, outer_keys);
  if (const auto config = root.find("config")) {
    json.begin_object("config");
    copy_others(json, *config, inner_keys);
    json.end_object();
  }
  auto text = json.end_object().finish();
  return text == "{}" || text == R"({"config":{}})" ? std::string() : text;
}

/// Go writes a set as an object whose values are empty.
std::vector<std::string> read_set(const Json& config, std::string_view key)
{
  std::vector<std::string> names;
  if (const auto found = config.find(key))
    for (const Json name : found->object()) names.emplace_back(name.key());
  return names;
}

void write_set(JsonWriter& json, std::string_view key, std::vector<std::string> names)
{
  if (names.empty()) return;
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  json.begin_object(key);
  for (const auto& name : names) json.begin_object(name).end_object();
  json.end_object();
}

History read_history(const Json& json)
{
  json.check_keys({"created", "created_by", "author", "comment", "empty_layer"}, UnknownKeys::accept);
  History step;
  step.created = read_string(json, "created");
  step.created_by = read_string(json, "created_by");
  step.comment = read_string(json, "comment");
  step.author = read_string(json, "author");
  if (const auto empty = json.find("empty_layer")) step.empty_layer = empty->boolean();
  return step;
}

void read_runtime(const Json& config, ImageConfig& image)
{
  config.check_keys({"Cmd", "Entrypoint", "Env", "ExposedPorts", "Labels", "User", "WorkingDir", "Volumes", "StopSignal"},
                    UnknownKeys::accept);
  image.user = read_string(config, "User");
  image.env = read_strings(config, "Env");
  image.entrypoint = read_strings(config, "Entrypoint");
  image.cmd = read_strings(config, "Cmd");
  image.working_dir = read_string(config, "WorkingDir");
  image.labels = read_annotations(config, "Labels");
  image.exposed_ports = read_set(config, "ExposedPorts");
  image.volumes = read_set(config, "Volumes");
  image.stop_signal = read_string(config, "StopSignal");
}

void write_runtime(JsonWriter& json, const ImageConfig& image, const std::optional<Json>& others)
{
  json.begin_object("config");
  if (others) copy_others(json, *others, inner_keys);
  json.member_unless_empty("Cmd", image.cmd).member_unless_empty("Entrypoint", image.entrypoint).member_unless_empty("Env", image.env);
  write_set(json, "ExposedPorts", image.exposed_ports);
  write_annotations(json, "Labels", image.labels);
  json.member_unless_empty("StopSignal", image.stop_signal).member_unless_empty("User", image.user);
  write_set(json, "Volumes", image.volumes);
  json.member_unless_empty("WorkingDir", image.working_dir);
  json.end_object();
}

void write_history(JsonWriter& json, const std::vector<History>& history)
{
  if (history.empty()) return;
  json.begin_array("history");
  for (const auto& step : history) {
    json.begin_object().member_unless_empty("author", step.author).member_unless_empty("comment", step.comment);
    json.member_unless_empty("created", step.created).member_unless_empty("created_by", step.created_by);
    if (step.empty_layer) json.member("empty_layer", true);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

ImageConfig ImageConfig::parse(std::string_view json, const std::string& what)
{
  if (json.size() > manifest_limit_bytes)
    throw Error(Errc::limit, fmt::format("{}: {} bytes, the limit is {}", what, json.size(), manifest_limit_bytes));
  const auto document = JsonDocument::parse(json, what);
  const Json root = document.root();
  root.check_keys({"architecture", "author", "config", "created", "history", "os", "rootfs", "variant"}, UnknownKeys::accept);
  ImageConfig image;
  image.created = read_string(root, "created");
  image.platform = {std::string(root.at("architecture").string()), std::string(root.at("os").string()), read_string(root, "variant")};
  if (const auto config = root.find("config")) read_runtime(*config, image);
  const auto rootfs = root.at("rootfs");
  rootfs.check_keys({"type", "diff_ids"}, UnknownKeys::accept);
  if (rootfs.at("type").string() != "layers") rootfs.at("type").fail("expected 'layers'");
  if (const auto diff_ids = rootfs.find("diff_ids"))
    for (const Json diff_id : diff_ids->array()) image.diff_ids.push_back(diff_id.digest());
  if (const auto history = root.find("history"))
    for (const Json step : history->array()) image.history.push_back(read_history(step));
  image.other_json = other_members(root);
  return image;
}

std::string ImageConfig::json() const
{
  std::optional<JsonDocument> others;
  if (!other_json.empty()) others = JsonDocument::parse(other_json, "other members of an image config");
  JsonWriter json;
  json.begin_object();
  if (others) copy_others(json, others->root(), outer_keys);
  json.member("architecture", platform.architecture);
  write_runtime(json, *this, others ? others->root().find("config") : std::nullopt);
  json.member_unless_empty("created", created);
  write_history(json, history);
  json.member("os", platform.os);
  json.begin_object("rootfs").member("diff_ids", diff_ids).member("type", "layers").end_object();
  json.member_unless_empty("variant", platform.variant);
  return json.end_object().finish();
}

}  // namespace cairn::oci
