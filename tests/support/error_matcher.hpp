// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/error.hpp>

#include <gmock/gmock.h>

#include <string>

namespace cairn::test {

/// Matches a callable that throws `Error` with this code and this text somewhere in its message:
/// `EXPECT_THAT([&] { parse("x"); }, ThrowsError(Errc::bad_input, "'x'"))`.
MATCHER_P2(ThrowsError, code, text, "throws Error{" + std::string(name(code)) + "} saying " + testing::PrintToString(std::string(text)))
{
  try {
    static_cast<void>(arg());
  } catch (const Error& error) {
    *result_listener << "which throws Error{" << name(error.code()) << "}: " << error.what();
    return error.code() == code && std::string(error.what()).find(text) != std::string::npos;
  }
  *result_listener << "which throws nothing";
  return false;
}

}  // namespace cairn::test
