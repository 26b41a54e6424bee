// SPDX-License-Identifier: Apache-2.0
#include <cli/image_argument.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/archive.hpp>
#include <cairn/image/copy.hpp>
#include <cairn/image/docker_archive.hpp>
#include <cairn/os/child.hpp>
#include <cli/command_line.hpp>

#include <fmt/format.h>

#include <string>
#include <utility>

namespace cairn::cli {

std::string run_buildah(std::vector<std::string> arguments, const Task& task)
{
  arguments.insert(arguments.begin(), "buildah");
  constexpr std::chrono::hours deadline{2};
  const auto result = run_program({.arguments = arguments, .input = {}, .variables = {}, .deadline = deadline}, task);
  if (result.status == 0) return result.output;
  auto last = result.errors;
  while (last.ends_with('\n')) last.pop_back();
  throw Error(Errc::tool,
              fmt::format("buildah {}: exit status {}: {}", arguments[1], result.status, printable(last.substr(last.rfind('\n') + 1))));
}

OpenImage open_image(Program& program, const std::string& argument, const RegistryFlags& flags)
{
  using Kind = image::Reference::Kind;
  const auto reference = image::Reference::parse(argument);
  switch (reference.kind) {
    case Kind::store: {
      auto store = std::make_unique<store::Store>(program.open_store(store::Access::read));
      auto manifest = store->resolve(reference.name);
      return {nullptr, nullptr, std::move(store), std::move(manifest)};
    }
    case Kind::oci_layout: {
      auto layout = std::make_unique<store::Store>(reference.path, store::Access::read);
      auto manifest = reference.name.empty() ? layout->only() : layout->resolve(reference.name);
      return {nullptr, nullptr, std::move(layout), std::move(manifest)};
    }
    case Kind::oci_archive: {
      auto archive = std::make_unique<image::OciArchive>(reference.path, program.task("read " + reference.path.string()));
      auto manifest = archive->resolve(reference.name);
      return {nullptr, nullptr, std::move(archive), std::move(manifest)};
    }
    case Kind::docker_archive: {
      auto archive =
          std::make_unique<image::DockerArchive>(reference.path, reference.name, program.task("read " + reference.path.string()));
      auto manifest = archive->manifest();
      return {nullptr, nullptr, std::move(archive), std::move(manifest)};
    }
    case Kind::containers_storage: {
      auto directory = std::make_unique<TempDir>();
      const auto file = directory->path() / "image.tar";
      const auto task = program.task("read " + argument);
      run_buildah({"push", "--quiet", "--disable-compression", reference.name, "oci-archive:" + file.native() + ":image"}, task);
      auto archive = std::make_unique<image::OciArchive>(file, task);
      auto manifest = archive->resolve("image");
      return {nullptr, std::move(directory), std::move(archive), std::move(manifest)};
    }
    case Kind::registry: {
      auto access = std::make_unique<RegistryAccess>(program, flags);
      auto found = access->find(reference.name);
      return {std::move(access), nullptr, std::move(found.repository), std::move(found.manifest)};
    }
  }
  throw Error(Errc::unsupported, fmt::format("{}: not a place that cairn reads", printable(argument)));
}

void export_image(Program& program, const store::Store& store, const image::Image& image, const std::string& name,
                  const image::Reference& output)
{
  using Kind = image::Reference::Kind;
  const auto task = program.task("write " + output.path.string());
  const auto& ref_name = output.name.empty() ? name : output.name;
  if (output.kind == Kind::oci_archive) {
    image::write_oci_archive(store, image, ref_name, output.path, task);
  } else {
    store::Store layout(output.path, store::Access::write);
    image::copy_image(store, image, layout, task);
    layout.tag(ref_name, image.descriptor, task);
  }
}

image::Reference parse_output(const std::string& argument)
{
  using Kind = image::Reference::Kind;
  auto reference = image::Reference::parse(argument);
  if (reference.kind == Kind::oci_layout || reference.kind == Kind::oci_archive) return reference;
  throw UsageError(fmt::format("--output: {} is neither oci:DIR[:TAG] nor oci-archive:FILE[:TAG]", printable(argument)));
}

std::optional<library::Library> load_library(const OpenImage& open, const image::Image& image)
{
  if (!image.manifest.annotations.contains(std::string(library::annotation::format))) return std::nullopt;
  return library::load(*open.blobs, open.manifest);
}

std::uint64_t total_bytes(const image::Image& image)
{
  auto total = image.descriptor.size_bytes + image.manifest.config.size_bytes;
  for (const auto& layer : image.manifest.layers) total += layer.size_bytes;
  return total;
}

}  // namespace cairn::cli
