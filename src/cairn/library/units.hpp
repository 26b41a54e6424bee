// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/document.hpp>
#include <cairn/library/split.hpp>
#include <cairn/module/tree.hpp>

#include <string>
#include <vector>

/// Which parts of a tree are shipped alone.
namespace cairn::library {

struct Unit {
  std::string name;
  UnitKind kind = UnitKind::software;
  std::vector<std::string> roots;            ///< relative to the tree, sorted
  std::vector<std::size_t> modulefiles;      ///< indices into module::Tree::modulefiles
  std::vector<std::string> dependencies;     ///< names of units, sorted; what modulefiles say
  std::vector<std::string> missing;          ///< modules that no modulefile of the tree provides, sorted
};

struct Units {
  std::vector<Unit> units;             ///< sorted by name; each path of the tree belongs to one unit, the index or nothing
  std::vector<std::string> index;      ///< roots that go into the index layer: defaults, rc files, the featured list
  std::vector<std::string> dropped;    ///< excluded paths that lie in no unit
  std::vector<std::string> all_roots;  ///< of all units and the index, sorted
  std::vector<layer::Problem> problems;  ///< directories that cannot be read, names that no layer can carry
};

/// Form the units of a tree (a directory descriptor). `target` is where modulefiles say the tree is.
/// Rules: docs/formats/library.md "Units".
[[nodiscard]] Units form_units(int tree, const module::Tree& modules, const std::string& target, const Mapping& mapping,
                               const std::vector<std::string>& excludes, const Task& task);

}  // namespace cairn::library
