// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

namespace cairn::cli {

/// Columns of the terminal that `fd` is; nothing when it is none.
[[nodiscard]] std::optional<std::size_t> terminal_columns(int fd);
/// Rows, likewise.
[[nodiscard]] std::optional<std::size_t> terminal_rows(int fd);

}  // namespace cairn::cli
