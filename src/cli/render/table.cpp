// SPDX-License-Identifier: Apache-2.0
#include <cli/render/table.hpp>

#include <cli/render/text.hpp>

#include <algorithm>
#include <cassert>
#include <numeric>

namespace cairn::cli {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_columns = 8;  // a shrinking column is not cut below this

}  // namespace

void Table::add(std::vector<std::string> cells)
{
  assert(cells.size() == columns_.size());
  for (auto& cell : cells) cell = safe(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text(std::optional<std::size_t> columns) const
{
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto widest = width(columns_[i].title);
    for (const auto& row : rows_) widest = std::max(widest, width(row[i]));
    widths.push_back(widest);
  }
  if (columns) {
    auto total = std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
    while (total > *columns) {
      // The widest of those that may shrink gives one column.
      std::optional<std::size_t> widest;
      for (std::size_t i = 0; i < widths.size(); ++i) {
        if (columns_[i].shrink == Shrink::no || widths[i] <= least_columns) continue;
        if (!widest || widths[i] > widths[*widest]) widest = i;
      }
      if (!widest) break;
      --widths[*widest];
      --total;
    }
  }

  std::string out;
  const auto add_row = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string cell = fit(cell_of(i), widths[i]);
      const std::string padding(widths[i] - width(cell), ' ');
      if (i != 0) line.append(gap, ' ');
      line += columns_[i].align == Align::right ? padding + cell : cell + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  add_row([&](std::size_t i) { return columns_[i].title; });
  for (const auto& row : rows_) add_row([&](std::size_t i) { return row[i]; });
  return out;
}

}  // namespace cairn::cli
