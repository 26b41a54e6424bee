// SPDX-License-Identifier: Apache-2.0
#include <cli/image_result.hpp>

#include <cairn/base/error.hpp>
#include <cairn/layer/skeleton.hpp>

#include <fmt/format.h>

namespace cairn::cli {

void add_result_options(Command& command, ResultOptions& options)
{
  command.option("--tag", "NAME:TAG", "name of the result in the store", options.tag).required();
  command.option("--output", "PLACE", "copy the result there too: `oci:DIR[:TAG]` or `oci-archive:FILE[:TAG]`", options.output);
  add_registry_options(command, options.registry);
}

void check_result_options(const ResultOptions& options)
{
  store::check_tag_name(*options.tag);
  if (options.output) static_cast<void>(parse_output(*options.output));
}

Section result_section()
{
  return {"JSON", "One object: `manifest` (digest), `size_bytes` (of everything), `tag`, and `layers`, their number."};
}

void publish_result(Program& program, store::Store& store, const image::Image& image, const Origin& origin, const ResultOptions& options,
                    const std::function<void(oci::JsonWriter&)>& more)
{
  const auto task = program.task("store " + *options.tag);
  image::publish(image, origin, store, task);
  store.tag(*options.tag, image.descriptor, task);
  if (options.output) export_image(program, store, image, *options.tag, parse_output(*options.output));
  if (!program.json()) {
    program.print(image.descriptor.digest.str() + '\n');
    return;
  }
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("manifest", image.descriptor.digest).member("size_bytes", total_bytes(image)).member("tag", *options.tag);
  json.member("layers", image.manifest.layers.size());
  if (more) more(json);
  json.end_object();
  program.print(json);
}

std::string base_name(const std::string& argument)
{
  const auto reference = image::Reference::parse(argument);
  return reference.name.starts_with("sha256:") ? std::string() : reference.name;
}

image::LayerSettings layer_settings(const Program& program)
{
  const auto& settings = program.settings();
  image::LayerSettings out;
  out.compression = Compression::standard(settings.compression.value);
  if (settings.level.value) out.compression.level = *settings.level.value;
  out.threads = settings.jobs.value;
  out.mtime = layer::constant_mtime;
  return out;
}

std::pair<std::string, std::string> split_assignment(const std::string& option, const std::string& text)
{
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) throw UsageError(fmt::format("{}: {} is not NAME=VALUE", option, printable(text)));
  return {text.substr(0, equals), text.substr(equals + 1)};
}

image::NameChanges name_changes(const std::string& option, const std::vector<std::string>& set, const std::vector<std::string>& remove)
{
  image::NameChanges changes;
  for (const auto& text : set) changes.set.insert_or_assign(split_assignment(option, text).first, split_assignment(option, text).second);
  changes.remove = remove;
  return changes;
}

}  // namespace cairn::cli
