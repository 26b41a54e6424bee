// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/apt.hpp>

#include <cairn/base/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::build {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Apt, reads_stanzas_that_name_a_file)
{
  const auto found = parse_stanzas(
      "Package: tini\nSource: tini (0.19.0-1)\nVersion: 0.19.0-1+b3\nArchitecture: amd64\nDescription: an init\n"
      " Version: 9 is told of in the description\nFilename: pool/t.deb\nSize: 267204\nSHA256: 7d19\n\n"
      "Package: installed\nVersion: 1\n\n"
      "Package: libc6\nVersion: 1:2.36\nArchitecture: all\nFilename: c.deb\nSize: 1\nSHA256: ba4f\n");
  EXPECT_THAT(found, ElementsAre(recipe::LockedPackage{"tini", "0.19.0-1+b3", "amd64", "7d19", 267204},
                                 recipe::LockedPackage{"libc6", "1:2.36", "all", "ba4f", 1}));
}

TEST(Apt, refuses_a_file_without_a_digest)
{
  EXPECT_THROW((void)parse_stanzas("Package: a\nVersion: 1\nFilename: a.deb\nSize: 3\n"), Error);
}

TEST(Apt, reads_what_a_simulated_installation_would_install)
{
  EXPECT_THAT(
      parse_simulation("Reading package lists...\nInst libc6 (2.36-9 Debian:12/stable [amd64]) []\nInst libfoo:amd64 (1:3 X [amd64])\n"
                       "Conf libc6 (2.36-9 Debian:12/stable [amd64])\n"),
      ElementsAre("libc6=2.36-9", "libfoo=1:3"));
  EXPECT_THAT(parse_simulation(""), IsEmpty());
}

TEST(Apt, writes_sources_one_a_line)
{
  EXPECT_EQ(sources_list({{"bookworm", "http://archive.example/debian/", "/keys/a.gpg"}, {"x", "file:/y", ""}}),
            "deb [signed-by=/keys/a.gpg] http://archive.example/debian/ bookworm main\ndeb file:/y x main\n");
}

}  // namespace
}  // namespace cairn::build
