// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/copy.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

namespace cairn::image {
namespace {

void copy_blob(const oci::BlobSource& blobs, const oci::Descriptor& blob, const std::string& what, oci::BlobTarget& target,
               const Task& task)
{
  task.check();
  if (target.has(blob)) return;
  const auto step = task.step(what, blob.size_bytes);
  in_context([&] { return what; }, [&] { target.put(blob, *blobs.open(blob), step); });
}

}  // namespace

void copy_image(const oci::BlobSource& blobs, const Image& image, oci::BlobTarget& target, const Task& task)
{
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i)
    copy_blob(blobs, image.manifest.layers[i], fmt::format("layer {}", i), target, task);
  copy_blob(blobs, image.manifest.config, "config", target, task);
  copy_blob(blobs, image.descriptor, "manifest", target, task);
}

}  // namespace cairn::image
