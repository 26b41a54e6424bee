// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/image/image.hpp>
#include <cairn/library/library.hpp>

#include <string>
#include <utility>
#include <vector>

/// What manifests say of images: read from the images.
namespace cairn::deploy {

/// What an image holds. Versions as it has them.
struct ImageFacts {
  Digest digest;       ///< that clusters pull: of the manifest or the index
  std::string python;  ///< `3.12`; empty: it has no stack
  std::string lmod;    ///< its LMOD_VERSION; may be empty
  std::vector<std::pair<std::string, std::string>> packages;  ///< distribution and version, by name
};

/// `digest` is of what a user named: the manifest's, or that of the index that led to it. Throws as stack::read_stack.
[[nodiscard]] ImageFacts facts_of(const image::Image& image, const Digest& digest);

struct LibraryFacts {
  Digest digest;
  std::string target;
  std::size_t modules = 0;
};
[[nodiscard]] LibraryFacts facts_of(const library::Library& library, const Digest& digest);

/// `[{"name":"Python","version":"v3.12"}]`: what `opendatahub.io/notebook-software` holds.
[[nodiscard]] std::string software_json(const ImageFacts& facts);
/// What `opendatahub.io/notebook-python-dependencies` holds: `chosen` distributions, or, when that is empty, those that people look for
/// (all, of a small stack). Versions have two parts, as the dashboard shows them. Throws Error{not_found} for a chosen one that is not there.
[[nodiscard]] std::string dependencies_json(const ImageFacts& facts, const std::vector<std::string>& chosen);

}  // namespace cairn::deploy
