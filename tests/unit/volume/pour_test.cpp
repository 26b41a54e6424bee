// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/pour.hpp>

#include <cairn/io/hash.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>
#include <support/tar_maker.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <optional>

namespace cairn::volume {
namespace {

using test::TarMaker;

/// The tar entries alone: a fragment has no end of archive.
library::FragmentInfo fragment_of(const std::string& plain)
{
  return {.unit = "zlib/1.3",
          .plain_digest = sha256(plain),
          .plain_bytes = plain.size(),
          .packed_digest = sha256(plain),
          .packed_bytes = plain.size(),
          .roots = {{"modules/zlib.lua", false}, {"software/zlib", true}}};
}

std::string good()
{
  const auto made = TarMaker{}.file("opt/modules/zlib.lua", "lua").directory("opt/software/zlib/lib/").file("opt/software/zlib/lib/a", "A");
  return made.unended();
}

class PourTest : public testing::Test {
protected:
  void pour_into(const std::string& plain, const library::FragmentInfo& fragment)
  {
    Writers writers({.writers = 2});
    std::promise<void> done;
    const auto staging = writers.stage(open_root(dir_.path()), 0, "unit zlib/1.3", [&] { done.set_value(); });
    MemorySource source(plain);
    pour(source, {&fragment, Compression::standard(Codec::none), "opt", "unit zlib/1.3"}, *staging);
    done.get_future().get();
  }
  TempDir dir_;
};

TEST_F(PourTest, puts_each_root_where_its_number_is)
{
  pour_into(good(), fragment_of(good()));
  EXPECT_EQ(read_small_file(dir_.path() / "0", 100), "lua");
  EXPECT_EQ(read_small_file(dir_.path() / "1/lib/a", 100), "A");
  EXPECT_TRUE(std::filesystem::exists(dir_.path() / "entries"));
}

TEST_F(PourTest, refuses_plain_bytes_that_are_others)
{
  auto fragment = fragment_of(good());
  fragment.plain_digest = sha256("other");
  EXPECT_THAT([&] { pour_into(good(), fragment); }, test::ThrowsError(Errc::corrupt, "unit zlib/1.3: unpacks to digest " + sha256(good()).str()));
}

TEST_F(PourTest, refuses_a_fragment_that_is_short)
{
  EXPECT_THAT([&] { pour_into(good().substr(0, 1024), fragment_of(good())); }, test::ThrowsError(Errc::corrupt, "unit zlib/1.3"));
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "entries"));
}

TEST_F(PourTest, refuses_names_outside_the_roots)
{
  for (const auto* name : {"opt/software/other/x", "opt/x", "etc/passwd", "opt/modules/zlib.lua.bak"}) {
    const auto plain = good() + TarMaker{}.file(name, "x").unended();
    EXPECT_THAT(
        [&] {
          TempDir fresh;
          pour_into(plain, fragment_of(plain));
        },
        test::ThrowsError(Errc::bad_input, "outside the roots"))
        << name;
    std::filesystem::remove_all(dir_.path() / "1");
    std::filesystem::remove_all(dir_.path() / "0");
  }
}

TEST_F(PourTest, refuses_devices_and_hard_links_to_elsewhere)
{
  const auto fifo = TarMaker{}.file("opt/modules/zlib.lua", "x").fifo("opt/software/zlib/pipe").unended();
  EXPECT_THAT([&] { pour_into(fifo, fragment_of(fifo)); }, test::ThrowsError(Errc::bad_input, "neither file"));
  std::filesystem::remove_all(dir_.path() / "1");
  std::filesystem::remove_all(dir_.path() / "0");
  const auto link = TarMaker{}.file("opt/modules/zlib.lua", "x").hard_link("opt/software/zlib/x", "etc/passwd").unended();
  EXPECT_THAT([&] { pour_into(link, fragment_of(link)); }, test::ThrowsError(Errc::bad_input, "hard link"));
}

TEST_F(PourTest, refuses_a_fragment_without_one_of_its_roots)
{
  const auto plain = TarMaker{}.file("opt/software/zlib/x", "x").unended();
  EXPECT_THAT([&] { pour_into(plain, fragment_of(plain)); }, test::ThrowsError(Errc::bad_input, "lacks 1 of its roots"));
}

}  // namespace
}  // namespace cairn::volume
