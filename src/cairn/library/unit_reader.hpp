// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/error.hpp>
#include <cairn/base/task.hpp>
#include <cairn/layer/contents.hpp>
#include <cairn/layer/frame.hpp>
#include <cairn/library/document.hpp>
#include <cairn/library/units.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Reading units of a tree that others may write to meanwhile.
namespace cairn::library {

/// What is known of a unit's content.
struct UnitContents {
  Unit unit;
  layer::Scan scan;
  bool at_hand = false;            ///< false: not scanned yet, or forgotten to save memory; `steadily` scans
  bool marked = false;             ///< bytecode was looked for
  bool keeps_mtimes = false;
  std::vector<std::string> stale;  ///< bytecode that is not shipped
  std::vector<RootPath> roots;
  int attempts = 1;
  std::optional<std::string> failure;  ///< why it cannot be shipped, told once

  [[nodiscard]] bool readable() const { return !failure && scan.problems.empty(); }
};

/// Reads the units of one tree; different units side by side.
class UnitReader {
public:
  /// `tree` is a directory descriptor that outlives the reader, and so do the roots that `options` points at.
  UnitReader(int tree, layer::ScanOptions options) : tree_(tree), options_(std::move(options)) {}

  /// Scan the unit if its contents are not at hand, and do `body`, which reads them. When the unit changes meanwhile, all
  /// of it again. False: that did not help, or it cannot be read; `failure` or the scan's problems say why.
  template <class Body>
  bool steadily(UnitContents& unit, const Task& task, Body&& body) const
  {
    while (!unit.failure) {
      try {
        if (!unit.at_hand) scan(unit, task);
        if (!unit.scan.problems.empty()) return false;
        body();
        return true;
      } catch (const Error& error) {
        take(unit, error);
      }
    }
    return false;
  }

  /// An error of reading a unit: it is to be scanned again, or it failed.
  static void take(UnitContents& unit, const Error& error);

  /// Look at the bytecode of a unit whose contents are at hand.
  void mark(UnitContents& unit, const Task& task) const;

  /// How a marked unit is written.
  [[nodiscard]] layer::FragmentSpec spec(const UnitContents& unit) const;

  /// Exact plain bytes of a marked unit's fragment.
  [[nodiscard]] std::uint64_t plain_bytes(const UnitContents& unit) const;

  /// Free the memory that a scan takes; its counts and fingerprint stay.
  static void forget(UnitContents& unit);

  /// What keeps the unit from being shipped, after `steadily` was false.
  static void tell(const UnitContents& unit, std::vector<layer::Problem>& problems);

private:
  void scan(UnitContents& unit, const Task& task) const;

  int tree_;
  layer::ScanOptions options_;
};

}  // namespace cairn::library
