// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/wheel.hpp>

#include <cairn/base/error.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace cairn::python {
namespace {

constexpr std::uint64_t metadata_limit_bytes = std::uint64_t{8} << 20;
constexpr std::uint64_t record_limit_bytes = std::uint64_t{64} << 20;
constexpr std::size_t verified_limit_bytes = std::size_t{1} << 30;

[[noreturn]] void bad(const std::string& file, std::string_view why)
{
  throw Error(Errc::bad_input, fmt::format("wheel {}: {}", printable(file), why));
}

/// The first header of that name of an RFC 822 text, up to the empty line.
std::optional<std::string> header(std::string_view text, std::string_view name)
{
  for (const auto line : split_lines(text)) {
    if (line.empty()) break;
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && to_lower(trim(line.substr(0, colon))) == to_lower(name))
      return std::string(trim(line.substr(colon + 1)));
  }
  return std::nullopt;
}

std::string find_info(const WheelName& name, const ZipArchive& archive)
{
  std::set<std::string> found;
  for (const auto& entry : archive.entries()) {
    const auto first = entry.name.substr(0, entry.name.find('/'));
    if (first.ends_with(".dist-info") && (first.size() < entry.name.size() || entry.is_directory)) found.insert(first);
  }
  if (found.empty()) bad(name.file, "has no .dist-info directory");
  if (found.size() > 1) bad(name.file, fmt::format("has several .dist-info directories: {}", fmt::join(found, ", ")));
  const auto& info = *found.begin();
  const auto stem = std::string_view(info).substr(0, info.size() - std::string_view(".dist-info").size());
  const auto dash = stem.rfind('-');
  if (dash == std::string_view::npos || canonical_name(stem.substr(0, dash)) != name.name)
    bad(name.file, fmt::format("its directory {} belongs to another project", printable(info)));
  const auto version = Version::parse(stem.substr(dash + 1));
  if (!version || *version != name.version) bad(name.file, fmt::format("its directory {} belongs to another version", printable(info)));
  return info;
}

std::string read_needed(const WheelName& name, const ZipArchive& archive, const std::string& path, std::uint64_t limit_bytes)
{
  const auto* entry = archive.find(path);
  if (entry == nullptr || entry->is_directory) bad(name.file, fmt::format("has no {}", printable(path)));
  return archive.read(*entry, limit_bytes);
}

void read_wheel_file(Wheel& wheel)
{
  const auto text = read_needed(wheel.name, wheel.archive, wheel.info + "/WHEEL", metadata_limit_bytes);
  const auto version = header(text, "Wheel-Version");
  if (!version) bad(wheel.name.file, "its WHEEL has no Wheel-Version");
  const auto parsed = Version::parse(*version);
  if (!parsed) bad(wheel.name.file, fmt::format("Wheel-Version {} is no version", printable(*version)));
  if (parsed->release[0] != 1)
    throw Error(Errc::unsupported,
                fmt::format("wheel {}: Wheel-Version {}: cairn reads version 1", printable(wheel.name.file), printable(*version)));
  if (parsed->release.size() > 1 && parsed->release[1] > 0)
    wheel.warnings.push_back(fmt::format("Wheel-Version {} is newer than 1.0", *version));
  wheel.is_pure = to_lower(header(text, "Root-Is-Purelib").value_or("")) == "true";
}

void read_metadata(Wheel& wheel)
{
  const auto text = read_needed(wheel.name, wheel.archive, wheel.info + "/METADATA", metadata_limit_bytes);
  wheel.project = header(text, "Name").value_or("");
  if (canonical_name(wheel.project) != wheel.name.name)
    bad(wheel.name.file, fmt::format("its METADATA is of the project {}", printable(wheel.project)));
  const auto version = Version::parse(header(text, "Version").value_or(""));
  if (!version || *version != wheel.name.version) bad(wheel.name.file, "its METADATA is of another version");
  wheel.requires_python = header(text, "Requires-Python").value_or("");
}

/// Where RECORD and the archive name different files, or a small metadata file has another hash.
void compare_record(Wheel& wheel)
{
  std::map<std::string_view, const RecordRow*> rows;
  for (const auto& row : wheel.record)
    if (!rows.try_emplace(row.path, &row).second) wheel.warnings.push_back(fmt::format("RECORD lists {} twice", printable(row.path)));
  for (const auto& entry : wheel.archive.entries()) {
    if (entry.is_directory) continue;
    const auto row = rows.find(entry.name);
    const bool is_signature =
        entry.name == wheel.info + "/RECORD" || entry.name == wheel.info + "/RECORD.jws" || entry.name == wheel.info + "/RECORD.p7s";
    if (row == rows.end()) {
      if (!is_signature) wheel.warnings.push_back(fmt::format("RECORD lacks {}", printable(entry.name)));
    } else {
      if (!row->second->size.empty() && row->second->size != std::to_string(entry.plain_bytes))
        wheel.warnings.push_back(fmt::format("RECORD says that {} has {} bytes, it has {}", printable(entry.name),
                                             printable(row->second->size), entry.plain_bytes));
      if (!row->second->hash.empty() && entry.name.starts_with(wheel.info + "/") && entry.plain_bytes <= metadata_limit_bytes &&
          !is_signature) {
        auto hash = row->second->hash;
        while (hash.ends_with('=')) hash.pop_back();
        if (hash.starts_with("sha256=") && hash != record_hash(wheel.archive.read(entry, metadata_limit_bytes)))
          wheel.warnings.push_back(fmt::format("RECORD has another hash of {}", printable(entry.name)));
      }
      rows.erase(row);
    }
    if ((entry.mode & 0170000) == 0120000)
      wheel.warnings.push_back(
          fmt::format("{} is a symbolic link: installed as a file that holds its target, as pip does", printable(entry.name)));
  }
  for (const auto& [path, row] : rows) wheel.warnings.push_back(fmt::format("RECORD lists {}, which is not there", printable(path)));
}

}  // namespace

Wheel Wheel::open(const std::filesystem::path& file, const std::string& file_name)
{
  auto name = WheelName::parse(file_name);
  ZipArchive archive(file);
  auto info = find_info(name, archive);
  Wheel wheel{std::move(name), std::move(archive), std::move(info)};
  read_wheel_file(wheel);
  read_metadata(wheel);
  wheel.record = parse_record(read_needed(wheel.name, wheel.archive, wheel.info + "/RECORD", record_limit_bytes),
                              fmt::format("wheel {}: RECORD", printable(file_name)));
  if (const auto* entry = wheel.archive.find(wheel.info + "/entry_points.txt"); entry != nullptr && !entry->is_directory)
    wheel.entry_points = wheel.archive.read(*entry, metadata_limit_bytes);
  compare_record(wheel);
  return wheel;
}

std::vector<std::string> verify_record(const Wheel& wheel)
{
  std::vector<std::string> problems;
  for (const auto& row : wheel.record) {
    const auto* entry = wheel.archive.find(row.path);
    if (entry == nullptr || entry->is_directory || row.hash.empty()) continue;
    auto hash = row.hash;
    while (hash.ends_with('=')) hash.pop_back();
    if (!hash.starts_with("sha256=")) problems.push_back(fmt::format("RECORD has a hash of {} that is not sha256", printable(row.path)));
    else if (hash != record_hash(wheel.archive.read(*entry, verified_limit_bytes)))
      problems.push_back(fmt::format("RECORD has another hash of {}", printable(row.path)));
  }
  return problems;
}

}  // namespace cairn::python
