// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/http/client.hpp>

#include <chrono>
#include <optional>
#include <string_view>

/// When to try again. For the room's own use.
namespace cairn::http {

/// Retry-After (RFC 9110, 10.2.3): seconds or an HTTP date, as a time from `now` (0 when past); nothing when it is neither.
[[nodiscard]] std::optional<std::chrono::seconds> retry_after(std::string_view value, std::chrono::system_clock::time_point now);

/// The pause after `failed` tries (1 or more).
[[nodiscard]] std::chrono::milliseconds backoff(const RetryPolicy& policy, unsigned failed, double chance);

}  // namespace cairn::http
