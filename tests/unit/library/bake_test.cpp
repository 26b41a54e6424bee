// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/bake.hpp>

#include <cairn/image/edit.hpp>
#include <cairn/image/rebase.hpp>
#include <cairn/library/bake_plan.hpp>
#include <cairn/library/subset.hpp>
#include <cairn/store/layer_target.hpp>
#include <support/error_matcher.hpp>
#include <support/image_maker.hpp>
#include <unit/library/library_test.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>

namespace cairn::library {
namespace {

using cairn::test::ImageMaker;
using cairn::test::MemoryBlobs;
using cairn::test::ThrowsError;
using test::ModuleTree;
using test::Shelf;
using testing::ElementsAre;

constexpr const char* now = "2026-01-02T03:04:05Z";

/// A store that counts how often blobs are opened.
class Counted final : public oci::BlobSource {
public:
  explicit Counted(const store::Store& store) : store_(store) {}
  [[nodiscard]] std::unique_ptr<Source> open(const oci::Descriptor& blob) const override
  {
    opened_.push_back(blob.digest);
    return store_.open(blob);
  }
  [[nodiscard]] std::unique_ptr<Source> open_range(const oci::Descriptor& blob, std::uint64_t offset,
                                                   std::uint64_t size_bytes) const override
  {
    ranges_ += size_bytes;
    return store_.open_range(blob, offset, size_bytes);
  }
  [[nodiscard]] const std::vector<Digest>& opened() const { return opened_; }
  [[nodiscard]] std::uint64_t range_bytes() const { return ranges_; }

private:
  const store::Store& store_;
  mutable std::vector<Digest> opened_;
  mutable std::atomic<std::uint64_t> ranges_{0};
};

class Bake : public testing::Test {
protected:
  Bake()
  {
    tree_.module("zlib/1.2", "old zlib")
        .module("zlib/1.3", "zlib")
        .module("png/1", "png", {"zlib/1.2"})
        .module("app/1", "app", {"png/1"})
        .module("other/1", "other");
    tree_.symlink("modules/all/zlib/default", "1.2.lua").symlink("modules/all/other/default", "1.lua");
    tree_.symlink("modules/featured/app", "../all/app/1.lua").symlink("modules/featured/other", "../all/other/1.lua");
    tree_.file("modules/all/.modulerc.lua", "module_alias(\"pictures/1\", \"png/1\")\nmodule_alias(\"stuff/1\", \"other/1\")\n");
    auto settings = shelf_.settings(tree_);
    settings.budget_layers = 3;  // so that units share layers
    static_cast<void>(library::split(settings, shelf_.store, Task{}));
    MemoryBlobs made;
    ImageMaker maker(made);
    maker.file("etc/os", "1").file("etc/more", "1");
    maker.config.env = {"PATH=/bin", "MODULEPATH=/usr/share/modules:" + tree_.target() + "/modules/all", "OTHER=1"};
    maker.config.history = {{now, "os", "", false}, {now, "more", "", false}};
    const auto descriptor = maker.put();
    base_ = image::load(made, descriptor);
    image::publish(base_, [&](const oci::Descriptor&) -> const oci::BlobSource& { return made; }, shelf_.store, Task{});
  }
  [[nodiscard]] Baked baked(const std::vector<std::string>& modules = {}, const std::string& library = "library:1")
  {
    return baked_on(base_, modules, library);
  }
  [[nodiscard]] Baked baked_on(const image::Image& base, const std::vector<std::string>& modules = {},
                               const std::string& library = "library:1")
  {
    BakeSettings settings{.modules = modules, .created = now, .threads = 2, .base_name = "base:1", .base_digest = base.descriptor.digest};
    auto result = bake(
        base, shelf_.store, shelf_.load(library), settings, [&] { return std::make_unique<store::StoreTarget>(shelf_.store); }, Task{});
    image::publish(result.image, [&](const oci::Descriptor&) -> const oci::BlobSource& { return shelf_.store; }, shelf_.store, Task{});
    shelf_.store.tag("baked:1", result.image.descriptor, Task{});
    return result;
  }
  /// The next release, so that there are dead bytes.
  void release(const std::string& tag, const std::string& since = "library:1")
  {
    auto settings = shelf_.settings(tree_, tag);
    settings.since = PreviousRelease{since, shelf_.load(since), nullptr};
    ASSERT_TRUE(library::split(settings, shelf_.store, Task{}).problems.empty());
  }

