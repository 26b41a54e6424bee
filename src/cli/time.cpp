// SPDX-License-Identifier: Apache-2.0
#include <cli/time.hpp>

#include <cli/command_line.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>

namespace cairn::cli {
namespace {

constexpr std::uint64_t latest_second = 253'402'300'799;  // the year 9999, the last that RFC 3339 can write

}  // namespace

std::string created_time()
{
  const char* text = std::getenv("SOURCE_DATE_EPOCH");
  const auto seconds = text == nullptr || *text == '\0'
                           ? std::time_t{0}
                           : static_cast<std::time_t>(parse_number("SOURCE_DATE_EPOCH", text, 0, latest_second));
  std::tm time{};
  static_cast<void>(gmtime_r(&seconds, &time));  // cannot fail up to latest_second
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", time.tm_year + 1900, time.tm_mon + 1, time.tm_mday, time.tm_hour, time.tm_min,
                     time.tm_sec);
}

}  // namespace cairn::cli
