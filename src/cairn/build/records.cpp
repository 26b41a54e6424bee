// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/records.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/io/file.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/temp.hpp>

#include <algorithm>

namespace cairn::build {
namespace {

constexpr std::string_view cache_name = "builds";
constexpr std::uint64_t record_limit_bytes = std::uint64_t{4} << 20;

oci::Annotations read_annotations(const oci::Json& json)
{
  oci::Annotations out;
  for (const auto member : json.object()) out.emplace(member.key(), member.string());
  return out;
}

void write_annotations(oci::JsonWriter& json, std::string_view key, const oci::Annotations& annotations)
{
  json.begin_object(key);
  for (const auto& [name, value] : annotations) json.member(name, value);
  json.end_object();
}

/// A record that cannot be read is as good as none: it can be made again.
template <class Read>
auto read_record(const std::filesystem::path& file, Read&& read) -> decltype(read(std::declval<oci::Json>()))
{
  try {
    if (!std::filesystem::exists(file)) return std::nullopt;
    const auto text = read_small_file(file, record_limit_bytes);
    const auto document = oci::JsonDocument::parse(text, "record");
    return read(document.root());
  } catch (const Error& error) {
    log::debug("{}: {}; made again", file.string(), error.what());
    return std::nullopt;
  }
}

void write_record(const std::filesystem::path& file, oci::JsonWriter& json) { write_file_atomically(file, json.finish(), Flush::no); }

}  // namespace

Records::Records(const store::Store& store) : store_(store), directory_(store.cache(cache_name)) {}

std::optional<StepLayers> Records::find_step(const std::string& key) const
{
  return read_record(directory_ / ("step-" + key + ".json"), [&](const oci::Json& json) -> std::optional<StepLayers> {
    StepLayers out;
    for (const auto one : json.at("layers").array()) {
      image::Layer layer;
      layer.descriptor = oci::read_descriptor(one.at("blob"));
      layer.diff_id = one.at("diff_id").digest();
      layer.made_by = one.at("made_by").string();
      if (!store_.has(layer.descriptor)) return std::nullopt;
      out.layers.push_back(std::move(layer));
    }
    out.annotations = read_annotations(json.at("annotations"));
    out.notes = json.at("notes").strings();
    return out;
  });
}

void Records::keep_step(const std::string& key, const StepLayers& made) const
{
  oci::JsonWriter json;
  json.begin_object().begin_array("layers");
  for (const auto& layer : made.layers) {
    json.begin_object().key("blob");
    oci::write_descriptor(json, layer.descriptor);
    json.member("diff_id", layer.diff_id).member("made_by", layer.made_by).end_object();
  }
  json.end_array();
  write_annotations(json, "annotations", made.annotations);
  json.member("notes", made.notes).end_object();
  write_record(directory_ / ("step-" + key + ".json"), json);
}

std::optional<oci::Descriptor> Records::find_image(const std::string& key) const
{
  return read_record(directory_ / ("image-" + key + ".json"), [&](const oci::Json& json) -> std::optional<oci::Descriptor> {
    auto manifest = oci::read_descriptor(json);
    if (!store_.has(manifest)) return std::nullopt;
    const auto image = image::load(store_, manifest);
    if (!std::ranges::all_of(image.manifest.layers, [&](const oci::Descriptor& layer) { return store_.has(layer); })) return std::nullopt;
    return manifest;
  });
}

void Records::keep_image(const std::string& key, const oci::Descriptor& manifest) const
{
  oci::JsonWriter json;
  oci::write_descriptor(json, manifest);
  write_record(directory_ / ("image-" + key + ".json"), json);
}

}  // namespace cairn::build
