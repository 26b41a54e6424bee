// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/edit.hpp>

#include <support/error_matcher.hpp>
#include <support/image_maker.hpp>

#include <gmock/gmock.h>

namespace cairn::image {
namespace {

using test::ImageMaker;
using test::MemoryBlobs;
using test::ThrowsError;
using testing::ElementsAre;

constexpr const char* now = "2026-01-02T03:04:05Z";

class Edit : public testing::Test {
protected:
  Edit()
  {
    ImageMaker maker(blobs_);
    maker.file("a", "x").file("b", "y");
    maker.config.env = {"PATH=/bin", "A=1"};
    maker.config.labels = {{"keep", "1"}, {"go", "2"}};
    maker.config.exposed_ports = {"80/tcp"};
    maker.config.volumes = {"/data"};
    maker.config.user = "app";
    maker.config.history = {{now, "first", "", false}, {now, "second", "", false}};
    maker.manifest.annotations = {{"keep", "1"}, {"go", "2"}};
    image_ = load(blobs_, maker.put());
  }
  [[nodiscard]] Layer layer(const std::string& path)
  {
    const auto plain = test::tar_of([&](tar::Writer& tar) { tar.add(test::tar_file(path), path); });
    return {blobs_.add(test::packed(plain, Codec::zstd), layer_media_type(Codec::zstd)), sha256(plain), "a test"};
  }
  [[nodiscard]] Image changed(const ConfigChanges& changes) const { return mutate(image_, changes, {now, "mutate", "", true}); }
  /// What is left after the documents were written and read back.
  [[nodiscard]] Image published(const Image& image)
  {
    publish(image, [&](const oci::Descriptor&) -> const oci::BlobSource& { return blobs_; }, blobs_, Task{});
    return load(blobs_, image.descriptor);
  }

