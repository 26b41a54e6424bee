// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

/// RECORD: which files an installed project has (recording installed projects, PyPA specifications). CSV as Python's.
namespace cairn::python {

struct RecordRow {
  std::string path;
  std::string hash;  ///< `sha256=` and URL-safe base64 without padding; may be empty
  std::string size;  ///< decimal; may be empty
  friend auto operator<=>(const RecordRow&, const RecordRow&) = default;
};

/// Fields beyond the third are dropped, missing ones are empty, empty lines are skipped. Throws Error{bad_input} naming
/// `what` for an open quote.
[[nodiscard]] std::vector<RecordRow> parse_record(std::string_view text, const std::string& what);
/// Sorted, with CRLF, as pip writes it.
[[nodiscard]] std::string record_text(std::vector<RecordRow> rows);
/// `sha256=…` of `content`.
[[nodiscard]] std::string record_hash(std::string_view content);

}  // namespace cairn::python
