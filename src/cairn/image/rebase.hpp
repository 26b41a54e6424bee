// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/edit.hpp>

#include <optional>
#include <string>

namespace cairn::image {

/// What an image says that it was built on: annotations of the manifest, else labels.
struct Base {
  std::string name;              ///< may be empty
  std::optional<Digest> digest;  ///< of a manifest or an index
};
/// Nothing when the image says nothing. Throws Error{bad_input} for a digest that is none.
[[nodiscard]] std::optional<Base> base_of(const Image& image);

/// `image` says from now on that it was built on `base`.
[[nodiscard]] Image with_base(const Image& image, const Base& base);

/// `image`, which starts with the layers of `old_base`, on `new_base` instead. The layers above stay as they are. The config
/// is merged piece by piece: what is as the old base had it becomes as the new base has it, what the image changed stays;
/// a variable that extends the old base's value (`/app/bin:$PATH`) extends the new one's. The history of the old base is
/// replaced. Throws Error{bad_input} when a layer of the old base is missing (by diff_id, so that other compression does
/// not matter), or when the new base is for another platform; Error{limit} for too many layers.
[[nodiscard]] Image rebase(const Image& image, const Image& old_base, const Image& new_base, const std::string& created);

}  // namespace cairn::image
