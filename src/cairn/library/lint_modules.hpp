// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/lint_finding.hpp>
#include <cairn/library/units.hpp>
#include <cairn/module/tree.hpp>

#include <string>
#include <vector>

/// The rules about modulefiles, and about how the tree as a whole is made.
namespace cairn::library {

[[nodiscard]] std::vector<LintFinding> lint_modules(const LintPlace& place, const module::Tree& modules, const Units& units,
                                                    const Mapping& mapping);

}  // namespace cairn::library
