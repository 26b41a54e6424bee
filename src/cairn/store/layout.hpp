// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/store/store.hpp>

#include <filesystem>

/// The fixed names of a store and its making. For the room's own use.
namespace cairn::store::layout {

[[nodiscard]] inline std::filesystem::path blobs(const std::filesystem::path& store) { return store / "blobs" / "sha256"; }
[[nodiscard]] inline std::filesystem::path index(const std::filesystem::path& store) { return store / "index.json"; }
[[nodiscard]] inline std::filesystem::path own(const std::filesystem::path& store) { return store / "cairn"; }
[[nodiscard]] inline std::filesystem::path lock(const std::filesystem::path& store) { return own(store) / "lock"; }
[[nodiscard]] inline std::filesystem::path index_lock(const std::filesystem::path& store) { return own(store) / "index-lock"; }
[[nodiscard]] inline std::filesystem::path temporaries(const std::filesystem::path& store) { return own(store) / "tmp"; }

/// mkdir -p with mode 0755 for what is made, whatever the umask.
void make_directory(const std::filesystem::path& path);

/// Check that `store` is a layout this version can use; with Access::write make what is missing. See Store::Store.
void open(const std::filesystem::path& store, Access access);

}  // namespace cairn::store::layout