  MemoryBlobs blobs_;
  Image image_;
};

TEST_F(Edit, appends_layers_on_top_with_their_history)
{
  const auto image = published(append(image_, {layer("c"), layer("d")}, now));
  EXPECT_EQ(image.manifest.layers.size(), 4U);
  EXPECT_EQ(image.config.history.back().created_by, "a test");
  EXPECT_TRUE(validate(blobs_, image.descriptor, Task{}).empty());
}

TEST_F(Edit, drops_a_history_that_tells_less_than_all)
{
  image_.config.history.pop_back();
  EXPECT_TRUE(append(image_, {layer("c")}, now).config.history.empty());
  EXPECT_FALSE(has_history(image_));
}

TEST_F(Edit, makes_no_image_of_more_layers_than_runtimes_take)
{
  const std::vector<Layer> many(runtime_layer_limit - 2, layer("c"));
  EXPECT_EQ(append(image_, many, now).manifest.layers.size(), runtime_layer_limit);
  const std::vector<Layer> more(runtime_layer_limit - 1, layer("c"));
  EXPECT_THAT([&] { return append(image_, more, now); }, ThrowsError(Errc::limit, "121 layers: runtimes take at most 120"));
}

TEST_F(Edit, turns_docker_types_into_ocis)
{
  image_.manifest.media_type = oci::media_type::docker_manifest;
  image_.manifest.config.media_type = oci::media_type::docker_config;
  image_.manifest.layers[0].media_type = oci::media_type::docker_layer_gzip;
  const auto image = append(image_, {}, now);
  EXPECT_EQ(image.manifest.media_type, oci::media_type::manifest);
  EXPECT_EQ(image.manifest.layers[0].media_type, oci::media_type::layer_gzip);
  EXPECT_EQ(image.manifest.config.media_type, oci::media_type::config);
}

TEST_F(Edit, sets_and_removes_annotations)
{
  const auto image = annotate(image_, {.set = {{"new", "3"}}, .remove = {"go"}});
  EXPECT_EQ(image.manifest.annotations, (oci::Annotations{{"keep", "1"}, {"new", "3"}}));
  EXPECT_EQ(image.manifest.config.digest, image_.manifest.config.digest);
  EXPECT_THAT([&] { return annotate(image_, {.set = {}, .remove = {"none"}}); }, ThrowsError(Errc::not_found, "annotation 'none'"));
}

TEST_F(Edit, sets_and_removes_variables_where_they_stand)
{
  ConfigChanges changes;
  changes.set_env = {{"PATH", "/opt/bin:/bin"}, {"B", "2=3"}};
  changes.remove_env = {"A"};
  EXPECT_THAT(changed(changes).config.env, ElementsAre("PATH=/opt/bin:/bin", "B=2=3"));
  changes.remove_env = {"AA"};
  EXPECT_THAT([&] { return changed(changes); }, ThrowsError(Errc::not_found, "variable 'AA'"));
}

TEST_F(Edit, knows_the_last_of_two_values)
{
  EXPECT_EQ(find_env({"A=1", "AB=3", "A=2"}, "A"), "2");
  EXPECT_EQ(find_env({"A"}, "A"), "");
  EXPECT_EQ(find_env({"AB=3"}, "A"), std::nullopt);
}

TEST_F(Edit, changes_the_rest_of_a_config)
{
  ConfigChanges changes;
  changes.add_ports = {"443", "53/udp", "8000-8010"};
  changes.remove_ports = {"80"};
  changes.add_volumes = {"/var/lib/db"};
  changes.remove_volumes = {"/data"};
  changes.user = "";
  changes.working_dir = "/home/app";
  changes.stop_signal = "SIGINT";
  changes.entrypoint = {{"/bin/app"}};
  changes.cmd = {{"--help"}};
  changes.labels = {.set = {{"new", "3"}}, .remove = {"go"}};
  const auto config = published(changed(changes)).config;
  EXPECT_THAT(config.exposed_ports, ElementsAre("443/tcp", "53/udp", "8000-8010/tcp"));
  EXPECT_THAT(config.volumes, ElementsAre("/var/lib/db"));
  EXPECT_EQ(config.user, "");
  EXPECT_EQ(config.working_dir, "/home/app");
  EXPECT_EQ(config.stop_signal, "SIGINT");
  EXPECT_THAT(config.entrypoint, ElementsAre("/bin/app"));
  EXPECT_THAT(config.cmd, ElementsAre("--help"));
  EXPECT_EQ(config.labels, (oci::Annotations{{"keep", "1"}, {"new", "3"}}));
  EXPECT_EQ(config.history.size(), 3U);
}

TEST_F(Edit, refuses_what_no_runtime_takes)
{
  const auto refused = [&](auto fill, const char* why) {
    ConfigChanges changes;
    fill(changes);
    EXPECT_THAT([&] { return changed(changes); }, ThrowsError(Errc::bad_input, why));
  };
  for (const char* port : {"0", "65536", "", "80/icmp", "9-8", "80-", "-80", "http", "80/tcp/udp", "+80"})
    refused([&](ConfigChanges& changes) { changes.add_ports = {port}; }, "port '");
  refused([](ConfigChanges& changes) { changes.add_volumes = {"data"}; }, "volume 'data': is not an absolute path");
  refused([](ConfigChanges& changes) { changes.working_dir = "data"; }, "working directory 'data'");
  refused([](ConfigChanges& changes) { changes.set_env = {{"", "x"}}; }, "has no name");
}

TEST_F(Edit, publishes_what_is_missing_and_nothing_else)
{
  MemoryBlobs other;
  publish(image_, [&](const oci::Descriptor&) -> const oci::BlobSource& { return blobs_; }, other, Task{});
  EXPECT_EQ(other.count(), 4U);
  // All there: nothing is asked for.
  publish(image_, [&](const oci::Descriptor&) -> const oci::BlobSource& { throw std::logic_error("asked"); }, other, Task{});
}

TEST_F(Edit, names_a_layer_that_is_nowhere_unless_it_is_a_foreign_one)
{
  MemoryBlobs other;
  blobs_.remove(image_.manifest.layers[1].digest);
  const auto origin = [&](const oci::Descriptor&) -> const oci::BlobSource& { return blobs_; };
  EXPECT_THAT(
      [&] {
        publish(image_, origin, other, Task{});
        return 0;
      },
      ThrowsError(Errc::not_found, "layer 1: blob"));
  image_.manifest.layers[1].urls = {"https://example.org/layer"};
  publish(make_image(image_.manifest, image_.config), origin, other, Task{});
}

}  // namespace
}  // namespace cairn::image
