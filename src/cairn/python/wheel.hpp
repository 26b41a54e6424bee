// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/python/entry_point.hpp>
#include <cairn/python/record.hpp>
#include <cairn/python/specifier.hpp>
#include <cairn/python/wheel_name.hpp>
#include <cairn/python/zip.hpp>

#include <filesystem>
#include <string>
#include <vector>

/// Wheels (PyPA "Binary distribution format"): what one holds and says of itself.
namespace cairn::python {

/// A wheel whose metadata is read and checked against its name. Any thread may read.
struct Wheel {
  WheelName name;
  ZipArchive archive;
  std::string info;        ///< `numpy-2.4.6.dist-info`
  bool is_pure = false;    ///< Root-Is-Purelib
  std::string requires_python{};  ///< empty: anything
  std::string project{};          ///< Name of METADATA, as written
  std::vector<RecordRow> record{};
  std::string entry_points{};     ///< of entry_points.txt; may be empty
  std::vector<std::string> warnings{};  ///< where RECORD is not what the archive holds, links, unusual versions

  /// Throws Error{bad_input} naming the wheel: no or several .dist-info, one that is not named as the file, a
  /// Wheel-Version of another major, no RECORD, WHEEL or METADATA; and what ZipArchive throws.
  [[nodiscard]] static Wheel open(const std::filesystem::path& file, const std::string& file_name);
};

/// Every content's hash and size against RECORD: what differs, one line each.
[[nodiscard]] std::vector<std::string> verify_record(const Wheel& wheel);

}  // namespace cairn::python
