// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/python/lock.hpp>

#include <string>
#include <string_view>

/// The three kinds of lock, each read into the one model. For the room's own use.
namespace cairn::python {

inline constexpr std::uint64_t lock_limit_bytes = std::uint64_t{64} << 20;

void read_pipfile_lock(Lock& lock, std::string_view text, const std::string& what, const LockOptions& options);
void read_pylock(Lock& lock, std::string_view text, const std::string& what, const LockOptions& options);
/// `-r` files are read beside the file.
void read_requirements(Lock& lock, std::string_view text, const std::string& what);

/// `sha256:<hex>` to a digest; other algorithms are nothing, since what is not sha256 is not trusted.
[[nodiscard]] std::optional<Digest> locked_hash(std::string_view algorithm, std::string_view hex);
/// Add hashes, sorted, each once.
void set_hashes(Pin& pin, std::vector<Digest> hashes);

}  // namespace cairn::python
