// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/canonical_version.hpp>

#include <gtest/gtest.h>

#include <map>
#include <string>

using cairn::module::canonical_version;

TEST(CanonicalVersion, is_what_lmod_makes_of_each_example)
{
  const std::map<std::string, std::string> examples = {
      {"1.26.4-foss-2023a", "000000001.000000026.000000004.*foss.*zfinal-.000002023.*a.*zfinal"},
      {"12.2.0", "000000012.000000002.*zfinal"},
      {"1.0.0", "000000001.*zfinal"},
      {"v1.2.3", "*v.000000001.000000002.000000003.*zfinal"},
      {"1.2rc1", "000000001.000000002.*c.000000001.*zfinal"},
      {"2.0b1", "000000002.*b.000000001.*zfinal"},
      {"2.0-beta.1", "000000002.*beta.000000001.*zfinal"},
      {"1.0dev", "000000001.*@.*zfinal"},
      {"3.2p1", "000000003.000000002.*zfinal-.000000001.*zfinal"},
      {"3.2-1", "000000003.000000002.*zfinal-.000000001.*zfinal"},
      {"3.2-p1", "000000003.000000002.*zfinal-.000000001.*zfinal"},
      {"3.2-0", "000000003.000000002.*zfinal"},
      {"2.0-patch1", "000000002.*atch.000000001.*zfinal"},
      {"1_2_3", "000000001.*_.000000002.*_.000000003.*zfinal"},
      {"1.0+git.abc", "000000001.*+.*git.*abc.*zfinal"},
      {"2023a", "000002023.*a.*zfinal"},
      {".3.0-GCCcore-12.2.0", "000000000.000000003.*gcccore.*zfinal-.000000012.000000002.*zfinal"},
      {"4.0.5-gompi-2023a-CUDA-12.1.1", "000000004.000000000.000000005.*gompi.*zfinal-.000002023.*a.*cuda.*zfinal-.000000012.000000001.000000001.*zfinal"},
      {"1.2-preview3", "000000001.000000002.*review.000000003.*zfinal"},
      {"1..2", "000000001.*..000000002.*zfinal"},
      {"0.0", "*zfinal"},
      {"7.3.0-2.30", "000000007.000000003.*zfinal-.000000002.000000030.*zfinal"},
      {"1.10.0-GCCcore-12.2.0-static", "000000001.000000010.*gcccore.*zfinal-.000000012.000000002.*static.*zfinal"},
      {"default", "*default.*zfinal"},
      {"12345678901", "12345678901.*zfinal"},
      {"5.4.1-r0", "000000005.000000004.000000001.*r.*zfinal"},
      {"", "*zfinal"},
  };
  for (const auto& [version, expected] : examples) EXPECT_EQ(canonical_version(version), expected) << version;
}

TEST(CanonicalVersion, keeps_the_digits_of_a_number_that_no_integer_holds)
{
  EXPECT_EQ(canonical_version("9223372036854775807"), "9223372036854775807.*zfinal");
  EXPECT_EQ(canonical_version("1.9223372036854775808"), "000000001.9223372036854775808.*zfinal");
}
