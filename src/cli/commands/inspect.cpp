// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/image/image.hpp>
#include <cairn/image/image_index.hpp>
#include <cairn/library/library.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_argument.hpp>
#include <cli/render/library_report.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  std::string image;
  RegistryFlags registry;
};

/// A multi-platform image.
struct Index {
  oci::Descriptor descriptor;
  oci::Index index;
};

void write_index(oci::JsonWriter& json, const Index& index)
{
  json.begin_object("index").member("digest", index.descriptor.digest).begin_object("annotations");
  for (const auto& [key, value] : index.index.annotations) json.member(key, value);
  json.end_object().begin_array("manifests");
  for (const auto& entry : index.index.manifests) {
    json.begin_object().member("digest", entry.digest).member("media_type", entry.media_type).member("size_bytes", entry.size_bytes);
    json.member("platform", entry.platform ? image::platform_text(*entry.platform) : "").end_object();
  }
  json.end_array().end_object();
}

Table index_table(const Index& index, const oci::Descriptor* shown)
{
  Table table({{"PLATFORM"}, {"DIGEST"}, {"SIZE", Align::right}, {"KIND"}, {""}});
  for (const auto& entry : index.index.manifests)
    table.add({entry.platform ? safe(image::platform_text(*entry.platform)) : "-", short_digest(entry.digest), size_text(entry.size_bytes),
               oci::media_type::is_index(entry.media_type)      ? "index"
               : oci::media_type::is_manifest(entry.media_type) ? "image"
                                                                : "other",
               shown != nullptr && shown->digest == entry.digest ? "shown below" : ""});
  return table;
}

/// What an image's layer is, beyond its descriptor: `units`, `index`, or `-`.
struct LayerUse {
  std::string kind = "-";
  std::size_t units = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t dead_bytes = 0;
  std::string reason = "-";  ///< why it was made
};

LayerUse use_of(const oci::Descriptor& layer, const library::Library* library, std::size_t number)
{
  LayerUse use;
  if (const auto kind = layer.annotations.find(std::string(library::annotation::layer)); kind != layer.annotations.end())
    use.kind = kind->second;
  if (library == nullptr || number < library->first_layer || number >= library->index_number()) return use;
  const auto& info = library->document.layers[number - library->first_layer];
  if (info.reason) use.reason = name(*info.reason);
  for (const auto& fragment : info.fragments) {
    (fragment.live ? use.live_bytes : use.dead_bytes) += fragment.packed_bytes;
    if (fragment.live) ++use.units;
  }
  return use;
}

std::string short_type(const std::string& media_type)
{
  return media_type.substr(media_type.rfind('.') == std::string::npos ? 0 : media_type.rfind('.') + 1);  // `tar+zstd`
}

oci::JsonWriter record(const image::Image& image, const library::Library* library, const Index* index)
{
  const auto* document = library == nullptr ? nullptr : &library->document;
  oci::JsonWriter json(oci::JsonStyle::readable);
  const auto& config = image.config;
  json.begin_object().member("manifest", image.descriptor.digest).member("media_type", image.manifest.media_type);
  json.member("size_bytes", total_bytes(image)).member("library", document != nullptr);
  json.member_unless_empty("created", config.created).member("os", config.platform.os).member("architecture", config.platform.architecture);
  json.begin_object("annotations");
  for (const auto& [key, value] : image.manifest.annotations) json.member(key, value);
  json.end_object().begin_object("config").member("digest", image.manifest.config.digest).member("env", config.env);
  json.member("entrypoint", config.entrypoint)
      .member("cmd", config.cmd)
      .member("user", config.user)
      .member("working_dir", config.working_dir);
  json.begin_object("labels");
  for (const auto& [key, value] : config.labels) json.member(key, value);
  json.end_object().end_object().begin_array("layers");
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const auto& layer = image.manifest.layers[i];
    json.begin_object().member("digest", layer.digest).member("media_type", layer.media_type).member("size_bytes", layer.size_bytes);
    json.member("diff_id", config.diff_ids[i]);
    if (document != nullptr) {
      const auto use = use_of(layer, library, i);
      json.member("kind", use.kind).member("units", use.units).member("live_bytes", use.live_bytes).member("dead_bytes", use.dead_bytes);
      if (use.reason != "-") json.member("reason", use.reason);
    }
    json.end_object();
  }
  json.end_array();
  if (document != nullptr) write_library(json, *document);
  if (index != nullptr) write_index(json, *index);
  json.end_object();
  return json;
}

std::string head(const image::Image& image, const library::Document* document, std::size_t columns)
{
  std::string out;
  const auto add = [&](std::string_view title, std::string_view text) {
    if (!text.empty()) out += fmt::format("{:<14}{}\n", title, wrap(safe(text), columns, 14));
  };
  add("manifest", image.descriptor.digest.str());
  add("kind", document != nullptr ? "library" : "image");
  add("platform", fmt::format("{}/{}", image.config.platform.os, image.config.platform.architecture));
  add("created", image.config.created);
  add("size", fmt::format("{} in {}", size_text(total_bytes(image)), count_text(image.manifest.layers.size(), "layer", "layers")));
  add("entrypoint", fmt::format("{}", fmt::join(image.config.entrypoint, " ")));
  add("command", fmt::format("{}", fmt::join(image.config.cmd, " ")));
  add("user", image.config.user);
  if (document == nullptr) return out;
  add("target", document->target);
  add("budget", count_text(document->budget_layers, "layer", "layers"));
  add("modulepath", fmt::format("{}", fmt::join(document->modulepath, " ")));
  add("featured", fmt::format("{}", fmt::join(document->featured, " ")));
  const auto add_paths = [&](std::string_view title, const std::vector<std::string>& paths) {
    constexpr std::size_t most_paths = 8;
    for (std::size_t i = 0; i < std::min(paths.size(), most_paths); ++i) add(title, paths[i]);
    if (paths.size() > most_paths) add(title, fmt::format("… and {} more; --json lists all", paths.size() - most_paths));
  };
  add_paths("rest", document->rest);
  add_paths("left out", document->dropped);
  return out;
}

