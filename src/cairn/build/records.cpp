// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/records.hpp>

#include <cairn/oci/json.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/store/record_file.hpp>

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

void write_record(const std::filesystem::path& file, oci::JsonWriter& json) { write_file_atomically(file, json.finish(), Flush::no); }

}  // namespace

Records::Records(const store::Store& store) : store_(store), directory_(store.cache(cache_name)) {}

std::optional<StepLayers> Records::find_step(const std::string& key) const
{
  return store::read_record(directory_ / ("step-" + key + ".json"), record_limit_bytes, [&](const oci::Json& json) -> std::optional<StepLayers> {
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
    out.labels = read_annotations(json.at("labels"));
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
  write_annotations(json, "labels", made.labels);
  json.member("notes", made.notes).end_object();
  write_record(directory_ / ("step-" + key + ".json"), json);
}

std::optional<KnownImage> Records::find_image(const std::string& key) const
{
  return store::read_record(directory_ / ("image-" + key + ".json"), record_limit_bytes, [&](const oci::Json& json) -> std::optional<KnownImage> {
    KnownImage out{oci::read_descriptor(json.at("manifest"))};
    if (!store_.has(out.manifest)) return std::nullopt;
    const auto image = image::load(store_, out.manifest);
    if (!std::ranges::all_of(image.manifest.layers, [&](const oci::Descriptor& layer) { return store_.has(layer); })) return std::nullopt;
    for (const auto step : json.at("steps").array()) out.steps.push_back({step.at("layers").uint64(), step.at("bytes").uint64()});
    return out;
  });
}

void Records::keep_image(const std::string& key, const KnownImage& made) const
{
  oci::JsonWriter json;
  json.begin_object().key("manifest");
  oci::write_descriptor(json, made.manifest);
  json.begin_array("steps");
  for (const auto& step : made.steps) json.begin_object().member("layers", step.layers).member("bytes", step.bytes).end_object();
  json.end_array().end_object();
  write_record(directory_ / ("image-" + key + ".json"), json);
}

}  // namespace cairn::build
