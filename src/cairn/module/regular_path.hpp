// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace cairn::module {

/// `path` as Lmod 8.6.19 writes it in its cache (path_regularize): no outer white space, no `//`, no `/./`, no slash
/// at the end, `..` kept; nothing becomes one blank. A leading `~` is kept: whose home it is depends on the host.
[[nodiscard]] std::string regular_path(std::string_view path);

/// `text` without the white space of the C locale at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// The part after the last slash.
[[nodiscard]] std::string_view base_name(std::string_view path);

}  // namespace cairn::module
