// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/build/base.hpp>
#include <cairn/build/build.hpp>
#include <cairn/recipe/base_file.hpp>
#include <cairn/store/store.hpp>
#include <cli/program.hpp>
#include <cli/registry_access.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What the commands that build on base images have in common.
namespace cairn::cli {

/// `$CAIRN_CACHE/debs`, or `cairn/debs` in the user's cache directory. Throws Error{bad_input} when there is neither.
[[nodiscard]] std::filesystem::path package_cache_path();

/// Where bases are looked for that nobody named: CAIRN_BASES, then beside the program and in its checkout.
[[nodiscard]] std::vector<std::filesystem::path> base_places();

[[nodiscard]] build::BaseSettings base_settings(const Program& program);

/// Settings of a build that is to be named `tag`, as the user's settings are.
[[nodiscard]] build::BuildSettings build_settings(const Program& program, const std::string& tag);

/// How builds open the images that recipes name. Any thread; `program` and `registry` outlive it.
[[nodiscard]] build::Surroundings build_surroundings(Program& program, const RegistryFlags& registry);

/// What `--isolation` says.
[[nodiscard]] build::Isolation isolation_of(const std::optional<std::string>& text);

/// The base's image, brought to `store` when it is one of a registry. Throws as BaseFile::read and build_base, and Error{not_found} that says
/// how to make the lock which is missing.
[[nodiscard]] image::Image make_base(Program& program, const recipe::BaseFile& base, store::Store& store, const RegistryFlags& registry,
                                     const Task& task);

}  // namespace cairn::cli
