// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/hash.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// Content keys: what a step is made of, as one digest.
namespace cairn::build {

/// Part of every key: another number and nothing is known. Changes with the bytes that this version makes.
inline constexpr std::string_view key_format = "1";

/// Collects parts; no two lists of parts have one text.
class Key {
public:
  explicit Key(std::string_view kind) { add(key_format).add(kind); }
  Key& add(std::string_view part)
  {
    hash_.update(std::to_string(part.size()) + ':');
    hash_.update(part);
    return *this;
  }
  Key& add(const std::vector<std::string>& parts)
  {
    add(std::to_string(parts.size()));
    for (const auto& part : parts) add(part);
    return *this;
  }
  [[nodiscard]] std::string finish() { return hash_.finish().hex(); }

private:
  Sha256 hash_;
};

/// What a file, or all that a directory holds, is: names, kinds, the owner's executable bit, contents, link targets; neither times nor
/// owners. Names that `excludes` (fnmatch(3), of paths below it) match are left out. Throws Error{not_found}, Error{unsupported} for
/// sockets and devices.
[[nodiscard]] std::string tree_digest(const std::filesystem::path& tree, const std::vector<std::string>& excludes);

}  // namespace cairn::build
