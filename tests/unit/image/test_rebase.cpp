// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/rebase.hpp>

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

class Rebase : public testing::Test {
protected:
  Rebase()
  {
    old_.file("base", "1").file("more", "1");
    old_.config.env = {"PATH=/usr/bin:/bin", "LANG=C", "OLD=1", "UNWANTED=1"};
    old_.config.user = "root";
    old_.config.working_dir = "/";
    old_.config.cmd = {"bash"};
    old_.config.labels = {{"version", "1"}, {"gone", "1"}, {"unwanted", "1"}};
    old_.config.exposed_ports = {"22/tcp"};
    old_.config.history = {{now, "base 1", "", false}, {now, "more 1", "", false}, {now, "env", "", true}};

    new_.file("base", "2", Codec::zstd);
    new_.config.env = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "NEW=1", "UNWANTED=1"};
    new_.config.user = "0";
    new_.config.working_dir = "/srv";
    new_.config.cmd = {"sh"};
    new_.config.labels = {{"version", "2"}, {"unwanted", "1"}};
    new_.config.history = {{now, "base 2", "", false}};

    // Built on the old base, which it knows in another compression.
    app_.file("base", "1", Codec::zstd).file("more", "1").file("app", "1");
    app_.config = old_.config;
    app_.config.diff_ids.push_back(sha256(test::tar_of([](tar::Writer& tar) { tar.add(test::tar_file("app"), "1"); })));
    app_.config.env = {"PATH=/app/bin:/usr/bin:/bin", "LANG=C", "OLD=1", "APP=1"};
    app_.config.working_dir = "/app";
    app_.config.labels = {{"version", "1"}, {"gone", "1"}, {"app", "1"}};
    app_.config.exposed_ports = {"22/tcp", "8080/tcp"};
    app_.config.history.push_back({now, "app 1", "", false});
    app_.config.history.push_back({now, "workdir", "", true});
  }
  [[nodiscard]] Image rebased() { return rebase(image(app_), image(old_), image(new_), now); }
  [[nodiscard]] Image image(ImageMaker& maker) { return load(blobs_, maker.put()); }

  MemoryBlobs blobs_;
  ImageMaker old_{blobs_};
  ImageMaker new_{blobs_};
  ImageMaker app_{blobs_};
};

TEST_F(Rebase, exchanges_the_layers_below)
{
  const auto result = rebased();
  publish(result, [&](const oci::Descriptor&) -> const oci::BlobSource& { return blobs_; }, blobs_, Task{});
  ASSERT_EQ(result.manifest.layers.size(), 2U);
  EXPECT_EQ(result.manifest.layers[0].digest, new_.manifest.layers[0].digest);
  EXPECT_EQ(result.manifest.layers[1].digest, app_.manifest.layers[2].digest);
  EXPECT_TRUE(validate(blobs_, result.descriptor, Task{}).empty());
}

TEST_F(Rebase, keeps_what_the_image_set_and_takes_the_rest_from_the_new_base)
{
  const auto config = rebased().config;
  EXPECT_THAT(config.env, ElementsAre("PATH=/app/bin:/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "NEW=1", "APP=1"));
  EXPECT_EQ(config.user, "0");
  EXPECT_EQ(config.working_dir, "/app");
  EXPECT_THAT(config.cmd, ElementsAre("sh"));
  EXPECT_EQ(config.labels, (oci::Annotations{{"version", "2"}, {"app", "1"}}));
  EXPECT_THAT(config.exposed_ports, ElementsAre("8080/tcp"));
}

TEST_F(Rebase, exchanges_the_history_below)
{
  std::vector<std::string> steps;
  for (const auto& step : rebased().config.history) steps.push_back(step.created_by);
  EXPECT_THAT(steps, ElementsAre("base 2", "app 1", "workdir"));
}

TEST_F(Rebase, tells_of_a_new_base_without_history)
{
  new_.config.history.clear();
  const auto result = rebased();
  EXPECT_TRUE(has_history(result));
  EXPECT_TRUE(result.config.history.front().created_by.starts_with("base sha256:"));
}

TEST_F(Rebase, to_the_same_base_changes_nothing_but_the_time)
{
  auto result = rebase(image(app_), image(old_), image(old_), now);
  result.config.created = app_.config.created;
  EXPECT_EQ(result.config, app_.config);
}

TEST_F(Rebase, refuses_an_old_base_that_it_was_not_built_on)
{
  ImageMaker other(blobs_);
  other.file("base", "1").file("more", "other");
  EXPECT_THAT([&] { return rebase(image(app_), image(other), image(new_), now); },
              ThrowsError(Errc::bad_input, "the image was not built on the old base sha256:"));
  other.file("x", "").file("y", "");
  EXPECT_THAT([&] { return rebase(image(app_), image(other), image(new_), now); },
              ThrowsError(Errc::bad_input, "the image has 3 layers, the old base 4"));
}

TEST_F(Rebase, refuses_a_base_for_another_platform)
{
  new_.config.platform.architecture = "arm64";
  EXPECT_THAT([&] { return rebased(); },
              ThrowsError(Errc::bad_input, "the image is for 'linux'/'amd64', the new base for 'linux'/'arm64'"));
}

TEST_F(Rebase, knows_its_base_from_annotations_or_labels)
{
  const auto digest = sha256(std::string_view("base"));
  const auto plain = image(app_);
  EXPECT_FALSE(base_of(plain));
  const auto annotated = with_base(plain, {"debian:12", digest});
  ASSERT_TRUE(base_of(annotated));
  EXPECT_EQ(base_of(annotated)->name, "debian:12");
  EXPECT_EQ(base_of(annotated)->digest, digest);
  app_.config.labels[std::string(annotation::base_digest)] = "sha256:short";
  EXPECT_THAT([&] { return base_of(image(app_)); }, ThrowsError(Errc::bad_input, "base.digest"));
}

}  // namespace
}  // namespace cairn::image