Table layers_table(const image::Image& image, const library::Library* library)
{
  if (library == nullptr) {
    Table table({{"LAYER", Align::right}, {"DIGEST"}, {"TYPE"}, {"SIZE", Align::right}, {"MADE BY", Align::left, Shrink::yes}});
    std::vector<std::string> made_by;
    for (const auto& step : image.config.history) {
      if (!step.empty_layer) made_by.push_back(step.created_by);
    }
    made_by.resize(image.manifest.layers.size());
    for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
      const auto& layer = image.manifest.layers[i];
      table.add({fmt::format("{}", i), short_digest(layer.digest), short_type(layer.media_type), size_text(layer.size_bytes), made_by[i]});
    }
    return table;
  }
  Table table({{"LAYER", Align::right},
               {"DIGEST"},
               {"TYPE"},
               {"KIND"},
               {"SIZE", Align::right},
               {"UNITS", Align::right},
               {"LIVE", Align::right},
               {"DEAD", Align::right},
               {"MADE FOR"}});
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const auto& layer = image.manifest.layers[i];
    const auto use = use_of(layer, library, i);
    table.add({fmt::format("{}", i), short_digest(layer.digest), short_type(layer.media_type), use.kind, size_text(layer.size_bytes),
               fmt::format("{}", use.units), size_text(use.live_bytes), size_text(use.dead_bytes), use.reason});
  }
  return table;
}

/// An index of which no image is for this machine: all there is to show.
Exit show_index(Program& program, const Index& index)
{
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object();
    write_index(json, index);
    json.end_object();
    program.print(json);
  } else {
    program.print(fmt::format("{:<14}{}\n\n", "index", index.descriptor.digest.str()));
    program.print(index_table(index, nullptr));
  }
  return Exit::done;
}

Exit run(const Options& options, Program& program)
{
  const auto open = open_image(program, options.image, options.registry);
  std::optional<Index> index;
  if (oci::media_type::is_index(open.manifest.media_type)) index = Index{open.manifest, image::load_index(*open.blobs, open.manifest)};
  std::optional<image::Image> loaded;
  try {
    loaded = image::load(*open.blobs, open.manifest);
  } catch (const Error& error) {
    if (!index || error.code() != Errc::not_found) throw;
    return show_index(program, *index);
  }
  const auto& image = *loaded;
  const auto library = load_library(open, image);
  const auto* document = library ? &library->document : nullptr;
  if (program.json()) {
    auto json = record(image, library ? &*library : nullptr, index ? &*index : nullptr);
    program.print(json);
    return Exit::done;
  }
  if (index) {
    program.print(fmt::format("{:<14}{}\n\n", "index", index->descriptor.digest.str()));
    program.print(index_table(*index, &image.descriptor));
    program.print("\n");
  }
  program.print(head(image, document, program.columns()) + '\n');
  program.print(layers_table(image, library ? &*library : nullptr));
  if (document != nullptr) {
    program.print("\n");
    program.print(units_table(*document));
  }
  return Exit::done;
}

}  // namespace

void add_inspect(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command =
      line.add(
              {
                  .name = "inspect",
                  .summary = "Show an image: its layers and, of a library, its units",
                  .description =
                      "Works on every image. Layers count from the lowest, 0. Only manifest, config and, of a library, the index layer are "
                      "read. Of a multi-platform image the platforms are listed, then the image for this machine is shown.\n\n"
                      "LIVE is what a layer's units take, compressed; DEAD is what older releases left in it, hidden by later layers: it "
                      "costs "
                      "space but saves everyone from fetching the layer again. The last layer of a library, `index`, holds the list of "
                      "units "
                      "and Lmod's cache.\n\n"
                      "MADE FOR says why a layer was made: `first` (there was no release before), `new` (its units were new or changed), "
                      "`merge` "
                      "(there were too many layers), `dead-cap` (too many dead bytes), `purge` (something had to be gone), `rewrite` (it "
                      "could "
                      "not "
                      "be kept: another codec, or dead bytes that nothing could hide).",
                  .examples = {{"cairn inspect library:2026.11", "Layers and units."},
                               {"cairn inspect library:2026.11 --json | jq '[.layers[].dead_bytes] | add'",
                                "Bytes that no module uses any more."}},
                  .sections =
                      {{"JSON",
                        "One object: `manifest`, `media_type`, `size_bytes` (of everything), `library` (whether it is one), `created`, "
                        "`os`, "
                        "`architecture`, `annotations`, `config` (`digest`, `env`, `entrypoint`, `cmd`, `user`, `working_dir`, `labels`), "
                        "`layers` "
                        "(each `digest`, `media_type`, `size_bytes`, `diff_id`; of a library also `kind`, `units`, `live_bytes`, "
                        "`dead_bytes`, `reason`). A "
                        "library has besides `target`, `budget_layers`, `units` (each `name`, `kind`, `files`, `content_bytes`, "
                        "`packed_bytes`, "
                        "`layer`, `modules`, `dependencies`, `missing`), `rest` and `dropped`. A multi-platform image has `index` besides, "
                        "or "
                        "alone "
                        "if no image of it is for this machine: `digest`, `annotations`, `manifests` (each `digest`, `media_type`, "
                        "`size_bytes`, `platform`)."}},
              },
              [options, &program] { return run(*options, program); })
          .word("IMAGE", "name, digest, or an image elsewhere", options->image, ValueKind::image);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
