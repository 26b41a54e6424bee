// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/build/container.hpp>
#include <cairn/image/image.hpp>
#include <cairn/recipe/step.hpp>

namespace cairn::build {

/// What a `packages` or `run` step does in a container of `image`, which lies in `blobs`.
[[nodiscard]] ContainerStep container_step(const recipe::Step& step, const oci::BlobSource& blobs, const image::Image& image, const Task& task);

}  // namespace cairn::build