  ModuleTree tree_;
  Shelf shelf_;
  image::Image base_;
};

TEST_F(Bake, of_a_whole_library_keeps_its_layers_and_reads_only_the_index)
{
  const auto library = shelf_.load();
  const Counted blobs(shelf_.store);
  const auto result =
      bake(base_, blobs, library, {.modules = {}, .created = now}, [] { return std::unique_ptr<layer::LayerTarget>(); }, Task{});
  EXPECT_THAT(blobs.opened(), ElementsAre());
  EXPECT_EQ(blobs.range_bytes(), 0U);
  ASSERT_EQ(result.image.manifest.layers.size(), 2 + library.image.manifest.layers.size());
  for (std::size_t i = 0; i < library.image.manifest.layers.size(); ++i)
    EXPECT_EQ(result.image.manifest.layers[2 + i].digest, library.image.manifest.layers[i].digest);
}

TEST_F(Bake, shows_the_library_over_the_image)
{
  const auto result = baked();
  EXPECT_EQ(shelf_.files("baked:1"), shelf_.files("library:1"));
  EXPECT_EQ(shelf_.findings("baked:1"), 0U);
  const auto library = shelf_.load("baked:1");
  EXPECT_EQ(library.first_layer, 2U);
  EXPECT_EQ(library.document, shelf_.load().document);
}

TEST_F(Bake, sets_what_lmod_needs_in_front_of_what_the_image_has)
{
  const auto target = tree_.target();
  EXPECT_THAT(baked().image.config.env, ElementsAre("PATH=/bin", "MODULEPATH=" + target + "/modules/all:/usr/share/modules", "OTHER=1",
                                                    "LMOD_RC=" + target + "/.cairn/lmod/lmodrc.lua"));
}

TEST_F(Bake, says_what_it_was_laid_on)
{
  const auto base = image::base_of(baked().image);
  ASSERT_TRUE(base);
  EXPECT_EQ(base->name, "base:1");
  EXPECT_EQ(base->digest, base_.descriptor.digest);
}

TEST_F(Bake, of_a_part_shows_what_a_tree_of_that_part_would)
{
  const auto result = baked({"app"});
  EXPECT_EQ(shelf_.findings("baked:1"), 0U);
  ModuleTree part;
  part.module("zlib/1.2", "old zlib").module("png/1", "png", {"zlib/1.2"}).module("app/1", "app", {"png/1"});
  part.symlink("modules/all/zlib/default", "1.2.lua").symlink("modules/featured/app", "../all/app/1.lua");
  part.file("modules/all/.modulerc.lua", "module_alias(\"pictures/1\", \"png/1\")\nmodule_alias(\"stuff/1\", \"other/1\")\n");
  auto expected = test::fresh(part);
  auto found = shelf_.files("baked:1");
  EXPECT_EQ(found, expected);
  EXPECT_TRUE(found.contains(".cairn/lmod/spiderT.lua"));
}

TEST_F(Bake, of_a_part_keeps_layers_of_which_all_is_wanted)
{
  shelf_.split(tree_, "wide:1");
  const auto narrow = baked({"app"});
  const auto files = shelf_.files("baked:1");
  const auto wide = baked({"app"}, "wide:1");
  EXPECT_LT(narrow.kept_layers, wide.kept_layers);
  EXPECT_EQ(wide.kept_layers, 3U);
  EXPECT_EQ(wide.new_layers, 1U);
  EXPECT_EQ(shelf_.files("baked:1"), files);
}

TEST_F(Bake, of_a_part_is_a_library_of_that_part)
{
  static_cast<void>(baked({"png/1"}));
  const auto library = shelf_.load("baked:1");
  std::vector<std::string> names;
  for (const auto& unit : library.document.units) names.push_back(unit.name);
  EXPECT_THAT(names, ElementsAre("png/1", "zlib/1.2"));
  EXPECT_EQ(find_unit(library.document, "pictures/1").name, "png/1");
  EXPECT_THAT([&] { return find_unit(library.document, "stuff/1"); }, ThrowsError(Errc::not_found, "stuff/1"));
  for (const auto& layer : library.document.layers)
    for (const auto& fragment : layer.fragments) EXPECT_TRUE(fragment.live);
}

TEST_F(Bake, is_the_same_every_time)
{
  const auto first = baked({"app/1"}).image.descriptor;
  EXPECT_EQ(baked({"app/1"}).image.descriptor, first);
  // In any order, and with names that mean the same.
  EXPECT_EQ(baked({"zlib/1.2", "app"}).image.descriptor, first);
}

TEST_F(Bake, of_a_part_has_no_dead_bytes_and_no_whiteouts)
{
  tree_.module("png/1", "another png", {"zlib/1.2"});
  tree_.remove("software/other").remove("modules/all/other").remove("modules/featured/other");
  release("library:2");
  const auto result = baked({"app/1"}, "library:2");
  EXPECT_EQ(shelf_.findings("baked:1"), 0U);
  for (std::size_t i = 2; i < result.image.manifest.layers.size(); ++i)
    for (const auto& path : test::entries(shelf_, result.image.manifest.layers[i])) EXPECT_EQ(path.find(".wh."), std::string::npos) << path;
  EXPECT_EQ(shelf_.files("baked:1").at("software/png/1/bin/run"), "100775 another png");
}

TEST_F(Bake, of_a_whole_library_hides_its_dead_bytes)
{
  tree_.module("png/1", "another png", {"zlib/1.2"});
  tree_.remove("software/other").remove("modules/all/other").remove("modules/featured/other");
  release("library:2");
  static_cast<void>(baked({}, "library:2"));
  EXPECT_EQ(shelf_.files("baked:1"), test::fresh(tree_));
}

TEST_F(Bake, replaces_the_library_that_was_there)
{
  static_cast<void>(baked());
  const auto old = image::load(shelf_.store, shelf_.store.resolve("baked:1"));
  const auto result = baked_on(old, {"png/1"});
  EXPECT_TRUE(result.replaced);
  EXPECT_EQ(result.image.descriptor, baked({"png/1"}).image.descriptor);
}

TEST_F(Bake, fits_an_image_of_many_layers_by_joining_small_neighbours)
{
  MemoryBlobs made;
  ImageMaker maker(made);
  for (int i = 0; i < 117; ++i) maker.file("etc/" + std::to_string(i), "x");
  const auto descriptor = maker.put();
  const auto high = image::load(made, descriptor);
  image::publish(high, [&](const oci::Descriptor&) -> const oci::BlobSource& { return made; }, shelf_.store, Task{});
  shelf_.split(tree_, "wide:1");
  tree_.module("png/1", "another png", {"zlib/1.2"});
  tree_.remove("software/other").remove("modules/all/other").remove("modules/featured/other");
  release("library:2", "wide:1");
  ASSERT_GT(shelf_.load("library:2").document.layers.size(), 2U);
  const auto result = baked_on(high, {}, "library:2");
  EXPECT_EQ(result.image.manifest.layers.size(), image::runtime_layer_limit);
  EXPECT_GE(result.joined_layers, 1U);
  EXPECT_EQ(shelf_.findings("baked:1"), 0U);
  EXPECT_EQ(shelf_.files("baked:1"), test::fresh(tree_));
  maker.file("etc/117", "x").file("etc/118", "x");
  EXPECT_THAT([&] { return baked_on(image::load(made, maker.put())); },
              ThrowsError(Errc::limit, "the image has 119 layers, 118 are the most"));
}

TEST_F(Bake, refuses_a_library_for_another_platform)
{
  base_.config.platform.architecture = "arm64";
  EXPECT_THAT([&] { return baked(); }, ThrowsError(Errc::bad_input, "the image is for 'linux'/'arm64', the library for"));
}

TEST_F(Bake, refuses_unknown_modules_listing_near_ones)
{
  EXPECT_THAT([&] { return baked({"zlip/1.2"}); },
              ThrowsError(Errc::not_found, "module 'zlip/1.2' is not in the library; near names: zlib/1.2"));
}

TEST_F(Bake, refuses_a_damaged_fragment)
{
  const auto library = shelf_.load();
  // A part of a layer, so that it must be copied.
  for (const auto& layer : library.document.layers) {
    const auto path = shelf_.store.path() / "blobs/sha256" / layer.digest.hex();
    std::fstream blob(path, std::ios::in | std::ios::out | std::ios::binary);
    blob.seekg(static_cast<std::streamoff>(layer.size_bytes / 2));
    const auto byte = static_cast<char>(blob.get());
    blob.seekp(static_cast<std::streamoff>(layer.size_bytes / 2));
    blob.put(static_cast<char>(byte ^ 1));
  }
  const auto plan = plan_part(library.document, closure(library.document, {"app/1"}));
  ASSERT_TRUE(std::ranges::any_of(plan, [](const BakedLayer& layer) { return !layer.as_is; }));
  EXPECT_THAT([&] { return baked({"zlib/1.2", "zlib/1.3", "png/1"}); }, ThrowsError(Errc::corrupt, ""));
}

TEST_F(Bake, reads_no_more_of_a_kept_layer_than_leads_to_its_modulefile)
{
  tree_.install("large/1", std::string(3'000'000, 'x'));
  {
    std::ofstream noise(tree_ / "software/large/1/bin/run", std::ios::binary);
    std::uint32_t state = 1;
    for (int i = 0; i < 3'000'000; ++i) noise.put(static_cast<char>((state = state * 1664525 + 1013904223) >> 24));
  }
  tree_.modulefile("large/1", "large/1");
  shelf_.split(tree_, "wide:1");
  const auto library = shelf_.load("wide:1");
  const Counted blobs(shelf_.store);
  const BakeSettings settings{.modules = {"large/1"}, .created = now};
  const auto result = bake(base_, blobs, library, settings, [&] { return std::make_unique<store::StoreTarget>(shelf_.store); }, Task{});
  EXPECT_EQ(result.kept_layers, 1U);
  EXPECT_THAT(blobs.opened(), ElementsAre(library.index_layer().digest));
  EXPECT_LT(blobs.range_bytes(), 300'000U);
}

TEST(BakeOfAHierarchy, has_what_opens_the_way_to_a_module)
{
  ModuleTree tree;
  const auto opens = [&](const std::string& path) {
    return "prepend_path(\"MODULEPATH\", \"" + tree.target() + "/modules/all/" + path + "\")\n";
  };
  tree.install("GCC/12", "gcc");
  tree.modulefile("GCC/12", "GCC/12", {}, "modules/all/Core", opens("Compiler/GCC/12"));
  tree.install("MPI/4", "mpi");
  tree.modulefile("MPI/4", "MPI/4", {}, "modules/all/Compiler/GCC/12", opens("MPI/GCC/12/MPI/4"));
  tree.install("app/1", "app");
  tree.modulefile("app/1", "app/1", {}, "modules/all/MPI/GCC/12/MPI/4");
  tree.install("other/1", "other");
  tree.modulefile("other/1", "other/1", {}, "modules/all/Core");
  Shelf shelf;
  shelf.split(tree);
  const auto library = shelf.load();
  const auto cache = read_index_files(shelf.store, library).spider_cache;
  EXPECT_THAT(with_openers(library.document, cache, {"app/1"}), ElementsAre("GCC/12", "MPI/4", "app/1"));
  EXPECT_THAT(with_openers(library.document, cache, {"other/1"}), ElementsAre("other/1"));
}

TEST(Cache, of_a_part_agrees_with_that_of_the_whole)
{
  const std::string whole = "a = {\n  help = \"x\",\n  wV = \"^1\",\n}\n";
  EXPECT_TRUE(agrees("a = {\n  help = \"x\",\n  wV = \"1\",\n}\n", whole));
  EXPECT_FALSE(agrees("a = {\n  help = \"y\",\n}\n", whole));
  EXPECT_FALSE(agrees(whole, ""));
}

Document layers_of(const std::vector<std::vector<std::pair<std::string, std::uint64_t>>>& layers)
{
  Document document;
  for (const auto& units : layers) {
    LayerInfo info;
    for (const auto& [unit, bytes] : units) {
      FragmentInfo fragment;
      fragment.live = !unit.starts_with('-');
      fragment.unit = fragment.live ? unit : unit.substr(1);
      fragment.packed_bytes = bytes;
      fragment.roots = {{"software/" + fragment.unit, true}};
      info.size_bytes += bytes;
      info.fragments.push_back(std::move(fragment));
    }
    document.layers.push_back(std::move(info));
  }
  return document;
}

TEST(BakePlan, keeps_a_layer_of_which_all_is_wanted)
{
  const auto document = layers_of({{{"a", 1}, {"b", 1}}, {{"c", 1}, {"d", 1}}, {{"e", 1}}});
  const auto plan = plan_part(document, {"a", "b", "c"});
  ASSERT_EQ(plan.size(), 2U);
  EXPECT_TRUE(plan[0].as_is);
  EXPECT_FALSE(plan[1].as_is);
  EXPECT_EQ(plan[1].fragments.size(), 1U);
}

TEST(BakePlan, keeps_no_layer_with_dead_bytes_or_whiteouts)
{
  auto document = layers_of({{{"a", 1}, {"-b", 1}}, {{"b", 1}}});
  document.layers[1].opaque = {"software/b"};
  const auto plan = plan_part(document, {"a", "b"});
  EXPECT_FALSE(plan[0].as_is);
  EXPECT_FALSE(plan[1].as_is);
}

TEST(BakePlan, joins_the_neighbours_with_least_bytes)
{
  const auto document = layers_of({{{"a", 9}}, {{"b", 2}}, {{"c", 1}, {"-x", 50}}, {{"d", 9}}});
  const auto plan = join(plan_all(document), 3, document);
  ASSERT_EQ(plan.size(), 3U);
  EXPECT_TRUE(plan[0].as_is);
  EXPECT_THAT(plan[1].from, ElementsAre(1, 2));
  EXPECT_EQ(plan[1].packed_bytes, 3U);
  EXPECT_EQ(plan[1].fragments.size(), 2U);
  EXPECT_EQ(join(plan_all(document), 1, document).size(), 1U);
}

TEST(BakePlan, joins_no_layers_of_different_codecs)
{
  auto document = layers_of({{{"a", 1}}, {{"b", 1}}});
  document.layers[1].compression = Compression::standard(Codec::gzip);
  EXPECT_THAT([&] { return join(plan_all(document), 1, document); }, ThrowsError(Errc::limit, "different compressions"));
}

TEST(BakePlan, needs_an_opaque_directory_only_over_dead_bytes_that_are_still_below)
{
  auto document = layers_of({{{"-a", 1}, {"x", 1}}, {{"a", 1}}, {{"y", 100}}});
  document.layers[1].opaque = {"software/a"};
  EXPECT_THAT(still_opaque(plan_all(document), 1, document), ElementsAre("software/a"));
  EXPECT_THAT(still_opaque(join(plan_all(document), 2, document), 0, document), ElementsAre());
}

}  // namespace
}  // namespace cairn::library
