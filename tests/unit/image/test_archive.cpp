// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/archive.hpp>

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

class Archive : public ::testing::Test {
protected:
  [[nodiscard]] std::string bytes() const { return read_small_file(file, 1 << 20); }
  void write(std::string_view text) const { std::ofstream(file) << text; }

  TempDir root;
  fs::path file = root.path() / "image.tar";
  MemoryBlobs blobs;
};

TEST_F(Archive, gives_back_what_went_in)
{
  const auto image = load(blobs, ImageMaker(blobs).file("a", "x").file("b", std::string(100'000, 'y'), Codec::none).put());
  write_oci_archive(blobs, image, "app:1", file, Task());
  const OciArchive archive(file, Task());
  const auto found = archive.resolve("app:1");
  EXPECT_EQ(found.digest, image.descriptor.digest);
  EXPECT_EQ(archive.resolve("").digest, found.digest);
  EXPECT_TRUE(validate(archive, found, Task()).empty());
  const auto& layer = image.manifest.layers[1];
  EXPECT_EQ(read_all(*archive.open_range(layer, 512, 3), 10, "part"), "yyy");
  EXPECT_THAT([&] { (void)archive.open_range(layer, layer.size_bytes, 1); }, ThrowsError(Errc::bad_input, "do not exist"));
  EXPECT_THAT([&] { (void)archive.resolve("app:2"); }, ThrowsError(Errc::not_found, "0 images named 'app:2'"));
}

TEST_F(Archive, is_a_function_of_the_image)
{
  const auto image = load(blobs, ImageMaker(blobs).file("a", "x").put());
  write_oci_archive(blobs, image, "app", file, Task());
  const auto first = bytes();
  write_oci_archive(blobs, image, "app", file, Task());
  EXPECT_EQ(bytes(), first);
}

TEST_F(Archive, is_not_written_when_a_blob_is_bad)
{
  ImageMaker maker(blobs);
  maker.file("a", "x");
  const auto image = load(blobs, maker.put());
  auto changed = blobs.content(maker.manifest.layers[0].digest);
  changed.back() ^= 1;
  blobs.spoil(maker.manifest.layers[0].digest, changed);
  EXPECT_THAT([&] { write_oci_archive(blobs, image, "app", file, Task()); }, ThrowsError(Errc::corrupt, "content has digest"));
  EXPECT_TRUE(fs::is_empty(root.path()));
}

TEST_F(Archive, that_is_none_is_refused)
{
  write("no tar at all, but long enough to be looked at");
  EXPECT_THAT([&] { OciArchive(file, Task()); }, ThrowsError(Errc::bad_input, "image.tar"));
  write(test::tar_of([](tar::Writer& tar) { tar.add(test::tar_file("manifest.json"), "[]"); }));
  EXPECT_THAT([&] { OciArchive(file, Task()); }, ThrowsError(Errc::bad_input, "there is no oci-layout"));
  EXPECT_THAT([&] { OciArchive(root.path() / "missing.tar", Task()); }, ThrowsError(Errc::not_found, "missing.tar"));
  write(test::tar_of([](tar::Writer& tar) {
    tar.add(test::tar_file("oci-layout"), R"({"imageLayoutVersion":"1.0.0"})");
    tar.add(test::tar_file("index.json"), R"({"manifests":[]})");
    tar.add(test::tar_file("blobs/sha256/nonsense"), "x");
  }));
  EXPECT_THAT([&] { OciArchive(file, Task()); }, ThrowsError(Errc::bad_input, "digest has 8 hex digits"));
}

TEST_F(Archive, with_rotten_blobs_is_found_out_when_read)
{
  const auto image = load(blobs, ImageMaker(blobs).file("a", std::string(1000, 'x'), Codec::none).put());
  write_oci_archive(blobs, image, "app", file, Task());
  auto text = bytes();
  text[text.find("xxxxxxxx")] = 'y';
  write(text);
  const OciArchive archive(file, Task());
  EXPECT_THAT([&] { (void)read_all(*archive.open(image.manifest.layers[0]), 1 << 20, "layer"); },
              ThrowsError(Errc::corrupt, "content has digest"));
}

}  // namespace
}  // namespace cairn::image
