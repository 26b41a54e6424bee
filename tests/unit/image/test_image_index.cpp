// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/image_index.hpp>

#include <support/error_matcher.hpp>
#include <support/image_maker.hpp>

#include <gmock/gmock.h>

namespace cairn::image {
namespace {

using test::ImageMaker;
using test::MemoryBlobs;
using test::ThrowsError;

class ImageIndex : public testing::Test {
protected:
  oci::Descriptor on(const std::string& architecture, const std::string& content = "x")
  {
    ImageMaker maker(blobs_);
    maker.file("a", content);
    maker.config.platform = {architecture, "linux", ""};
    return maker.put();
  }
  oci::Descriptor index(std::vector<oci::Descriptor> manifests)
  {
    oci::Index index;
    index.manifests = std::move(manifests);
    return blobs_.add(index.json(), oci::media_type::index);
  }
  [[nodiscard]] std::vector<oci::Descriptor> entries(const std::vector<oci::Descriptor>& of) const
  {
    std::vector<oci::Descriptor> all;
    for (const auto& one : of)
      for (auto& entry : index_entries(blobs_, one)) all.push_back(std::move(entry));
    return all;
  }
  MemoryBlobs blobs_;
};

TEST_F(ImageIndex, has_one_image_a_platform_read_from_its_config)
{
  const auto made = make_index(entries({on("amd64"), on("arm64")}), {{"a", "b"}});
  ASSERT_EQ(made.manifests.size(), 2U);
  EXPECT_EQ(made.manifests[1].platform, (oci::Platform{"arm64", "linux", ""}));
  EXPECT_EQ(made.annotations.at("a"), "b");
  EXPECT_EQ(load(blobs_, blobs_.add(made.json(), oci::media_type::index)).config.platform.architecture, "amd64");
}

TEST_F(ImageIndex, takes_the_entries_of_indexes)
{
  const auto made = make_index(entries({index({on("amd64"), index({on("arm64")})}), on("amd64"), on("riscv64")}), {});
  EXPECT_EQ(made.manifests.size(), 3U);
}

TEST_F(ImageIndex, refuses_two_images_for_one_platform)
{
  EXPECT_THAT([&] { return make_index(entries({on("amd64"), on("amd64", "other")}), {}); },
              ThrowsError(Errc::bad_input, "two images for 'linux/amd64': sha256:"));
}

TEST_F(ImageIndex, refuses_indexes_that_go_too_deep)
{
  auto deep = on("amd64");
  for (int i = 0; i < 5; ++i) deep = index({deep});
  EXPECT_THAT([&] { return index_entries(blobs_, deep); }, ThrowsError(Errc::limit, "more than 4 deep"));
}

TEST_F(ImageIndex, refuses_what_is_no_image)
{
  auto other = blobs_.add("{}", "application/vnd.example+json");
  EXPECT_THAT([&] { return index_entries(blobs_, index({other})); },
              ThrowsError(Errc::unsupported, "is neither an image manifest nor an index"));
  auto gone = on("amd64");
  blobs_.remove(gone.digest);
  EXPECT_THAT([&] { return index_entries(blobs_, index({gone})); }, ThrowsError(Errc::not_found, gone.digest.str()));
}

}  // namespace
}  // namespace cairn::image
