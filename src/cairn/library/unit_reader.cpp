// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/unit_reader.hpp>

#include <cairn/base/log.hpp>

#include <fmt/format.h>

namespace cairn::library {
namespace {

/// A unit that changes while it is read is read again this often in all.
constexpr int most_attempts = 3;

}  // namespace

void UnitReader::take(UnitContents& unit, const Error& error)
{
  forget(unit);
  const bool changed = error.code() == Errc::changed || error.code() == Errc::not_found;
  if (!changed) unit.failure = error.what();
  else if (unit.attempts++ == most_attempts)
    unit.failure = fmt::format("{} (read {} times); split when nobody writes there", error.what(), most_attempts);
  else log::info("unit {} changed while it was read; reading it again", unit.unit.name);
}

void UnitReader::scan(UnitContents& unit, const Task& task) const
{
  unit.scan = layer::scan(tree_, unit.unit.roots, options_, task);
  unit.at_hand = true;
  unit.marked = false;
  unit.roots.clear();
  for (const auto& root : unit.scan.contents.roots) unit.roots.push_back({root.path, root.is_directory});
}

void UnitReader::mark(UnitContents& unit, const Task& task) const
{
  if (unit.marked) return;
  unit.stale = layer::mark_bytecode(tree_, unit.scan.contents, task);
  unit.keeps_mtimes = layer::binds_to_mtimes(unit.scan.contents);
  unit.marked = true;
}

layer::FragmentSpec UnitReader::spec(const UnitContents& unit) const
{
  return {&unit.scan.contents, options_.prefix, unit.keeps_mtimes ? layer::Mtimes::kept : layer::Mtimes::constant};
}

std::uint64_t UnitReader::plain_bytes(const UnitContents& unit) const
{
  const auto written = spec(unit);
  std::uint64_t total = 0;
  layer::FrameCursor cursor(written);
  while (const auto frame = cursor.next()) total += frame->bytes;
  return total;
}

void UnitReader::forget(UnitContents& unit)
{
  unit.scan.contents = {};
  unit.at_hand = false;
}

void UnitReader::tell(const UnitContents& unit, std::vector<layer::Problem>& problems)
{
  if (unit.failure) problems.push_back({unit.unit.roots.front(), fmt::format("unit {}: {}", unit.unit.name, *unit.failure)});
  else problems.insert(problems.end(), unit.scan.problems.begin(), unit.scan.problems.end());
}

}  // namespace cairn::library
