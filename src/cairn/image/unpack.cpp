// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/image/image.hpp>
#include <cairn/image/layer_source.hpp>
#include <cairn/tar/extract.hpp>

#include <fmt/format.h>

#include <unistd.h>

namespace cairn::image {

void unpack(const oci::BlobSource& blobs, const Image& image, const std::filesystem::path& root, const Task& task)
{
  std::error_code error;
  std::filesystem::create_directories(root, error);
  const bool empty = !error && std::filesystem::is_empty(root, error);
  if (error) throw_errno(error.value(), printable(root.native()));
  if (!empty) throw Error(Errc::exists, fmt::format("{}: is not empty", printable(root.native())));
  const tar::ExtractOptions options{.owner = ::geteuid() == 0 ? tar::Owner::archive : tar::Owner::caller};
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const auto& layer = image.manifest.layers[i];
    const auto what = fmt::format("layer {} ({})", i, layer.digest.str());
    const auto step = task.step(fmt::format("unpack layer {}", i), layer.size_bytes);
    LayerSource source(blobs, layer, step);
    tar::extract_layer(source, root, options, what, step);
    const auto found = source.finish();
    if (found != image.config.diff_ids[i])
      throw Error(Errc::corrupt, fmt::format("{}: diff_id is {}, the config says {}", what, found.str(), image.config.diff_ids[i].str()));
  }
}

}  // namespace cairn::image
