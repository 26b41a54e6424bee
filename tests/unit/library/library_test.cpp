// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/library.hpp>

#include <cairn/base/error.hpp>
#include <support/error_matcher.hpp>
#include <unit/library/library_test.hpp>

#include <gmock/gmock.h>

#include <functional>

namespace cairn::library {
namespace {

using cairn::test::ThrowsError;
using test::ModuleTree;
using test::Shelf;
using testing::ElementsAre;

class Loading : public testing::Test {
protected:
  Loading()
  {
    tree_.module("a/1", "program a").module("b/1", "program b", {"a/1"});
    shelf_.split(tree_);
    image_ = shelf_.load().image;
  }
  /// Store a manifest like the library's, but for `change`.
  [[nodiscard]] oci::Descriptor with(const std::function<void(oci::Manifest&, oci::ImageConfig&)>& change)
  {
    auto manifest = image_.manifest;
    auto config = image_.config;
    change(manifest, config);
    manifest.config = shelf_.store.put(config.json(), std::string(oci::media_type::config));
    return shelf_.store.put(manifest.json(), std::string(oci::media_type::manifest));
  }
  void refused(const oci::Descriptor& manifest, Errc code, const char* why)
  {
    EXPECT_THAT([&] { return load(shelf_.store, manifest); }, ThrowsError(code, why));
  }
  ModuleTree tree_;
  Shelf shelf_;
  image::Image image_;
};

TEST_F(Loading, gives_what_was_split)
{
  EXPECT_EQ(load(shelf_.store, with([](auto&, auto&) {})).document.units.size(), 2U);
}

TEST_F(Loading, refuses_an_image_that_is_no_library)
{
  refused(with([](auto& manifest, auto&) { manifest.annotations.clear(); }), Errc::bad_input, "not a library");
}

TEST_F(Loading, refuses_a_library_without_index_layer)
{
  refused(with([](auto& manifest, auto& config) {
            manifest.layers.pop_back();
            config.diff_ids.pop_back();
            config.history.pop_back();
          }),
          Errc::bad_input, "without index layer");
  refused(with([](auto& manifest, auto& config) {
            manifest.layers.clear();
            config.diff_ids.clear();
            config.history.clear();
          }),
          Errc::bad_input, "without index layer");
}

TEST_F(Loading, refuses_an_index_layer_without_document)
{
  refused(with([](auto& manifest, auto&) {
            std::swap(manifest.layers.front(), manifest.layers.back()),
                manifest.layers.back().annotations = {{std::string(annotation::layer), "index"}};
          }),
          Errc::bad_input, "has no .cairn/library.json");
}

TEST_F(Loading, refuses_a_document_that_disagrees_with_the_manifest)
{
  refused(with([](auto& manifest, auto& config) {
            manifest.layers.erase(manifest.layers.begin());
            config.diff_ids.erase(config.diff_ids.begin());
            config.history.erase(config.history.begin());
          }),
          Errc::bad_input, "disagrees with the manifest");
  refused(with([](auto& manifest, auto&) { manifest.layers.front().digest = sha256(std::string_view("x")); }), Errc::bad_input,
          "disagrees with the manifest");
  refused(with([](auto&, auto& config) { config.diff_ids.front() = sha256(std::string_view("x")); }), Errc::bad_input, "another diff_id");
}

TEST_F(Loading, finds_a_library_among_other_layers)
{
  const auto library = load(shelf_.store, with([](auto& manifest, auto& config) {
                              auto other = manifest.layers.front();
                              other.annotations.clear();
                              manifest.layers.insert(manifest.layers.begin(), other);
                              manifest.layers.push_back(other);
                              config.diff_ids.insert(config.diff_ids.begin(), config.diff_ids.front());
                              config.diff_ids.push_back(config.diff_ids.front());
                            }));
  EXPECT_EQ(library.first_layer, 1U);
  EXPECT_EQ(library.index_layer().digest, image_.manifest.layers.back().digest);
}

TEST_F(Loading, refuses_a_damaged_index_layer)
{
  const auto path = shelf_.store.path() / "blobs/sha256" / image_.manifest.layers.back().digest.hex();
  std::fstream blob(path, std::ios::in | std::ios::out | std::ios::binary);
  blob.seekg(-1, std::ios::end);
  const auto last = static_cast<char>(blob.get());
  blob.seekp(-1, std::ios::end);
  blob.put(static_cast<char>(last ^ 1));
  blob.close();
  EXPECT_THAT([&] { return shelf_.load(); }, ThrowsError(Errc::corrupt, ""));
}

TEST_F(Loading, reads_no_other_layer)
{
  for (std::size_t i = 0; i + 1 < image_.manifest.layers.size(); ++i)
    std::filesystem::remove(shelf_.store.path() / "blobs/sha256" / image_.manifest.layers[i].digest.hex());
  EXPECT_EQ(shelf_.load().document.units.size(), 2U);
}

Document graph()
{
  Document document;
  const auto unit = [&](const std::string& name, std::vector<std::string> dependencies, std::vector<std::string> modules = {}) {
    UnitInfo info;
    info.name = name;
    info.dependencies = std::move(dependencies);
    if (modules.empty()) modules = {name};
    for (const auto& module : modules)
      info.modules.push_back({module, "modules/all/" + module + ".lua", "modules/all", false, {}, {}, {}, {}});
    document.units.push_back(std::move(info));
  };
  unit("GCC/11", {});
  unit("GCC/12", {});
  unit("a/1", {"b/1", "c/1"});
  unit("b/1", {"c/1"});
  unit("c/1", {"a/1"}, {"c/1", "c/alias-like"});  // a circle
  unit("data/x", {}, {"X/data"});
  document.aliases = {{"A", "a/1"}, {"loop", "loop2"}, {"loop2", "loop"}};
  return document;
}

TEST(Closure, holds_dependencies_of_dependencies)
{
  EXPECT_THAT(closure(graph(), {"a/1"}), ElementsAre("a/1", "b/1", "c/1"));
  EXPECT_THAT(closure(graph(), {"GCC/11", "data/x"}), ElementsAre("GCC/11", "data/x"));
  EXPECT_THAT(closure(graph(), {}), ElementsAre());
}

TEST(Closure, takes_names_as_users_write_them)
{
  EXPECT_THAT(closure(graph(), {"A"}), ElementsAre("a/1", "b/1", "c/1"));
  EXPECT_THAT(closure(graph(), {"GCC"}), ElementsAre("GCC/12"));
  EXPECT_EQ(find_unit(graph(), "c/alias-like").name, "c/1");
  EXPECT_EQ(find_unit(graph(), "X/data").name, "data/x");
}

TEST(Closure, names_what_is_near)
{
  EXPECT_THAT([] { return closure(graph(), {"GCC/13"}); }, ThrowsError(Errc::not_found, "near names: GCC/11, GCC/12"));
  EXPECT_THAT([] { return closure(graph(), {"nothing/like/it"}); }, ThrowsError(Errc::not_found, "is not in the library"));
}

TEST(Closure, ends_at_aliases_that_lead_in_circles)
{
  EXPECT_THAT([] { return closure(graph(), {"loop"}); }, ThrowsError(Errc::not_found, "loop"));
}

}  // namespace
}  // namespace cairn::library
