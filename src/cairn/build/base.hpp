// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/image/image.hpp>
#include <cairn/io/codec.hpp>
#include <cairn/recipe/base_file.hpp>
#include <cairn/store/store.hpp>

#include <cstddef>
#include <filesystem>
#include <string>

/// Base images from their definitions.
namespace cairn::build {

struct BaseSettings {
  std::filesystem::path package_cache;  ///< .debs by sha256, shared by everything
  Compression compression{};
  std::size_t threads = 0;
  std::string created;                  ///< RFC 3339
};

/// What the machine's package sources offer today for `base`, with all dependencies. Throws Error{not_found} naming a package that
/// nobody has and the nearest one, Error{tool}.
[[nodiscard]] recipe::BaseLock lock_base(const recipe::BaseFile& base, const BaseSettings& settings, const Task& task);

/// The base's image in `store` (not tagged): exactly the packages of `lock`, which come from the cache or, by their digests, from the
/// machine's sources. The same lock gives the same bytes; nothing of the host is in them, no device, no log. What is in the store
/// already is only looked up. Throws Error{not_found} naming a package that is gone from the sources, and the version there is;
/// Error{corrupt} for other bytes; Error{tool} when mmdebstrap is missing or fails.
[[nodiscard]] image::Image build_base(const recipe::BaseFile& base, const recipe::BaseLock& lock, store::Store& store,
                                      const BaseSettings& settings, const Task& task);

/// What the base's image depends on, as hexadecimal text: the content key of `build_base`.
[[nodiscard]] std::string base_key(const recipe::BaseFile& base, const recipe::BaseLock& lock, const BaseSettings& settings);

}  // namespace cairn::build
