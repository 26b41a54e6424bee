// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/library/document.hpp>
#include <cairn/volume/layout.hpp>

#include <optional>
#include <string>
#include <vector>

namespace cairn::volume {

/// What a library says about a tree as a whole: needed to find one unit's content in it.
struct TreeRules {
  std::string prefix;                  ///< archive path of the tree
  std::vector<std::string> all_roots;  ///< of all units, sorted
  std::vector<std::string> dropped;    ///< paths that the library left out
};

/// What a volume must have for a unit to be there.
struct UnitContent {
  Digest plain_digest;
  std::uint64_t plain_bytes = 0;
  std::vector<library::RootPath> roots;
};

/// Whether the volume itself (not `.cairn`) has the unit with the library's content: every root is there and real, and what split
/// would make of them has the fragment's plain digest.
[[nodiscard]] bool has_equal_content(const Layout& layout, const UnitContent& unit, const TreeRules& rules, const Task& task);

/// Make `.cairn/units/KEY` of it without copying: its directories stay where they are and are linked to, its files (modulefiles) are
/// copied. In place of `entries` there is `adopted`, with digests of both: what is there is as split found it, not as it would be
/// poured.
void adopt_unit(const Layout& layout, const std::vector<library::RootPath>& roots, const std::string& key, const TreeRules& rules,
                const Task& task);

/// What is wrong with a unit that was adopted: nothing, or one line. No value: it was poured.
[[nodiscard]] std::optional<std::string> check_adopted(const Layout& layout, const std::vector<library::RootPath>& roots,
                                                       const std::string& key, const TreeRules& rules, const Task& task);

}  // namespace cairn::volume
