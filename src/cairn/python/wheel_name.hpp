// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/python/target.hpp>
#include <cairn/python/version.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn::python {

/// What a wheel's file name says (PEP 427, "File name convention").
struct WheelName {
  std::string file;  ///< the name itself
  std::string name;  ///< canonical (PEP 503)
  Version version;
  std::string version_text;  ///< as written: it names the .dist-info directory
  std::optional<std::pair<std::uint64_t, std::string>> build;  ///< `10a` is (10, "a"); none is less than any
  std::vector<Tag> tags;     ///< compressed sets expanded

  /// Throws Error{bad_input} naming the file and what is wrong.
  [[nodiscard]] static WheelName parse(std::string_view file);
  /// As `parse`; nothing for what is no wheel's name.
  [[nodiscard]] static std::optional<WheelName> try_parse(std::string_view file);
};

}  // namespace cairn::python
