// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

/// RFC 4648, section 4. For the room's own use.
namespace cairn::registry {

[[nodiscard]] std::string to_base64(std::string_view bytes);
/// With or without padding; nothing when `text` is not base64.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace cairn::registry
