// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/records.hpp>

#include <cairn/base/task.hpp>
#include <cairn/os/temp.hpp>

#include <support/image_maker.hpp>

#include <gmock/gmock.h>

#include <fstream>

namespace cairn::build {
namespace {

namespace fs = std::filesystem;

class RecordsTest : public testing::Test {
protected:
  RecordsTest() : store_(place_.path() / "store", store::Access::write) {}
  image::Layer layer(const std::string& text)
  {
    auto writer = store_.create();
    writer.write(std::as_bytes(std::span(text)));
    image::Layer out;
    out.descriptor = writer.commit("application/vnd.oci.image.layer.v1.tar");
    out.diff_id = out.descriptor.digest;
    out.made_by = "a step";
    return out;
  }
  TempDir place_;
  store::Store store_;
};

TEST_F(RecordsTest, tells_what_a_step_made)
{
  const Records records(store_);
  EXPECT_FALSE(records.find_step("k"));
  records.keep_step("k", {{layer("one"), layer("two")}, {{"dev.cairn.x", "1"}}, {"a note"}});
  const auto known = records.find_step("k");
  ASSERT_TRUE(known);
  EXPECT_EQ(known->layers.size(), 2u);
  EXPECT_EQ(known->layers[1].descriptor, layer("two").descriptor);
  EXPECT_EQ(known->annotations.at("dev.cairn.x"), "1");
  EXPECT_THAT(known->notes, testing::ElementsAre("a note"));
}

TEST_F(RecordsTest, knows_nothing_once_a_blob_is_gone)
{
  const Records records(store_);
  const auto one = layer("one");
  records.keep_step("k", {{one}, {}, {}});
  fs::remove(store_.path() / "blobs/sha256" / one.descriptor.digest.hex());
  EXPECT_FALSE(records.find_step("k"));
}

TEST_F(RecordsTest, takes_a_broken_record_for_none)
{
  const Records records(store_);
  records.keep_step("k", {{layer("one")}, {}, {}});
  for (const auto& file : fs::directory_iterator(store_.cache("builds"))) std::ofstream(file.path()) << "{\"layers\":7";
  EXPECT_FALSE(records.find_step("k"));
  EXPECT_FALSE(records.find_image("k"));
}

}  // namespace
}  // namespace cairn::build
