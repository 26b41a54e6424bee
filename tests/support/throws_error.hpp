// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/error.hpp>

#include <gmock/gmock.h>

#include <string>

namespace cairn::testing {

/// The code and text of the Error that `body` throws; fails the test when it throws none.
///     EXPECT_THAT(error_of([&] { load(x); }), IsError(Errc::corrupt, "layer 3"));
struct Caught {
  bool thrown = false;
  Errc code = Errc::io;
  std::string text;
};

inline void PrintTo(const Caught& caught, std::ostream* out)
{
  if (caught.thrown) *out << "Error{" << name(caught.code) << "}: " << caught.text;
  else *out << "no Error";
}

template <class Body>
Caught error_of(Body&& body)
{
  try {
    body();
  } catch (const Error& error) {
    return {true, error.code(), error.what()};
  }
  return {};
}

MATCHER_P2(IsError, code, fragment, std::string(negation ? "is not" : "is") + " Error{" + std::string(name(code)) + "} with '" + std::string(fragment) + "'")
{
  return arg.thrown && arg.code == code && arg.text.find(fragment) != std::string::npos;
}

}  // namespace cairn::testing
