// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {

enum class Align { left, right };
enum class Shrink { no, yes };

struct Column {
  std::string title;
  Align align = Align::left;
  Shrink shrink = Shrink::no;  ///< may be cut when the table is wider than the terminal
};

/// A table of text: a line of titles, then the rows. No lines drawn, so that `awk` and `cut` can read it.
class Table {
public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns. Cells are made safe for a terminal.
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// With a newline at the end. At most `columns` wide where shrinking can do that; nothing: as wide as it is.
  [[nodiscard]] std::string text(std::optional<std::size_t> columns) const;

private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace cairn::cli
