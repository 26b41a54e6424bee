// SPDX-License-Identifier: Apache-2.0
#include <cairn/layer/bytecode.hpp>

#include <cairn/layer/contents.hpp>
#include <cairn/io/siphash.hpp>
#include <support/module_tree.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstring>
#include <map>

namespace cairn::layer {
namespace {

using test::FileTree;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t magic_3_7 = 0x0a0d0d42;
constexpr std::uint32_t magic_3_10 = 0x0a0d0d6f;
constexpr std::uint32_t magic_3_11 = 0x0a0d0da7;
constexpr std::uint32_t magic_3_12 = 0x0a0d0dcb;

PycHeader header(std::uint32_t magic, std::uint32_t flags, std::uint32_t mtime, std::uint32_t size)
{
  PycHeader out{};
  const std::array words{magic, flags, mtime, size};
  std::memcpy(out.data(), words.data(), out.size());
  return out;
}

std::string text(const PycHeader& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::string counting(std::size_t size)
{
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i % 256);
  return out;
}

std::string hash_in(const PycHeader& bytes)
{
  std::string out;
  for (std::size_t i = 8; i < 16; ++i) out += fmt::format("{:02x}", std::to_integer<unsigned>(bytes[i]));
  return out;
}

// Made by `_imp.source_hash(importlib.util._RAW_MAGIC_NUMBER, source).hex()` of CPython 3.7.16, 3.10.13, 3.11.7 and
// 3.12.1. Up to 3.10 it is SipHash-2-4, from 3.11 on SipHash-1-3.
struct SourceHash {
  std::uint32_t magic;
  std::string source;
  std::string hash;
};
const std::vector<SourceHash> source_hashes{
    {magic_3_7, "", "85ee0caabd83b6a7"},
    {magic_3_7, "x", "00074844bb3943ec"},
    {magic_3_7, "print('hello')\n", "f2832e454a1b4b99"},
    {magic_3_7, counting(7), "5b98b2663fcf5936"},
    {magic_3_7, counting(8), "318ca2104cf111b6"},
    {magic_3_7, counting(9), "54436675df86a9cf"},
    {magic_3_7, counting(1000), "0b44040eee048064"},
    {magic_3_10, "", "8cc0cd2525e7fd27"},
    {magic_3_10, "print('hello')\n", "51461cb96b0c47ed"},
    {magic_3_10, counting(1000), "af292d4a573a5e3a"},
    {magic_3_11, "", "738d9cd5d5e87f73"},
    {magic_3_11, "x", "c2b4883120da9471"},
    {magic_3_11, "print('hello')\n", "de8f2668cdc2c7b5"},
    {magic_3_11, counting(7), "937b65bd89169b73"},
    {magic_3_11, counting(8), "506c0601ce88f748"},
    {magic_3_11, counting(9), "f7f8a7aeeb5d7306"},
    {magic_3_11, counting(1000), "549899170c7d162d"},
    {magic_3_12, "print('hello')\n", "4e733a1fecc26b10"},
    {magic_3_12, counting(1000), "3dc99ff6ff114371"},
};

TEST(Siphash, gives_the_vector_of_its_paper)
{
  // Aumasson and Bernstein 2012, appendix A: key 00..0f, message 00..0e, SipHash-2-4.
  const auto message = counting(15);
  EXPECT_EQ(siphash(2, 4, 0x0706050403020100, 0x0f0e0d0c0b0a0908, std::as_bytes(std::span(message))), 0xa129ca6149be45e5);
}

TEST(Bytecode, hashes_sources_as_python_does)
{
  for (const auto& known : source_hashes) {
    const auto made = unchecked_header(header(known.magic, 0, 1, 2), std::as_bytes(std::span(known.source)));
    EXPECT_EQ(hash_in(made), known.hash) << fmt::format("magic {:x}, {} bytes", known.magic, known.source.size());
  }
}

TEST(Bytecode, keeps_the_magic_number_and_sets_the_hash_flag_alone)
{
  const auto made = unchecked_header(header(magic_3_11, 0, 1, 2), {});
  const auto expected = header(magic_3_11, 0b01, 0, 0);  // PEP 552: bit 0 hash-based, bit 1 check_source
  EXPECT_EQ(text(made).substr(0, 8), text(expected).substr(0, 8));
}

TEST(Bytecode, reads_a_timestamp)
{
  const auto timestamp = pyc_timestamp(header(magic_3_11, 0, 0xfedcba98, 77));
  ASSERT_TRUE(timestamp);
  EXPECT_EQ(timestamp->mtime, 0xfedcba98);
  EXPECT_EQ(timestamp->size_bytes, 77U);
}

TEST(Bytecode, has_no_timestamp_where_the_header_is_another)
{
  EXPECT_FALSE(pyc_timestamp(header(magic_3_11, 1, 0, 0))) << "unchecked hash";
  EXPECT_FALSE(pyc_timestamp(header(magic_3_11, 3, 0, 0))) << "checked hash";
  EXPECT_FALSE(pyc_timestamp(header(0x0a0d0d33, 0, 0, 0))) << "3379, Python 3.6: no flags field";
  EXPECT_FALSE(pyc_timestamp(header(0x0a0df303, 0, 0, 0))) << "62211, Python 2.7";
  EXPECT_FALSE(pyc_timestamp(header(0x00000da7, 0, 0, 0))) << "no carriage return and line feed";
  EXPECT_FALSE(pyc_timestamp(PycHeader{}));
}

TEST(Bytecode, finds_the_name_of_its_source)
{
  EXPECT_EQ(pyc_source_name("mod.cpython-311.pyc"), "mod.py");
  EXPECT_EQ(pyc_source_name("mod.cpython-311.opt-1.pyc"), "mod.py");
  EXPECT_EQ(pyc_source_name("mod.cpython-311.opt-2.pyc"), "mod.py");
  EXPECT_EQ(pyc_source_name("a.b.cpython-311.pyc"), "a.b.py");
  EXPECT_EQ(pyc_source_name("opt-1.cpython-311.pyc"), "opt-1.py");
  EXPECT_EQ(pyc_source_name("mod.pyc"), std::nullopt);
  EXPECT_EQ(pyc_source_name(".cpython-311.pyc"), std::nullopt);
  EXPECT_EQ(pyc_source_name("mod.py"), std::nullopt);
  EXPECT_EQ(pyc_source_name(".pyc"), std::nullopt);
}

class Marking : public testing::Test {
protected:
  static constexpr std::uint32_t mtime = 1'600'000'000;
  static constexpr std::string_view source = "print('hello')\n";

