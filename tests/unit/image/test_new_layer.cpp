// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/new_layer.hpp>

#include <cairn/os/temp.hpp>
#include <support/error_matcher.hpp>
#include <support/image_maker.hpp>
#include <support/module_tree.hpp>
#include <support/tree_listing.hpp>

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace cairn::image {
namespace {

using test::ImageMaker;
using test::MemoryBlobs;
using test::tar_directory;
using test::tar_file;
using test::tar_of;
using test::ThrowsError;

constexpr const char* now = "2026-01-02T03:04:05Z";

/// Layers become blobs in memory.
class MemoryTarget final : public layer::LayerTarget {
public:
  explicit MemoryTarget(MemoryBlobs& blobs) : blobs_(blobs) {}
  Sink& begin(std::size_t) override { return sink_; }
  Stored end(std::size_t) override
  {
    const auto blob = blobs_.add(std::string(sink_.text()));
    return {blob.digest, blob.size_bytes};
  }

private:
  MemoryBlobs& blobs_;
  MemorySink sink_;
};

class NewLayer : public testing::Test {
protected:
  [[nodiscard]] static tar::Entry link(tar::Type type, std::string path, std::string target)
  {
    tar::Entry entry;
    entry.type = type;
    entry.path = std::move(path);
    entry.link = std::move(target);
    entry.mode = 0777;
    return entry;
  }
  [[nodiscard]] std::filesystem::path file(const std::string& content) const
  {
    const auto path = directory_.path() / "layer";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  [[nodiscard]] Layer of_archive(const std::string& content)
  {
    MemoryTarget target(blobs_);
    return layer_of_archive(file(content), {}, target, Task{});
  }
  [[nodiscard]] Layer of_directory(const std::filesystem::path& path, const std::string& prefix = "")
  {
    MemoryTarget target(blobs_);
    return layer_of_directory(path, prefix, {}, {}, target, Task{});
  }
  [[nodiscard]] Image flat(ImageMaker& maker, std::size_t threads = 1)
  {
    MemoryTarget target(blobs_);
    return flatten(blobs_, load(blobs_, maker.put()), {.threads = threads}, now, target, Task{});
  }
  [[nodiscard]] std::map<std::string, std::string> shown(const Image& image)
  {
    const TempDir root;
    publish(image, [&](const oci::Descriptor&) -> const oci::BlobSource& { return blobs_; }, blobs_, Task{});
    EXPECT_TRUE(validate(blobs_, image.descriptor, Task{}).empty());
    unpack(blobs_, image, root.path() / "root", Task{});
    return test::list_tree(root.path() / "root");
  }
  /// What the flat image shows is what the layers show.
  void expect_same(ImageMaker& maker) { EXPECT_EQ(shown(flat(maker)), shown(load(blobs_, maker.put()))); }

  TempDir directory_;
  MemoryBlobs blobs_;
};

TEST_F(NewLayer, keeps_a_packed_archive_byte_by_byte)
{
  const auto plain = tar_of([](tar::Writer& tar) { tar.add(tar_file("a"), "x"); });
  for (const auto codec : {Codec::gzip, Codec::zstd}) {
    const auto made = of_archive(test::packed(plain, codec));
    EXPECT_EQ(made.diff_id, sha256(plain));
    EXPECT_EQ(made.descriptor.digest, sha256(test::packed(plain, codec)));
    EXPECT_EQ(made.descriptor.media_type, layer_media_type(codec));
  }
}

TEST_F(NewLayer, packs_a_plain_archive)
{
  const auto plain = tar_of([](tar::Writer& tar) { tar.add(tar_file("a"), std::string(9 << 20, 'x')); });
  const auto made = of_archive(plain);
  EXPECT_EQ(made.diff_id, sha256(plain));
  EXPECT_EQ(made.descriptor.media_type, layer_media_type(Codec::zstd));
  EXPECT_LT(made.descriptor.size_bytes, plain.size() / 100);
}

TEST_F(NewLayer, refuses_archives_that_are_no_layers)
{
  EXPECT_THAT(
      [&] {
        return of_archive(
            "\xfd"
            "7zXZ" +
            std::string(1, '\0'));
      },
      ThrowsError(Errc::unsupported, "is xz"));
  EXPECT_THAT([&] { return of_archive("no archive, but a text that goes on and on"); }, ThrowsError(Errc::bad_input, "layer"));
  const auto twice = tar_of([](tar::Writer& tar) {
    tar.add(tar_file("a"), "x");
    tar.add(tar_file("a"), "y");
  });
  EXPECT_THAT([&] { return of_archive(twice); }, ThrowsError(Errc::bad_input, "is there twice"));
  EXPECT_THAT([&] { return of_archive(test::packed(twice, Codec::gzip)); }, ThrowsError(Errc::bad_input, "is there twice"));
}

TEST_F(NewLayer, of_a_directory_depends_on_its_content_alone)
{
  const auto fill = [](test::FileTree& tree) {
    tree.file("b/run", "#!", 0755).file("a", "x", 0600).symlink("c", "/etc").hard_link("d", "a").directory("empty", 0700);
  };
  test::FileTree one, two;
  fill(one);
  fill(two);
  two.mtime("a", 1).mtime("b", 2);
  const auto made = of_directory(one.path());
  EXPECT_EQ(made.descriptor, of_directory(two.path()).descriptor);

  ImageMaker base(blobs_);
  auto tree = shown(append(load(blobs_, base.put()), {of_directory(one.path(), "opt/app")}, now));
  EXPECT_EQ(tree["opt/app/a"], "100600 x");
  EXPECT_EQ(tree["opt/app/b/run"], "100755 #!");
  EXPECT_EQ(tree["opt/app/c"], "120777 -> /etc");
  EXPECT_EQ(tree["opt/app/empty"], "40700");
  EXPECT_EQ(tree["opt"], "40755");
}

TEST_F(NewLayer, of_a_directory_refuses_what_a_layer_cannot_hold)
{
  test::FileTree tree;
  tree.fifo("pipe");
  EXPECT_THAT([&] { return of_directory(tree.path()); }, ThrowsError(Errc::unsupported, "pipe': is no file, directory or symbolic link"));
  test::FileTree whiteout;
  whiteout.file("x/.wh.a");
  EXPECT_THAT([&] { return of_directory(whiteout.path()); }, ThrowsError(Errc::unsupported, ".wh."));
}

TEST_F(NewLayer, flat_shows_the_topmost)
{
  ImageMaker maker(blobs_);
  maker.file("a", "1").file("a", "2", Codec::zstd).file("d/e/f", "3");
  expect_same(maker);
  EXPECT_EQ(flat(maker).manifest.layers.size(), 1U);
}

TEST_F(NewLayer, flat_leaves_out_what_whiteouts_hide)
{
  ImageMaker maker(blobs_);
  maker.layer(tar_of([](tar::Writer& tar) {
    tar.add(tar_directory("d", 0700));
    tar.add(tar_file("d/a"), "a");
    tar.add(tar_file("d/b"), "b");
    tar.add(tar_directory("e"));
    tar.add(tar_file("e/a"), "a");
    tar.add(tar_file("f"), "f");
  }));
  maker.layer(tar_of([](tar::Writer& tar) {
    tar.add(tar_file("d/b"), "new");
    tar.add(tar_file("d/.wh..wh..opq"), "");  // after what it spares
    tar.add(tar_file(".wh.e"), "");
    tar.add(tar_file("e/b"), "stays: whiteouts speak of lower layers");
    tar.add(tar_file(".wh.f"), "");
    tar.add(tar_file(".wh.never"), "");
  }));
  expect_same(maker);
  EXPECT_FALSE(shown(flat(maker)).contains("d/a"));
}

TEST_F(NewLayer, flat_follows_links_of_lower_layers)
{
  ImageMaker maker(blobs_);
  maker.layer(tar_of([](tar::Writer& tar) {
    tar.add(tar_directory("usr"));
    tar.add(tar_directory("usr/lib"));
    tar.add(tar_file("usr/lib/old"), "old");
    tar.add(link(tar::Type::symlink, "lib", "usr/lib"));
    tar.add(link(tar::Type::symlink, "abs", "/usr/./lib/../lib"));
  }));
  maker.layer(tar_of([](tar::Writer& tar) {
    tar.add(tar_file("lib/a"), "a");
    tar.add(tar_file("abs/b"), "b");
    tar.add(tar_file("lib/.wh.old"), "");
  }));
  expect_same(maker);
  maker.layer(tar_of([](tar::Writer& tar) { tar.add(tar_directory("lib")); }));  // in place of the link
  expect_same(maker);
}

TEST_F(NewLayer, flat_keeps_hard_links_even_when_their_first_name_is_gone)
{
  ImageMaker maker(blobs_);
  maker.layer(tar_of([](tar::Writer& tar) {
    tar.add(tar_file("z", 0755), "shared");
    tar.add(link(tar::Type::hard_link, "b", "z"));
    tar.add(link(tar::Type::hard_link, "c", "z"));
  }));
  maker.layer(tar_of([](tar::Writer& tar) {
    tar.add(tar_file(".wh.z"), "");
    tar.add(link(tar::Type::hard_link, "d", "b"));
  }));
  expect_same(maker);
  const TempDir root;
  const auto image = flat(maker);
  publish(image, [&](const oci::Descriptor&) -> const oci::BlobSource& { return blobs_; }, blobs_, Task{});
  unpack(blobs_, image, root.path() / "root", Task{});
  EXPECT_EQ(std::filesystem::hard_link_count(root.path() / "root/b"), 3U);
}

TEST_F(NewLayer, flat_exchanges_kinds)
{
  ImageMaker maker(blobs_);
  maker.layer(tar_of([](tar::Writer& tar) {
    tar.add(tar_directory("a"));
    tar.add(tar_file("a/x"), "x");
    tar.add(tar_file("b"), "b");
  }));
  maker.layer(tar_of([](tar::Writer& tar) {
    tar.add(tar_file("a"), "now a file");
    tar.add(tar_directory("b"));
    tar.add(tar_file("b/x"), "x");
  }));
  expect_same(maker);
}

TEST_F(NewLayer, flat_does_not_depend_on_threads)
{
  ImageMaker maker(blobs_);
  maker.file("a", std::string(17 << 20, 'a')).file("b", "b");
  EXPECT_EQ(flat(maker, 1).descriptor, flat(maker, 3).descriptor);
}

TEST_F(NewLayer, flat_drops_annotations_that_speak_of_the_old_layers)
{
  ImageMaker maker(blobs_);
  maker.file("a", "1").file("a", "2");
  maker.manifest.annotations = {{std::string(annotation::base_name), "debian:12"}, {"dev.cairn.library.format", "1"}, {"own", "1"}};
  EXPECT_EQ(flat(maker).manifest.annotations, (oci::Annotations{{"own", "1"}}));
}

TEST_F(NewLayer, flat_refuses_broken_layers)
{
  ImageMaker links(blobs_);
  links.layer(tar_of([](tar::Writer& tar) {
    tar.add(link(tar::Type::symlink, "out", "/"));
    tar.add(tar_file("out/x"), "x");
  }));
  EXPECT_THAT([&] { return flat(links); }, ThrowsError(Errc::bad_input, "is a symbolic link of the same layer"));
  ImageMaker loop(blobs_);
  loop.layer(tar_of([](tar::Writer& tar) {
    tar.add(link(tar::Type::symlink, "a", "b"));
    tar.add(link(tar::Type::symlink, "b", "a"));
  }));
  loop.file("a/x", "x");
  EXPECT_THAT([&] { return flat(loop); }, ThrowsError(Errc::bad_input, "follows more than 40 symbolic links"));
  ImageMaker nowhere(blobs_);
  nowhere.layer(tar_of([](tar::Writer& tar) { tar.add(link(tar::Type::hard_link, "a", "none")); }));
  EXPECT_THAT([&] { return flat(nowhere); }, ThrowsError(Errc::bad_input, "is a hard link to 'none', which is no file"));
  ImageMaker wrong(blobs_);
  wrong.file("a", "x");
  wrong.config.diff_ids[0] = sha256(std::string_view("other"));
  EXPECT_THAT([&] { return flat(wrong); }, ThrowsError(Errc::corrupt, "diff_id is"));
}

}  // namespace
}  // namespace cairn::image
