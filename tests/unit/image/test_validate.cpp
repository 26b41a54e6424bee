// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/image.hpp>

#include <support/image_maker.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::image {
namespace {

using test::ImageMaker;
using test::MemoryBlobs;
using test::tar_directory;
using test::tar_file;
using test::tar_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Validate : public ::testing::Test {
protected:
  std::vector<std::string> findings(const oci::Descriptor& manifest)
  {
    std::vector<std::string> texts;
    for (const auto& finding : validate(blobs, manifest, Task())) texts.push_back(finding.where + ": " + finding.what);
    return texts;
  }
  /// Findings of an image with this one layer.
  std::vector<std::string> of_layer(std::string_view plain, Codec codec = Codec::gzip)
  {
    return findings(ImageMaker(blobs).layer(plain, codec).put());
  }

  MemoryBlobs blobs;
};

TEST_F(Validate, finds_nothing_wrong_with_a_good_image)
{
  ImageMaker maker(blobs);
  for (const auto codec : {Codec::none, Codec::gzip, Codec::zstd}) maker.file("a", "x", codec);
  maker.config.history.resize(4);
  maker.config.history[1].empty_layer = true;
  EXPECT_THAT(findings(maker.put()), IsEmpty());
}

TEST_F(Validate, takes_layers_without_parents)
{
  EXPECT_THAT(of_layer(tar_of([](tar::Writer& tar) { tar.add(tar_file("a/b/c"), "x"); })), IsEmpty());
}

TEST_F(Validate, finds_missing_and_spoilt_blobs)
{
  ImageMaker maker(blobs);
  maker.file("a", "x").file("b", "y").file("c", "z");
  const auto manifest = maker.put();
  blobs.remove(maker.manifest.layers[0].digest);
  auto longer = blobs.content(maker.manifest.layers[1].digest) + "!";
  blobs.spoil(maker.manifest.layers[1].digest, longer);
  auto changed = blobs.content(maker.manifest.layers[2].digest);
  changed[changed.size() / 2] ^= 1;
  blobs.spoil(maker.manifest.layers[2].digest, changed);
  EXPECT_THAT(findings(manifest), ElementsAre(HasSubstr("not in memory"), HasSubstr("longer than its"), HasSubstr("content has digest")));
}

TEST_F(Validate, finds_a_spoilt_manifest_and_config)
{
  ImageMaker maker(blobs);
  const auto manifest = maker.put();
  blobs.spoil(maker.manifest.config.digest, "{}");
  EXPECT_THAT(findings(manifest), ElementsAre(HasSubstr("config: blob")));
  blobs.spoil(manifest.digest, "{}");
  EXPECT_THAT(findings(manifest), ElementsAre(HasSubstr("manifest: blob")));
}

TEST_F(Validate, finds_a_wrong_diff_id)
{
  ImageMaker maker(blobs);
  maker.file("a", "x");
  maker.config.diff_ids[0] = sha256("other");
  EXPECT_THAT(findings(maker.put()), ElementsAre(HasSubstr("diff_id is sha256:")));
}

TEST_F(Validate, finds_a_history_of_another_length)
{
  ImageMaker maker(blobs);
  maker.file("a", "x");
  maker.config.history.resize(2);
  EXPECT_THAT(findings(maker.put()), ElementsAre("config: history has 2 steps that make layers, there are 1 layers"));
}

TEST_F(Validate, finds_a_codec_that_is_not_the_media_types)
{
  const auto plain = tar_of([](tar::Writer& tar) { tar.add(tar_file("a"), "x"); });
  for (const auto said : {Codec::none, Codec::gzip, Codec::zstd}) {
    for (const std::string_view real : {"none", "gzip", "zstd", "xz", "zip", "bzip2"}) {
      const auto codec = codec_from(real);
      if (codec == said) continue;
      const auto bytes = codec          ? test::packed(plain, *codec)
                         : real == "xz" ? std::string(
                                              "\xfd"
                                              "7zXZ\0rest",
                                              10)
                         : real == "zip" ? std::string("PK\x03\x04rest")
                                         : std::string("BZh9rest");
      ImageMaker maker(blobs);
      maker.manifest.layers.push_back(blobs.add(bytes, layer_media_type(said)));
      maker.config.diff_ids.push_back(sha256(plain));
      EXPECT_THAT(findings(maker.put()), ElementsAre(HasSubstr("its media type says"))) << name(said) << " " << real;
    }
  }
}

TEST_F(Validate, is_not_misled_by_names_that_look_packed)
{
  EXPECT_THAT(of_layer(tar_of([](tar::Writer& tar) { tar.add(tar_file("BZh9"), "x"); }), Codec::none), IsEmpty());
}

TEST_F(Validate, finds_truncated_streams)
{
  ImageMaker maker(blobs);
  const auto plain = tar_of([](tar::Writer& tar) { tar.add(tar_file("a"), "x"); });
  auto bytes = test::packed(plain, Codec::gzip);
  bytes.resize(bytes.size() - 4);
  maker.manifest.layers.push_back(blobs.add(bytes, oci::media_type::layer_gzip));
  maker.config.diff_ids.push_back(sha256(plain));
  EXPECT_EQ(findings(maker.put()).size(), 1u);
}

TEST_F(Validate, finds_a_layer_that_is_no_tar)
{
  EXPECT_THAT(of_layer(std::string(1024, 'x')), ElementsAre(HasSubstr("tar header at byte 0")));
}

TEST_F(Validate, finds_paths_that_come_twice)
{
  EXPECT_THAT(of_layer(tar_of([](tar::Writer& tar) {
                tar.add(tar_file("a"), "x");
                tar.add(tar_file("b"), "x");
                tar.add(tar_file("a"), "y");
              })),
              ElementsAre(HasSubstr("'a': is there twice")));
}

TEST_F(Validate, finds_parents_that_come_after_their_children)
{
  EXPECT_THAT(of_layer(tar_of([](tar::Writer& tar) {
                tar.add(tar_file("a/b/c"), "x");
                tar.add(tar_directory("a"));
                tar.add(tar_directory("d"));
                tar.add(tar_file("d/e"), "x");
              })),
              ElementsAre(HasSubstr("'a': comes after what lies in it")));
}

TEST_F(Validate, finds_parents_that_are_no_directories)
{
  EXPECT_THAT(
      of_layer(tar_of([](tar::Writer& tar) {
        tar.add(tar_file("a"), "x");
        tar.add(tar_file("a/b"), "x");
        tar.add(tar_file("c/d"), "x");
        tar.add(tar_file("c"), "x");
      })),
      ElementsAre(HasSubstr("'a/b': lies below 'a', which is no directory"), HasSubstr("'c': is no directory, but something lies in it")));
}

TEST_F(Validate, finds_malformed_whiteouts)
{
  EXPECT_EQ(of_layer(tar_of([](tar::Writer& tar) { tar.add(tar_file(".wh."), ""); })).size(), 1u);
}

TEST_F(Validate, tells_only_so_much_about_one_layer)
{
  const auto found = of_layer(tar_of([](tar::Writer& tar) {
    for (int i = 0; i < 1000; ++i) tar.add(tar_file("a"), "x");
  }));
  EXPECT_EQ(found.size(), 21u);
  EXPECT_THAT(found.back(), HasSubstr("and more"));
}

TEST_F(Validate, looks_into_all_images_of_an_index_once)
{
  ImageMaker good(blobs);
  good.file("a", "x");
  ImageMaker bad(blobs);
  bad.file("b", "x");
  const auto bad_manifest = bad.put();
  blobs.remove(bad.manifest.layers[0].digest);
  oci::Index index;
  index.manifests = {good.put(), bad_manifest, bad_manifest};
  EXPECT_THAT(findings(blobs.add(index.json(), oci::media_type::index)),
              ElementsAre(::testing::StartsWith("manifest 1 (" + bad_manifest.digest.str() + "): layer 0 (")));
}

TEST_F(Validate, finds_an_index_that_seems_to_name_itself)
{
  oci::Index index;
  const auto honest = blobs.add(index.json(), oci::media_type::index);
  index.manifests.push_back(honest);
  blobs.spoil(honest.digest, index.json());
  EXPECT_THAT(findings(honest), ElementsAre(HasSubstr("longer than its")));
}

}  // namespace
}  // namespace cairn::image
