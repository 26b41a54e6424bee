// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/layers.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>
#include <unit/stack/wheel_maker.hpp>

#include <gmock/gmock.h>

#include <fstream>
#include <optional>

namespace cairn::stack {
namespace {

using cairn::test::ThrowsError;
using testing::HasSubstr;
using testing::IsEmpty;

std::string noise(std::size_t size)
{
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (auto& c : text) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return text;
}

class Make : public testing::Test {
protected:
  Make()
  {
    settings.install.layout = python::Layout::venv("/opt/app", settings.install.target);
    settings.created = "1970-01-01T00:00:00Z";
    settings.tag = "stack:1";
    settings.threads = 2;
  }
  python::Chosen wheel(const std::string& name, const std::string& version, const std::map<std::string, std::string>& files)
  {
    return test::make_wheel(directory_.path(), name, version, files);
  }
  /// As `stack:1` in a new store, or in the one that is kept.
  Made make_in(const std::string& store_name, const std::vector<python::Chosen>& wheels)
  {
    store_.emplace(directory_.path() / store_name, store::Access::write);
    return make(wheels, settings, *store_, Task{});
  }
  TempDir directory_;
  MakeSettings settings;
  std::optional<store::Store> store_;
};

TEST_F(Make, gives_a_valid_image_that_says_what_it_holds)
{
  const auto made = make_in("store", {wheel("aaa", "1.0", {{"aaa/__init__.py", "a"}}), wheel("bbb", "2.0", {{"bbb.py", noise(9 << 20)}})});
  EXPECT_THAT(image::validate(*store_, made.manifest, Task{}), IsEmpty());
  const auto stack = read_stack(image::load(*store_, made.manifest).manifest);
  ASSERT_EQ(stack->packages.size(), 2u);
  EXPECT_EQ(stack->packages[1].name + stack->packages[1].version, "bbb2.0");
  EXPECT_EQ(stack->prefix, "/opt/app");
  image::unpack(*store_, image::load(*store_, made.manifest), directory_.path() / "root", Task{});
  std::ifstream file(directory_.path() / "root/opt/app/lib/python3.11/site-packages/bbb.py", std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), noise(9 << 20));
}

TEST_F(Make, gives_the_same_bytes_with_any_number_of_threads)
{
  const std::vector wheels{wheel("aaa", "1.0", {{"aaa.py", "a"}}),
                           wheel("bbb", "2.0", {{"big", noise(66 << 20)}, {"middle", noise(13 << 20)}, {"x", noise(600 << 10)}})};
  std::set<Digest> digests;
  for (const std::size_t threads : {2u, 16u}) {
    settings.threads = threads;
    digests.insert(make_in("store-" + std::to_string(threads), wheels).manifest.digest);
  }
  EXPECT_EQ(digests.size(), 1u);
}

TEST_F(Make, makes_only_the_layer_of_a_changed_package)
{
  std::vector<python::Chosen> wheels;
  for (const auto* name : {"aaa", "bbb", "ccc", "ddd", "eee", "fff"})
    wheels.push_back(wheel(name, "1.0", {{std::string(name) + ".py", name}}));
  const auto first = make_in("store", wheels);
  EXPECT_FALSE(first.unchanged);
  const auto again = make_in("store", wheels);
  EXPECT_TRUE(again.unchanged);
  EXPECT_EQ(again.manifest.digest, first.manifest.digest);
  wheels[2] = wheel("ccc", "1.1", {{"ccc.py", "new"}});
  const auto bumped = make_in("store", wheels);
  EXPECT_EQ(bumped.new_layers, 1u);
  const auto difference = compare(image::load(*store_, first.manifest), image::load(*store_, bumped.manifest));
  ASSERT_EQ(difference.changes.size(), 1u);
  EXPECT_EQ(difference.changes[0].after, "1.1");
  EXPECT_EQ(difference.layers_to_fetch, 1u);
}

TEST_F(Make, gives_the_layers_of_the_image_without_it)
{
  const std::vector wheels{wheel("aaa", "1.0", {{"aaa.py", "a"}}), wheel("bbb", "2.0", {{"bbb.py", noise(2 << 20)}})};
  const auto image = [&] {
    const auto made = make_in("store", wheels);
    return image::load(*store_, made.manifest);
  }();
  store_.emplace(directory_.path() / "other", store::Access::write);
  for (const bool unchanged : {false, true}) {
    const auto stack = make_layers(wheels, settings, *store_, Task{});
    EXPECT_EQ(stack.unchanged, unchanged);
    EXPECT_EQ(stack.annotations, image.manifest.annotations);
    EXPECT_EQ(stack.new_layers + stack.kept_layers, 2u);
    ASSERT_EQ(stack.layers.size(), image.manifest.layers.size());
    for (std::size_t i = 0; i < stack.layers.size(); ++i) {
      EXPECT_EQ(stack.layers[i].descriptor.digest, image.manifest.layers[i].digest);
      EXPECT_EQ(stack.layers[i].descriptor.annotations, image.manifest.layers[i].annotations);
      EXPECT_EQ(stack.layers[i].diff_id, image.config.diff_ids[i]);
      EXPECT_EQ(stack.layers[i].made_by, image.config.history[i].created_by);
    }
  }
  EXPECT_THAT(store_->tags(), IsEmpty());
}

TEST_F(Make, gives_the_group_what_the_owner_may)
{
  const auto made = make_in("store", {wheel("aaa", "1.0", {{"aaa/__init__.py", "a"}, {"aaa-1.0.data/scripts/run", "#!python\n"}})});
  const auto root = directory_.path() / "root";
  image::unpack(*store_, image::load(*store_, made.manifest), root, Task{});
  const auto mode = [&](const std::string& path) { return static_cast<unsigned>(std::filesystem::status(root / path).permissions()); };
  EXPECT_EQ(mode("opt"), 0755u);  // that of the image below
  for (const auto* path : {"opt/app", "opt/app/lib/python3.11/site-packages", "opt/app/lib/python3.11/site-packages/aaa"})
    EXPECT_EQ(mode(path), 0775u) << path;
  EXPECT_EQ(mode("opt/app/lib/python3.11/site-packages/aaa/__init__.py"), 0664u);
}

TEST_F(Make, checks_records_only_when_asked_to)
{
  auto broken = wheel("aaa", "1.0", {{"aaa.py", "a"}});
  cairn::test::ZipMaker maker;
  maker.add("aaa-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
      .add("aaa-1.0.dist-info/METADATA", "Name: aaa\nVersion: 1.0\n");
  maker.add("aaa-1.0.dist-info/RECORD", "gone,,\n");
  maker.write(broken.path);
  EXPECT_THAT(make_in("store", {broken}).warnings, testing::Contains(HasSubstr("RECORD lists 'gone'")));
  settings.record = RecordCheck::strict;
  EXPECT_THAT([&] { make_in("store-2", {broken}); }, ThrowsError(Errc::bad_input, "aaa-1.0-py3-none-any.whl: RECORD"));
}

TEST_F(Make, publishes_nothing_of_a_broken_wheel)
{
  auto broken = wheel("aaa", "1.0", {});
  cairn::test::ZipMaker maker;
  maker.add("aaa-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
      .add("aaa-1.0.dist-info/METADATA", "Name: aaa\nVersion: 1.0\n");
  maker.add("aaa-1.0.dist-info/RECORD", "").add({.name = "big", .content = noise(6 << 20), .central_crc = 1, .local_crc = 1});
  maker.write(broken.path);
  EXPECT_THAT([&] { make_in("store", {broken}); }, ThrowsError(Errc::bad_input, "'aaa-1.0-py3-none-any.whl': entry 'big' has another CRC"));
  EXPECT_THAT(store_->tags(), IsEmpty());
}

TEST_F(Make, refuses_an_empty_stack_and_odd_budgets)
{
  EXPECT_THAT([&] { make_in("store", {}); }, ThrowsError(Errc::bad_input, "no package for this target"));
  settings.layers = 101;
  EXPECT_THAT([&] { make_in("store", {wheel("aaa", "1.0", {})}); }, ThrowsError(Errc::bad_input, "101 layers: a stack has from 1 to 100"));
}

}  // namespace
}  // namespace cairn::stack
