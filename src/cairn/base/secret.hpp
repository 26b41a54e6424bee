// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace cairn {

/// A password or token: formats as `***`, so that it cannot reach a log or an error by mistake. Any thread.
class Secret {
public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  /// The value itself: only for the request that needs it.
  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

private:
  std::string value_;
};

}  // namespace cairn

template <>
struct fmt::formatter<cairn::Secret> : fmt::formatter<std::string_view> {
  auto format(const cairn::Secret& secret, format_context& context) const
  {
    return formatter<std::string_view>::format(secret.empty() ? "" : "***", context);
  }
};
