// SPDX-License-Identifier: Apache-2.0
#include <cli/image_result.hpp>

#include <cairn/base/error.hpp>
#include <cairn/layer/skeleton.hpp>

#include <fmt/format.h>

namespace cairn::cli {
namespace {

/// The repository that `--tag docker://…` names; nothing for a name in the store.
std::optional<std::string> registry_tag(const ResultOptions& options)
{
  constexpr std::string_view transport = "docker://";
  if (!options.tag->starts_with(transport)) return std::nullopt;
  return options.tag->substr(transport.size());
}

/// What the repository lacks is mounted from where the layers are, or sent; the tag comes last.
void publish_to_registry(Program& program, const image::Image& image, const Origin& origin, const std::string& name,
                         const RegistryFlags& flags)
{
  RegistryAccess access(program, flags);
  const auto target = access.push_to(name);
  if (target.name.digest)
    throw Error(Errc::bad_input, fmt::format("--tag docker://{}: give a tag; the digest of the result is not known yet", name));
  image::publish(image, origin, *target.repository, access.task());
  target.repository->tag(target.name.tag.value_or("latest"), image.descriptor, *target.repository, access.task());
}

}  // namespace

void add_result_options(Command& command, ResultOptions& options)
{
  command.option("--tag", "NAME:TAG", "name of the result in the store; or `docker://HOST/REPOSITORY:TAG`, which gets only what it lacks", options.tag).required();
  command.option("--output", "PLACE", "copy the result there too: `oci:DIR[:TAG]` or `oci-archive:FILE[:TAG]`", options.output);
  add_registry_options(command, options.registry);
}

void check_result_options(const ResultOptions& options)
{
  if (const auto name = registry_tag(options)) static_cast<void>(registry::Name::parse(*name));
  else store::check_tag_name(*options.tag);
  if (options.output && registry_tag(options)) throw UsageError("--output copies from the store: it does not go with --tag docker://…");
  if (options.output) static_cast<void>(parse_output(*options.output));
}

Section result_section()
{
  return {"JSON", "One object: `manifest` (digest), `size_bytes` (of everything), `tag`, and `layers`, their number."};
}

void publish_result(Program& program, store::Store& store, const image::Image& image, const Origin& origin, const ResultOptions& options,
                    const std::function<void(oci::JsonWriter&)>& more)
{
  if (const auto name = registry_tag(options)) {
    publish_to_registry(program, image, origin, *name, options.registry);
  } else {
    const auto task = program.task("store " + *options.tag);
    image::publish(image, origin, store, task);
    store.tag(*options.tag, image.descriptor, task);
  }
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
