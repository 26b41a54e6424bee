// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/library/lint_finding.hpp>
#include <cairn/library/units.hpp>

#include <string>
#include <vector>

/// The rules about a unit's files.
namespace cairn::library {

struct UnitFindings {
  std::vector<LintFinding> findings;
  std::vector<std::string> dropped;  ///< paths that an exclude pattern leaves out
};

/// Scan the unit and look into its programs and libraries. `all_roots` as in Units.
[[nodiscard]] UnitFindings lint_unit(const LintPlace& place, const Unit& unit, const std::vector<std::string>& all_roots, const Task& task);

}  // namespace cairn::library
