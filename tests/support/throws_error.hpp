// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/error.hpp>

#include <gmock/gmock.h>

#include <string>

<<<<<<< HEAD
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
=======
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
>>>>>>> 8c4240f (Test the tar room, with libarchive, GNU tar and Python as second opinions)
