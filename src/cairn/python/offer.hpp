// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/python/lock.hpp>
#include <cairn/python/wheel_name.hpp>

#include <optional>
#include <string>
#include <vector>

/// Choosing the wheel of a pin among the files that sources offer.
namespace cairn::python {

/// A file of a project, as an index or a directory lists it.
struct Offer {
  std::string file;
  std::string place;  ///< URL, or absolute path of a file on this machine
  bool is_local = false;
  std::optional<Digest> digest{};      ///< sha256; others say nothing to us
  std::string requires_python{};
  bool yanked = false;
  std::optional<std::uint64_t> size_bytes{};
  friend bool operator==(const Offer&, const Offer&) = default;
};

/// The best wheel for `pin`: among those whose hash is locked (or, where the source tells no hash, all) the one with the
/// best tag, then the highest build tag; yanked ones only when there is nothing else. Nothing when no wheel is offered at
/// all. Throws Error{not_found} naming the pin when wheels are offered and none fits: the nearest, and why each fell out.
[[nodiscard]] std::optional<Offer> choose(const Pin& pin, const std::vector<Offer>& offers, const Target& target, const TagRanks& ranks);

}  // namespace cairn::python
