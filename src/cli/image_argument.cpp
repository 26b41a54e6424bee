// SPDX-License-Identifier: Apache-2.0
#include <cli/image_argument.hpp>

#include <string>

namespace cairn::cli {

OpenImage open_image(const Program& program, const std::string& argument)
{
  auto store = std::make_unique<store::Store>(program.store_path(), store::Access::read);
  auto manifest = store->resolve(argument);
  return {std::move(store), std::move(manifest)};
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
