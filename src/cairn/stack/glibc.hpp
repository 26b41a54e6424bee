// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <utility>

namespace cairn::stack {

/// The version that the content of a `libc.so.6` says: 2 and 36. Nothing when it is not glibc's.
[[nodiscard]] std::optional<std::pair<unsigned, unsigned>> glibc_version(std::string_view library);

}  // namespace cairn::stack
