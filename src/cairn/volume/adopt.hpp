// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/library/document.hpp>
#include <cairn/volume/layout.hpp>

#include <string>
#include <vector>

namespace cairn::volume {

/// Whether the volume itself (not `.cairn`) has the unit with the library's content: every root is there, real, and what split would make
/// of them has the fragment's plain digest. `others`: all roots of the library, sorted.
[[nodiscard]] bool has_equal_content(const Layout& layout, const library::FragmentInfo& fragment, const std::vector<std::string>& others,
                                     const std::string& prefix, const Task& task);

/// Make `.cairn/units/KEY` of it without copying: its directories stay where they are and are linked to, its files (modulefiles) are
/// copied.
void adopt_unit(const Layout& layout, const library::FragmentInfo& fragment, const std::string& key);

}  // namespace cairn::volume
