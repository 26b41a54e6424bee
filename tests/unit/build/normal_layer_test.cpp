// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/left_out.hpp>
#include <cairn/build/normal_layer.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace cairn::build {
namespace {

TEST(LeftOut, keeps_what_the_system_needs)
{
  for (const auto* path :
       {"etc/passwd", "etc/hosts.allow", "etc", "dev", "run", "run/lock", "var/log", "var/lib/apt/lists", "var/lib/apt/lists/partial",
        "var/cache/debconf/config.dat", "var/lib/dpkg/status", "tmp", "usr/dev/x", "root/.bashrc"}) {
    EXPECT_FALSE(belongs_to_runtime(path)) << path;
    EXPECT_FALSE(is_leftover(path, true)) << path;
  }
  EXPECT_FALSE(is_leftover("var/lib/dpkg/status", false));
  EXPECT_FALSE(is_leftover("usr/share/name-old", false));
}

TEST(LeftOut, knows_what_a_runtime_writes)
{
  for (const auto* path :
       {"etc/hosts", "etc/hostname", "etc/resolv.conf", "dev/null", "dev/shm/x", "proc/1", "sys/fs", "run/.containerenv", "run/secrets/x"})
    EXPECT_TRUE(belongs_to_runtime(path)) << path;
}

TEST(LeftOut, knows_leftovers_and_keeps_the_directories_of_logs)
{
  for (const auto* path :
       {"tmp/x", "var/tmp/x", "var/log/dpkg.log", "var/log/apt/term.log", "var/cache/ldconfig/aux-cache", "var/cache/apt/pkgcache.bin",
        "var/lib/apt/lists/a_Packages", "var/lib/dpkg/status-old", "var/cache/debconf/config.dat-old", "etc/passwd-", "etc/.pwd.lock"})
    EXPECT_TRUE(is_leftover(path, false)) << path;
  EXPECT_TRUE(is_leftover("tmp/directory", true));
  EXPECT_FALSE(is_leftover("var/log/apt", true));
}

/// A header of Python 3.11 and some code.
std::string bytecode(std::uint32_t flags, std::uint32_t mtime, std::uint32_t size)
{
  const std::uint32_t magic = 0x0a0d0da7;
  std::string out(16, '\0');
  std::memcpy(out.data(), &magic, 4);
  std::memcpy(out.data() + 4, &flags, 4);
  std::memcpy(out.data() + 8, &mtime, 4);
  std::memcpy(out.data() + 12, &size, 4);
  return out + "code";
}

TEST(Bytecode, of_this_source_is_kept_without_its_time)
{
  auto bytes = bytecode(0, 1234, 4);
  ASSERT_TRUE(settle_bytecode(bytes, "x=1\n", 1234));
  EXPECT_EQ(bytes[4], 1);
  EXPECT_EQ(bytes.substr(16), "code");
  auto again = bytecode(0, 99, 4);
  ASSERT_TRUE(settle_bytecode(again, "x=1\n", 99));
  EXPECT_EQ(again, bytes);
}

TEST(Bytecode, of_another_source_is_not_taken)
{
  auto bytes = bytecode(0, 1234, 4);
  EXPECT_FALSE(settle_bytecode(bytes, "x=1\n", 1235));
  EXPECT_FALSE(settle_bytecode(bytes, "x=12\n", 1234));
  EXPECT_FALSE(settle_bytecode(bytes, std::nullopt, 1234));
  std::string cut = "short";
  EXPECT_FALSE(settle_bytecode(cut, "x", 1));
}

TEST(Bytecode, by_checked_hash_need_not_read_its_source)
{
  auto bytes = bytecode(3, 7, 8);
  ASSERT_TRUE(settle_bytecode(bytes, std::nullopt, 0));
  EXPECT_EQ(bytes, bytecode(1, 7, 8));
}

}  // namespace
}  // namespace cairn::build
