// SPDX-License-Identifier: Apache-2.0
#include <cairn/http/retry.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <string>

namespace cairn::http {
namespace {

constexpr std::array transient{408, 429, 499, 500, 502, 503, 504, 522};

/// `Sun, 06 Nov 1994 08:49:37 GMT`; the obsolete forms of RFC 9110, 5.6.7 are not sent by anybody.
std::optional<std::chrono::system_clock::time_point> http_date(std::string_view value)
{
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (value.size() != 29 || value.substr(3, 2) != ", " || value.substr(25) != " GMT") return std::nullopt;
  const auto month = std::ranges::find(months, value.substr(8, 3));
  const auto number = [&](std::size_t at, std::size_t size) {
    int out = -1;
    const auto text = value.substr(at, size);
    const auto [end, problem] = std::from_chars(text.data(), text.data() + size, out);
    return problem == std::errc{} && end == text.data() + size ? out : -1;
  };
  std::tm parts{};
  parts.tm_mday = number(5, 2);
  parts.tm_year = number(12, 4) - 1900;
  parts.tm_hour = number(17, 2);
  parts.tm_min = number(20, 2);
  parts.tm_sec = number(23, 2);
  if (month == months.end() || parts.tm_mday < 1 || parts.tm_hour < 0 || parts.tm_min < 0 || parts.tm_sec < 0) return std::nullopt;
  parts.tm_mon = static_cast<int>(month - months.begin());
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace

bool is_transient(int status) { return std::ranges::find(transient, status) != transient.end(); }

std::optional<std::chrono::seconds> retry_after(std::string_view value, std::chrono::system_clock::time_point now)
{
  std::uint32_t seconds = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (problem == std::errc{} && end == value.data() + value.size()) return std::chrono::seconds(seconds);
  const auto date = http_date(value);
  if (!date) return std::nullopt;
  return std::max(std::chrono::seconds(0), std::chrono::ceil<std::chrono::seconds>(*date - now));
}

std::chrono::milliseconds backoff(const RetryPolicy& policy, unsigned failed, double chance)
{
  const auto most = std::min<std::int64_t>(policy.longest.count(), policy.base.count() << std::min(failed - 1, 20U));
  return std::chrono::milliseconds(static_cast<std::int64_t>(chance * static_cast<double>(most)));
}

}  // namespace cairn::http
