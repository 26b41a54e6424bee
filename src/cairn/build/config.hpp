// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/image.hpp>
#include <cairn/recipe/image_file.hpp>

#include <string>
#include <vector>

/// A recipe's wishes, in an image's config.
namespace cairn::build {

/// Variables that a recipe sets, with `${NAME}` filled in from what is set before: the base's, then the recipe's own in order. PATH has
/// the usual directories where the base sets none.
[[nodiscard]] std::vector<std::string> wished_env(const std::vector<std::string>& base, const recipe::ConfigWishes& wishes);

/// `image` with the wishes. Throws Error{bad_input} as image::mutate.
[[nodiscard]] image::Image with_wishes(const image::Image& image, const recipe::ConfigWishes& wishes, const std::string& created);

}  // namespace cairn::build