  void add(const std::string& name, const PycHeader& head) { tree_.file(name, text(head) + "code"); }
  void add_source() { tree_.file("p/mod.py", source).mtime("p/mod.py", mtime); }

  /// Kinds by path.
  std::map<std::string, Kind> mark()
  {
    const auto root = tree_.open();
    auto scanned = scan(root.get(), {"p"}, {}, Task{});
    stale_ = mark_bytecode(root.get(), scanned.contents, Task{});
    std::map<std::string, Kind> kinds;
    for (const auto& item : scanned.contents.items) kinds[scanned.contents.path(item)] = item.kind;
    return kinds;
  }

  FileTree tree_;
  std::vector<std::string> stale_;
};

TEST_F(Marking, takes_what_names_its_source)
{
  add_source();
  add("p/__pycache__/mod.cpython-311.pyc", header(magic_3_11, 0, mtime, source.size()));
  EXPECT_EQ(mark()["p/__pycache__/mod.cpython-311.pyc"], Kind::bytecode);
  EXPECT_THAT(stale_, IsEmpty());
}

TEST_F(Marking, tells_what_python_would_not_use)
{
  add_source();
  add("p/__pycache__/mod.cpython-310.pyc", header(magic_3_10, 0, mtime + 1, source.size()));
  add("p/__pycache__/mod.cpython-311.pyc", header(magic_3_11, 0, mtime, source.size() + 1));
  const auto kinds = mark();
  EXPECT_EQ(kinds.at("p/__pycache__/mod.cpython-310.pyc"), Kind::stale_bytecode);
  EXPECT_EQ(kinds.at("p/__pycache__/mod.cpython-311.pyc"), Kind::stale_bytecode);
  EXPECT_THAT(stale_, ElementsAre("p/__pycache__/mod.cpython-310.pyc", "p/__pycache__/mod.cpython-311.pyc"));
}

TEST_F(Marking, compares_seconds_alone)
{
  tree_.file("p/mod.py", source).mtime("p/mod.py", mtime, 999'999'999);
  add("p/__pycache__/mod.cpython-311.pyc", header(magic_3_11, 0, mtime, source.size()));
  EXPECT_EQ(mark()["p/__pycache__/mod.cpython-311.pyc"], Kind::bytecode);
}

TEST_F(Marking, leaves_all_else_as_it_is)
{
  add_source();
  const auto valid = header(magic_3_11, 0, mtime, source.size());
  add("p/mod.cpython-311.pyc", valid);                   // not in __pycache__
  add("p/__pycache__/other.cpython-311.pyc", valid);     // without source: Python does not look at it
  add("p/__pycache__/mod.cpython-312.pyc", header(magic_3_12, 1, 0, 0));
  tree_.file("p/__pycache__/mod.cpython-39.pyc", "short");
  tree_.file("p/__pycache__/mod.cpython-27.pyc", text(header(0x0a0df303, 0, 0, 0)));
  tree_.symlink("p/link.py", "mod.py");
  add("p/__pycache__/link.cpython-311.pyc", header(magic_3_11, 0, 7, 7));
  for (const auto& [path, kind] : mark()) {
    if (path.ends_with(".pyc")) {
      EXPECT_EQ(kind, Kind::file) << path;
    }
  }
  EXPECT_THAT(stale_, IsEmpty());
}

TEST(BindsToMtimes, knows_julia_and_ghc)
{
  const auto binds = [](std::string_view name) {
    FileTree tree;
    tree.file(std::string("u/") + std::string(name));
    const auto root = tree.open();
    return binds_to_mtimes(scan(root.get(), {"u"}, {}, Task{}).contents);
  };
  EXPECT_TRUE(binds("compiled/v1.9/Foo/abc.ji"));
  EXPECT_TRUE(binds("lib/package.conf.d/package.cache"));
  EXPECT_FALSE(binds("lib/package.cache.txt"));
  EXPECT_FALSE(binds("emoji"));
}

}  // namespace
}  // namespace cairn::layer
