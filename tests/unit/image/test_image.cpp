// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/copy.hpp>
#include <cairn/image/image.hpp>

#include <cairn/os/temp.hpp>
#include <support/image_maker.hpp>
#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

#include <fstream>

namespace cairn::image {
namespace {

using test::ImageMaker;
using test::MemoryBlobs;
using test::ThrowsError;
namespace fs = std::filesystem;

class Images : public ::testing::Test {
protected:
  oci::Descriptor index(std::vector<oci::Descriptor> manifests)
  {
    oci::Index index;
    index.manifests = std::move(manifests);
    return blobs.add(index.json(), oci::media_type::index);
  }
  oci::Descriptor on(const std::string& os, const std::string& architecture)
  {
    ImageMaker maker(blobs);
    maker.config.platform = {architecture, os, ""};
    auto descriptor = maker.put();
    descriptor.platform = oci::Platform{architecture, os, ""};
    return descriptor;
  }

  MemoryBlobs blobs;
};

TEST_F(Images, are_loaded_with_manifest_and_config)
{
  ImageMaker maker(blobs);
  maker.file("a", "x").file("b", "y", Codec::zstd);
  const auto image = load(blobs, maker.put());
  EXPECT_EQ(image.manifest, maker.manifest);
  EXPECT_EQ(image.config, maker.config);
}

TEST_F(Images, of_docker_are_loaded)
{
  ImageMaker maker(blobs);
  maker.file("a", "x");
  maker.manifest.media_type = oci::media_type::docker_manifest;
  maker.manifest.layers[0].media_type = oci::media_type::docker_layer_gzip;
  EXPECT_EQ(load(blobs, maker.put()).manifest.media_type, oci::media_type::docker_manifest);
}

TEST_F(Images, without_layers_or_with_one_twice_are_good)
{
  EXPECT_TRUE(load(blobs, ImageMaker(blobs).put()).manifest.layers.empty());
  EXPECT_EQ(load(blobs, ImageMaker(blobs).file("a", "x").file("a", "x").put()).manifest.layers.size(), 2u);
}

TEST_F(Images, have_as_many_diff_ids_as_layers)
{
  ImageMaker maker(blobs);
  maker.file("a", "x");
  maker.config.diff_ids.push_back(sha256("another"));
  EXPECT_THAT([&] { (void)load(blobs, maker.put()); }, ThrowsError(Errc::bad_input, "2 diff_ids for 1 layers"));
}

TEST_F(Images, have_at_most_500_layers)
{
  ImageMaker maker(blobs);
  maker.file("a", "x");
  maker.manifest.layers.assign(501, maker.manifest.layers.front());
  maker.config.diff_ids.assign(501, maker.config.diff_ids.front());
  EXPECT_THAT([&] { (void)load(blobs, maker.put()); }, ThrowsError(Errc::limit, "501 layers, the limit is 500"));
}

TEST_F(Images, are_what_their_descriptor_says)
{
  auto descriptor = ImageMaker(blobs).put();
  descriptor.media_type = oci::media_type::docker_manifest;
  EXPECT_THAT([&] { (void)load(blobs, descriptor); }, ThrowsError(Errc::bad_input, "its descriptor says"));
  descriptor.media_type = oci::media_type::index;
  EXPECT_THAT([&] { (void)load(blobs, descriptor); }, ThrowsError(Errc::bad_input, "index"));
  descriptor.media_type = "application/x";
  EXPECT_THAT([&] { (void)load(blobs, descriptor); }, ThrowsError(Errc::unsupported, "neither an image manifest nor an index"));
}

TEST_F(Images, are_not_artifacts)
{
  oci::Manifest artifact;
  artifact.config = blobs.add("{}", oci::media_type::empty);
  const auto descriptor = blobs.add(artifact.json(), oci::media_type::manifest);
  EXPECT_THAT([&] { (void)load(blobs, descriptor); }, ThrowsError(Errc::unsupported, "is not a container image's config"));
}

TEST_F(Images, over_the_limit_are_not_read)
{
  auto descriptor = ImageMaker(blobs).put();
  descriptor.size_bytes = oci::manifest_limit_bytes + 1;
  EXPECT_THAT([&] { (void)load(blobs, descriptor); }, ThrowsError(Errc::limit, "the limit is 4194304"));
}

TEST_F(Images, of_an_index_are_chosen_by_platform)
{
#if defined(__x86_64__)
  const std::string own = "amd64", other = "arm64";
#else
  const std::string own = "arm64", other = "amd64";
#endif
  const auto wanted = on("linux", own);
  EXPECT_EQ(load(blobs, index({on("linux", other), index({wanted}), on("windows", own)})).descriptor.digest, wanted.digest);
  EXPECT_THAT(
      [&] { (void)load(blobs, index({on("windows", own), on("linux", other)})); },
      ThrowsError(Errc::not_found, "no image for linux/" + own + " among its 2 (it has: 'linux/" + other + "', 'windows/" + own + "')"));
}

TEST_F(Images, of_an_index_are_never_guessed)
{
  auto one = on("linux", "amd64");
  one.platform.reset();
  EXPECT_EQ(load(blobs, index({one})).descriptor.digest, one.digest);
  auto two = ImageMaker(blobs).file("b", "y").put();
  EXPECT_THAT([&] { (void)load(blobs, index({one, two})); }, ThrowsError(Errc::not_found, "among its 2"));
  EXPECT_THAT([&] { (void)load(blobs, index({})); }, ThrowsError(Errc::not_found, "among its 0"));
}

TEST_F(Images, are_not_followed_through_too_many_indexes)
{
  auto nested = index({ImageMaker(blobs).put()});
  for (int i = 0; i < 5; ++i) nested = index({nested});
  EXPECT_THAT([&] { (void)load(blobs, nested); }, ThrowsError(Errc::limit, "more than 4 deep"));
}

TEST_F(Images, name_their_codec)
{
  const auto layer = [](std::string_view type) { return oci::Descriptor{.media_type = std::string(type)}; };
  for (const auto codec : {Codec::none, Codec::gzip, Codec::zstd}) EXPECT_EQ(codec_of(layer(layer_media_type(codec))), codec);
  EXPECT_EQ(codec_of(layer(oci::media_type::docker_layer_gzip)), Codec::gzip);
  EXPECT_EQ(codec_of(layer("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")), Codec::gzip);
  EXPECT_THAT([&] { (void)codec_of(layer("application/vnd.oci.image.layer.v1.tar+xz")); },
              ThrowsError(Errc::unsupported, "is not a layer's media type"));
}

TEST_F(Images, are_unpacked_lowest_layer_first)
{
  ImageMaker maker(blobs);
  maker.layer(test::tar_of([](tar::Writer& tar) {
    tar.add(test::tar_directory("d"));
    tar.add(test::tar_file("d/old"), "old");
    tar.add(test::tar_file("d/same"), "lower");
  }));
  maker.layer(test::tar_of([](tar::Writer& tar) {
                tar.add(test::tar_directory("d"));
                tar.add(test::tar_file("d/.wh.old"), "");
                tar.add(test::tar_file("d/same"), "upper");
              }),
              Codec::zstd);
  TempDir root;
  unpack(blobs, load(blobs, maker.put()), root.path() / "image", Task());
  EXPECT_EQ(read_small_file(root.path() / "image/d/same", 100), "upper");
  EXPECT_FALSE(fs::exists(root.path() / "image/d/old"));
}

TEST_F(Images, are_unpacked_into_empty_directories_only)
{
  TempDir root;
  std::ofstream(root.path() / "mine") << "x";
  const auto image = load(blobs, ImageMaker(blobs).put());
  EXPECT_THAT([&] { unpack(blobs, image, root.path(), Task()); }, ThrowsError(Errc::exists, "is not empty"));
}

TEST_F(Images, with_a_wrong_diff_id_are_found_when_unpacked)
{
  ImageMaker maker(blobs);
  maker.file("a", "x");
  maker.config.diff_ids[0] = sha256("other");
  TempDir root;
  EXPECT_THAT([&] { unpack(blobs, load(blobs, maker.put()), root.path(), Task()); }, ThrowsError(Errc::corrupt, "diff_id is"));
}

TEST_F(Images, are_copied_with_the_manifest_last)
{
  class Target final : public oci::BlobTarget {
  public:
    [[nodiscard]] bool has(const oci::Descriptor& blob) const override { return kept.has(blob); }
    void put(const oci::Descriptor& blob, Source& content, const Task& task) override
    {
      kept.put(blob, content, task);
      order.push_back(blob.digest);
    }
    MemoryBlobs kept;
    std::vector<Digest> order;
  } target;
  ImageMaker maker(blobs);
  maker.file("a", "x").file("b", "y").file("a", "x");
  const auto image = load(blobs, maker.put());
  copy_image(blobs, image, target, Task());
  EXPECT_THAT(target.order, ::testing::ElementsAre(image.manifest.layers[0].digest, image.manifest.layers[1].digest,
                                                   image.manifest.config.digest, image.descriptor.digest));
  copy_image(blobs, image, target, Task());
  EXPECT_EQ(target.order.size(), 4u);
  EXPECT_TRUE(validate(target.kept, image.descriptor, Task()).empty());
}

}  // namespace
}  // namespace cairn::image
