// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/containerfile.hpp>

#include <cairn/build/base.hpp>
#include <cairn/build/key.hpp>
#include <cairn/build/records.hpp>
#include <cairn/recipe/base_file.hpp>

namespace cairn::build {

Built build_containerfile(const Project& project, const BuildSettings& settings, store::Store& store, const Task& task)
{
  const auto hold = store.hold(LockMode::shared, task);
  recipe::BaseFile base;
  base.directory = project.directory;
  base.source = recipe::ContainerfileBase{project.wishes.containerfile};
  const BaseSettings base_settings{.package_cache = settings.package_cache,
                                   .compression = settings.layer.compression,
                                   .threads = settings.layer.threads,
                                   .created = settings.created};
  const Records records(store);
  const auto key = Key("containerfile").add(base_key(base, {}, base_settings)).finish();
  const auto known = settings.uses_records ? records.find_image(key) : std::nullopt;
  Built out;
  out.unchanged = known.has_value();
  out.image = known ? image::load(store, known->manifest) : build_base(base, {}, store, base_settings, task);
  records.keep_image(key, {.manifest = out.image.descriptor});
  if (!settings.tag.empty()) store.tag(settings.tag, out.image.descriptor, task);
  StepReport report{.layer = project.wishes.containerfile, .kind = "containerfile", .place = project.directory.native()};
  report.was_made = !known;
  report.why = known ? "neither the file nor the directory changed" : "the file or the directory is new";
  report.layers = out.image.manifest.layers.size();
  for (const auto& layer : out.image.manifest.layers) report.bytes += layer.size_bytes;
  out.steps.push_back(std::move(report));
  return out;
}

}  // namespace cairn::build
