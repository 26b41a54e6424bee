// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/hash.hpp>

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

}  // namespace cairn::build
