// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/describe.hpp>

#include <cairn/image/image.hpp>
#include <cairn/library/library.hpp>
#include <cairn/oci/architecture.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace cairn::library {
namespace {

/// What library.yaml says of the module, else of all versions of its name.
Requirement requirement_of(const Mapping& mapping, std::string_view name)
{
  for (;;) {
    if (const auto found = mapping.requirements.find(std::string(name)); found != mapping.requirements.end()) return found->second;
    const auto slash = name.rfind('/');
    if (slash == std::string_view::npos) return {};
    name = name.substr(0, slash);
  }
}

ModuleInfo module_info(const module::Modulefile& modulefile, const Mapping& mapping)
{
  ModuleInfo info{modulefile.full_name,   modulefile.path, modulefile.modulepath, modulefile.hidden,
                  modulefile.description, modulefile.url,  modulefile.category,   modulefile.extensions, {}};
  if (const auto text = mapping.descriptions.find(info.name); text != mapping.descriptions.end()) info.description = text->second;
  info.requirement = requirement_of(mapping, info.name);
  return info;
}

}  // namespace

void describe_tree(const SourceTree& source, const Mapping& mapping, std::vector<std::string> dropped, Document& document)
{
  document.target = source.target;
  document.modulepath = source.modules.modulepath;
  document.dropped = std::move(dropped);
  std::ranges::sort(document.dropped);
  document.featured = mapping.featured;
  std::ranges::sort(document.featured);
  for (const auto& alias : source.modules.aliases) document.aliases.push_back({alias.name, alias.target});
  std::ranges::sort(document.aliases, {}, &AliasInfo::name);
}

void describe_unit(const UnitContents& contents, const SourceTree& source, const Mapping& mapping, Document& document)
{
  UnitInfo info;
  info.name = contents.unit.name;
  info.kind = contents.unit.kind;
  for (const auto index : contents.unit.modulefiles) info.modules.push_back(module_info(source.modules.modulefiles[index], mapping));
  std::ranges::sort(info.modules, {}, &ModuleInfo::path);
  info.dependencies = contents.unit.dependencies;
  info.missing = contents.unit.missing;
  info.files = contents.scan.counts.files;
  info.content_bytes = contents.scan.counts.content_bytes;
  if (info.kind == UnitKind::rest)
    for (const auto& root : contents.roots) document.rest.push_back(root.path);
  document.units.push_back(std::move(info));
}

oci::Descriptor put_manifest(const Document& document, const layer::PackedLayer& index, const SplitSettings& settings, store::Store& store)
{
  oci::ImageConfig config;
  config.created = settings.created;
  config.platform = {oci::own_architecture(), "linux", ""};
  config.labels["dev.cairn.library.target"] = document.target;
  oci::Manifest manifest;
  const auto add = [&](const Digest& digest, std::uint64_t size, const Digest& diff_id, Codec codec, std::string_view kind) {
    auto layer = image::layer_descriptor(codec, digest, size);
    layer.annotations[std::string(annotation::layer)] = kind;
    manifest.layers.push_back(std::move(layer));
    config.diff_ids.push_back(diff_id);
    config.history.push_back({settings.created, fmt::format("cairn split: {}", kind), "", false});
  };
  for (const auto& layer : document.layers) add(layer.digest, layer.size_bytes, layer.diff_id, layer.compression.codec, "units");
  add(index.digest, index.size_bytes, index.diff_id, settings.compression.codec, "index");
  manifest.config = store.put(config.json(), std::string(oci::media_type::config));
  manifest.annotations[std::string(annotation::format)] = fmt::format("{}", document_format);
  return store.put(manifest.json(), std::string(oci::media_type::manifest));
}

}  // namespace cairn::library
