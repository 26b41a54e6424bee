// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/split.hpp>

#include <cairn/base/error.hpp>
#include <support/error_matcher.hpp>
#include <unit/library/library_test.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <mutex>

#include <unistd.h>

namespace cairn::library {
namespace {

using cairn::test::ThrowsError;
using test::fresh;
using test::ModuleTree;
using test::Shelf;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Key;
using testing::Not;
using testing::SizeIs;

/// A tree of three modules that share a layer, with room for dead bytes.
class Splitting : public testing::Test {
protected:
  Splitting()
  {
    tree_.module("a/1", "program a").module("b/1", "program b", {"a/1"}).module("c/1", "program c");
    tree_.file("software/a/1/large", std::string(500'000, 'a'));
    auto settings = shelf_.settings(tree_);
    settings.budget_layers = least_budget_layers;
    static_cast<void>(split(settings, shelf_.store, Task{}));
    first_ = shelf_.split(tree_);
  }

  /// Split again and see that users see exactly the new tree.
  SplitResult again(const std::function<void(SplitSettings&)>& adapt = {})
  {
    auto settings = shelf_.settings(tree_);
    if (adapt) adapt(settings);
    auto result = split(settings, shelf_.store, Task{});
    EXPECT_THAT(result.problems, IsEmpty());
    EXPECT_EQ(shelf_.findings(), 0U);
    EXPECT_EQ(shelf_.files(), fresh(tree_));
    return result;
  }
  [[nodiscard]] std::set<std::string> index_entries() const { return test::entries(shelf_, shelf_.load().image.manifest.layers.back()); }

  ModuleTree tree_;
  Shelf shelf_;
  SplitResult first_;
};

TEST_F(Splitting, shows_the_tree_as_it_is)
{
  EXPECT_THAT(first_.problems, IsEmpty());
  auto files = shelf_.files();
  EXPECT_EQ(files["software/a/1/bin/run"], "100775 program a");
  EXPECT_THAT(files["modules/all/b/1.lua"], HasSubstr("depends_on"));
  std::erase_if(files, [](const auto& file) { return file.first.starts_with(".cairn"); });
  auto expected = cairn::test::list_tree(tree_.path());
  for (auto& [path, text] : expected) text.replace(0, 6, files[path].substr(0, 6));  // modes are normalised
  EXPECT_EQ(files, expected);
}

TEST_F(Splitting, gives_the_same_digest_and_writes_nothing_when_nothing_changed)
{
  const auto blobs = shelf_.blobs();
  for (const bool full : {false, true}) {
    const auto second = again([&](SplitSettings& settings) { settings.full = full; });
    EXPECT_EQ(second.manifest.digest, first_.manifest.digest);
    EXPECT_EQ(second.document, first_.document);
    EXPECT_EQ(shelf_.blobs(), blobs);
    for (const auto& [name, state] : second.states) EXPECT_EQ(state, UnitState::kept) << name;
  }
}

TEST_F(Splitting, gives_the_same_digest_in_another_store_under_another_name)
{
  Shelf one;
  Shelf other;
  EXPECT_EQ(one.split(tree_).manifest.digest, other.split(tree_, "other:2").manifest.digest);
}

TEST_F(Splitting, makes_one_new_layer_for_a_changed_unit)
{
  tree_.file("software/b/1/bin/run", "program B");
  const auto second = again();
  EXPECT_EQ(second.states.at("b/1"), UnitState::changed);
  EXPECT_EQ(second.states.at("a/1"), UnitState::kept);
  EXPECT_EQ(second.new_layers, 2U) << "the index layer and one more";
  const auto& layers = second.document.layers;
  ASSERT_THAT(layers, SizeIs(first_.document.layers.size() + 1));
  ASSERT_THAT(layers.back().fragments, SizeIs(1));
  EXPECT_EQ(layers.back().fragments[0].unit, "b/1");
  EXPECT_THAT(layers.back().opaque, ElementsAre("software/b/1"));
}

TEST_F(Splitting, hides_old_files_of_a_changed_unit)
{
  tree_.remove("software/b/1/bin").file("software/b/1/lib/new", "x");
  again();
  EXPECT_THAT(shelf_.files(), Not(Contains(Key("software/b/1/bin/run"))));
}

TEST_F(Splitting, adds_a_new_unit_on_top)
{
  tree_.module("d/1", "program d", {"b/1"});
  const auto second = again();
  EXPECT_EQ(second.states.at("d/1"), UnitState::added);
  EXPECT_EQ(second.new_layers, 2U);
  EXPECT_THAT(second.document.unit("d/1")->dependencies, ElementsAre("b/1"));
}

TEST_F(Splitting, hides_a_removed_unit_as_high_up_as_it_can)
{
  tree_.module("b/2", "another b");
  again();
  ASSERT_THAT(index_entries(), Not(Contains(HasSubstr(".wh."))));
  tree_.remove("software/b/1").remove("modules/all/b/1.lua").remove("software/c").remove("modules/all/c");
  const auto third = again();
  EXPECT_THAT(third.removed, ElementsAre("b/1", "c/1"));
  EXPECT_THAT(index_entries(), IsSupersetOf({"opt/apps/easybuild/software/b/.wh.1", "opt/apps/easybuild/modules/all/b/.wh.1.lua",
                                             "opt/apps/easybuild/software/.wh.c", "opt/apps/easybuild/modules/all/.wh.c"}));
}

TEST_F(Splitting, brings_back_a_removed_unit)
{
  tree_.rename("software/c", "/tmp/nowhere-to-go" + tree_.path().filename().native());
  tree_.remove("modules/all/c");
  again();
  tree_.rename("/tmp/nowhere-to-go" + tree_.path().filename().native(), "software/c");
  tree_.modulefile("c/1", "c/1");
  again();
  EXPECT_THAT(shelf_.files(), Contains(Key("software/c/1/bin/run")));
}

TEST_F(Splitting, brings_back_an_older_content)
{
  tree_.file("software/b/1/bin/run", "program B");
  again();
  tree_.file("software/b/1/bin/run", "program b");
  const auto third = again();
  EXPECT_EQ(third.states.at("b/1"), UnitState::changed);
}

TEST_F(Splitting, follows_a_modulefile_to_another_unit)
{
  tree_.modulefile("b/1", "a/1");
  const auto second = again();
  EXPECT_THAT(second.document.unit("a/1")->modules, SizeIs(2));
}

TEST_F(Splitting, follows_a_renamed_unit)
{
  tree_.rename("software/c/1", "software/c/2").remove("modules/all/c");
  tree_.modulefile("c/2", "c/2");
  const auto second = again();
  EXPECT_THAT(second.removed, ElementsAre("c/1"));
}

TEST_F(Splitting, turns_a_directory_into_a_link_and_back)
{
  tree_.rename("software/c/1", "software/c/real").symlink("software/c/1", "real");
  again();
  tree_.remove("software/c/1").rename("software/c/real", "software/c/1");
  again();
}

TEST_F(Splitting, makes_a_unit_of_what_was_rest)
{
  tree_.file("software/d/1/bin/run", "by hand").file("software/d/notes", "x").file("other/file", "rest");
  EXPECT_THAT(again().document.rest, ElementsAre("other", "software/d"));
  tree_.file("software/d/1/easybuild/d-1.eb");
  EXPECT_THAT(again().document.rest, ElementsAre("other", "software/d/notes"));
  tree_.remove("software/d/1/easybuild");
  EXPECT_THAT(again().document.rest, ElementsAre("other", "software/d"));
}

TEST_F(Splitting, survives_ten_releases)
{
  for (int release = 0; release < 10; ++release) {
    SCOPED_TRACE(release);
    const auto n = std::to_string(release % 4);
    switch (release % 5) {
      case 0: tree_.module("x/" + n, std::string(5000, static_cast<char>('a' + release))); break;
      case 1: tree_.file("software/a/1/f" + n, std::string(3000, 'y')).symlink("software/b/1/link", n); break;
      case 2: tree_.remove("software/x/" + std::to_string((release - 2) % 4)).remove("modules/all/x"); break;
      case 3: tree_.file("rest/" + n + "/f", "r").directory("rest/empty"); break;
      case 4: tree_.remove("rest").file("rest", "now a file"); break;
    }
    again([](SplitSettings& settings) { settings.budget_layers = 4; });
    EXPECT_LE(shelf_.load().image.manifest.layers.size(), 4U);
    if (HasFailure()) break;
    if (release % 5 == 4) tree_.remove("rest");
  }
}

TEST_F(Splitting, writes_all_again_in_another_codec)
{
  const auto second = again([](SplitSettings& settings) { settings.compression = Compression::standard(Codec::gzip); });
  for (const auto& layer : second.document.layers) EXPECT_EQ(layer.compression.codec, Codec::gzip);
  for (std::size_t i = 0; i < second.document.layers.size(); ++i)
    EXPECT_EQ(second.document.layers[i].diff_id, first_.document.layers[i].diff_id) << "the plain bytes are the same";
}

TEST_F(Splitting, starts_from_the_release_that_it_is_told)
{
  tree_.module("d/1", "program d");
  auto settings = shelf_.settings(tree_, "library:2");
  settings.since = PreviousRelease{"library:1", shelf_.load("library:1"), nullptr};
  const auto second = split(settings, shelf_.store, Task{});
  EXPECT_EQ(second.states.at("a/1"), UnitState::kept);
  EXPECT_EQ(shelf_.store.resolve("library:1").digest, first_.manifest.digest);
}

TEST_F(Splitting, begins_anew_for_another_target)
{
  auto settings = shelf_.settings(tree_);
  settings.mapping.target = "/elsewhere";
  const auto second = split(settings, shelf_.store, Task{});
  EXPECT_EQ(second.states.at("a/1"), UnitState::added);
  settings.since = PreviousRelease{"library:1", shelf_.load("library:1"), nullptr};
  settings.mapping.target = "/third";
  EXPECT_THAT([&] { return split(settings, shelf_.store, Task{}); }, ThrowsError(Errc::bad_input, "that library is for /elsewhere"));
}

TEST_F(Splitting, lists_every_problem_and_publishes_nothing)
{
  tree_.fifo("software/a/1/fifo")
      .file("software/b/1/bad\xff")
      .file("modules/all/e/1.lua", "error('no')")
      .file("modules/all/f/1.lua", "while true do end");
  const auto before = shelf_.store.resolve("library:1");
  const auto result = shelf_.split(tree_);
  std::vector<std::string> paths;
  for (const auto& problem : result.problems) paths.push_back(problem.path);
  EXPECT_THAT(paths, ElementsAre("modules/all/e/1.lua", "modules/all/f/1.lua", "software/a/1/fifo", "software/b/1/bad\xff"));
  EXPECT_EQ(shelf_.store.resolve("library:1"), before);
  EXPECT_EQ(result.manifest.digest, Digest{});
}

TEST_F(Splitting, refuses_a_budget_that_no_image_can_have)
{
  auto settings = shelf_.settings(tree_);
  for (const std::uint64_t layers : {0U, 1U, 481U}) {
    settings.budget_layers = layers;
    EXPECT_THAT([&] { return split(settings, shelf_.store, Task{}); }, ThrowsError(Errc::bad_input, "layers"));
  }
}

TEST_F(Splitting, stores_each_compressed_byte_once)
{
  tree_.file("software/b/1/bin/run", "program B");
  const auto second = shelf_.split(tree_);
  std::set<Digest> digests;
  for (const auto& layer : second.document.layers) EXPECT_TRUE(digests.insert(layer.digest).second);
  std::uint64_t blob_bytes = 0;
  for (const auto& layer : second.document.layers) blob_bytes += layer.size_bytes;
  std::uint64_t fragment_bytes = 0;
  for (const auto& layer : second.document.layers)
    for (const auto& fragment : layer.fragments) fragment_bytes += fragment.packed_bytes;
  EXPECT_GT(blob_bytes, fragment_bytes);
}

TEST_F(Splitting, has_fragments_that_are_what_the_document_says)
{
  for (const auto codec : {Codec::zstd, Codec::gzip, Codec::none}) {
    const auto result = again([&](SplitSettings& settings) { settings.compression = Compression::standard(codec); });
    for (const auto& layer : result.document.layers)
      for (const auto& fragment : layer.fragments) {
        const oci::Descriptor blob{.media_type = {}, .digest = layer.digest, .size_bytes = layer.size_bytes};
        const auto part = shelf_.store.open_range(blob, fragment.offset, fragment.packed_bytes);
        const auto packed = read_all(*part, 1 << 20, "part");
        EXPECT_EQ(sha256(packed), fragment.packed_digest);
        MemorySource source{std::string_view(packed)};
        const auto plain = unpack(source, codec, {}, "part");
        const auto bytes = read_all(*plain, 1 << 20, "part");
        EXPECT_EQ(bytes.size(), fragment.plain_bytes);
        EXPECT_EQ(sha256(bytes), fragment.plain_digest);
      }
  }
}

/// Does something to the tree at the beginning of a step, once, or each time that bytes were read.
class Meddler final : public Reporter {
public:
  std::string step;
  std::function<void()> once = [] {};
  std::function<void()> always = [] {};
  void begin(std::uint64_t, const std::string& title, std::uint64_t) noexcept override
  {
    if (title == step) once();
  }
  void advance(std::uint64_t, std::uint64_t) noexcept override
  {
    const std::scoped_lock lock(mutex_);
    always();
  }
  void end(std::uint64_t) noexcept override {}

private:
  std::mutex mutex_;
};

class Meddling : public Splitting {
protected:
  SplitResult split_while(Meddler& meddler)
  {
    const Task task(meddler, {}, "split", 0);
    return split(shelf_.settings(tree_), shelf_.store, task);
  }
  /// The result is that of the tree as it is now.
  void expect_success(Meddler& meddler)
  {
    const auto result = split_while(meddler);
    EXPECT_THAT(result.problems, IsEmpty());
    EXPECT_EQ(shelf_.findings(), 0U);
    EXPECT_EQ(shelf_.files(), fresh(tree_));
  }
};

TEST_F(Meddling, once_before_packing_is_read_again)
{
  tree_.file("software/b/1/bin/run", "new");
  Meddler meddler;
  meddler.step = "pack";
  meddler.once = [&] { tree_.file("software/b/1/bin/run", "newer and longer").file("software/b/1/another", "x"); };
  expect_success(meddler);
}

TEST_F(Meddling, once_by_removing_is_read_again)
{
  tree_.file("software/b/1/d/x", "new");
  Meddler meddler;
  meddler.step = "pack";
  meddler.once = [&] { tree_.remove("software/b/1/d"); };
  expect_success(meddler);
}

TEST_F(Meddling, once_before_comparing_is_read_again)
{
  Meddler meddler;
  meddler.step = "compare with the previous release";
  meddler.once = [&] { tree_.file("software/b/1/bin/run", "program B"); };
  expect_success(meddler);
}

TEST_F(Meddling, once_before_scanning_is_no_matter)
{
  Meddler meddler;
  meddler.step = "scan";
  meddler.once = [&] { tree_.file("software/b/1/bin/run", "program B").remove("software/c/1/bin"); };
  expect_success(meddler);
}

TEST_F(Meddling, with_something_that_cannot_be_shipped_is_told)
{
  tree_.file("software/b/1/bin/run", "new");
  Meddler meddler;
  meddler.step = "pack";
  meddler.once = [&] { tree_.file("software/b/1/bin/run", "newer and longer").fifo("software/b/1/fifo"); };
  const auto result = split_while(meddler);
  ASSERT_THAT(result.problems, SizeIs(1));
  EXPECT_EQ(result.problems[0].path, "software/b/1/fifo");
  EXPECT_EQ(shelf_.store.resolve("library:1").digest, first_.manifest.digest);
}

TEST_F(Meddling, by_removing_a_unit_is_told)
{
  tree_.file("software/b/1/bin/run", "new").file("software/c/1/bin/run", "new");
  Meddler meddler;
  meddler.step = "pack";
  meddler.once = [&] { tree_.remove("software/b/1"); };
  const auto result = split_while(meddler);
  ASSERT_THAT(result.problems, SizeIs(1));
  EXPECT_THAT(result.problems[0].what, AllOf(HasSubstr("unit b/1"), HasSubstr("read 3 times")));
}

TEST_F(Meddling, without_end_names_the_units)
{
  // Large enough that no thread reads it all before the first frame is reported.
  for (const auto* unit : {"software/b/1/large", "software/c/1/large"})
    ASSERT_EQ(::truncate(tree_.file(unit).operator/(unit).c_str(), 150 << 20), 0);
  Meddler meddler;
  std::int64_t time = 0;
  meddler.always = [&] {
    ++time;
    for (const auto* unit : {"software/b/1/large", "software/c/1/large"}) tree_.mtime(unit, time);
  };
  const auto result = split_while(meddler);
  ASSERT_THAT(result.problems, SizeIs(2));
  EXPECT_THAT(result.problems[0].what, AllOf(HasSubstr("unit b/1"), HasSubstr("software/b/1/large"), HasSubstr("read 3 times")));
  EXPECT_THAT(result.problems[1].what, AllOf(HasSubstr("unit c/1"), HasSubstr("read 3 times")));
  EXPECT_EQ(shelf_.store.resolve("library:1").digest, first_.manifest.digest);
}

TEST(SplitOfNothing, is_a_library_without_units)
{
  ModuleTree tree;
  Shelf shelf;
  const auto result = shelf.split(tree);
  EXPECT_THAT(result.problems, IsEmpty());
  EXPECT_THAT(result.document.units, IsEmpty());
  EXPECT_THAT(shelf.load().image.manifest.layers, SizeIs(1));
  EXPECT_EQ(shelf.findings(), 0U);
  tree.module("a/1", "a");
  EXPECT_EQ(shelf.split(tree).states.at("a/1"), UnitState::added);
  EXPECT_EQ(shelf.files(), fresh(tree));
  tree.remove("software").remove("modules");
  shelf.split(tree);
  EXPECT_EQ(shelf.files(), fresh(tree));
}

TEST(Split, keeps_times_where_caches_bind_to_them)
{
  ModuleTree tree;
  tree.module("julia/1", "program");
  tree.file("software/julia/1/compiled/x.ji", "cache").file("software/julia/1/old", "x").mtime("software/julia/1/old", -1000);
  Shelf shelf;
  const auto result = shelf.split(tree);
  EXPECT_THAT(result.warnings, Contains(HasSubstr("bind to modification times")));
  EXPECT_EQ(shelf.findings(), 0U);
  EXPECT_EQ(shelf.files(), fresh(tree));
}

TEST(Split, ships_hard_links_between_units_as_copies)
{
  ModuleTree tree;
  tree.module("a/1", "a").module("b/1", "b");
  tree.file("software/a/1/same", "shared bytes")
      .hard_link("software/b/1/same", "software/a/1/same")
      .hard_link("software/a/1/again", "software/a/1/same");
  Shelf shelf;
  const auto result = shelf.split(tree);
  EXPECT_THAT(result.warnings,
              IsSupersetOf({HasSubstr("software/a/1/again: its other hard links"), HasSubstr("software/b/1/same: its other hard links")}));
  EXPECT_EQ(shelf.files()["software/b/1/same"], "100664 shared bytes");
}

TEST(Split, leaves_out_logs_and_locks_and_lists_them)
{
  ModuleTree tree;
  tree.module("a/1", "a")
      .file("software/a/1/easybuild/easybuild-a-1-20260101.120000.log", "host")
      .file("software/.locks/x/y")
      .file("sources/a.tar");
  Shelf shelf;
  EXPECT_THAT(shelf.split(tree).document.dropped,
              ElementsAre("software/.locks", "software/a/1/easybuild/easybuild-a-1-20260101.120000.log", "sources"));
  auto settings = shelf.settings(tree);
  settings.mapping.includes = {"sources"};
  EXPECT_THAT(split(settings, shelf.store, Task{}).document.rest, ElementsAre("sources"));
}

TEST(Split, refuses_a_target_that_no_image_can_have)
{
  ModuleTree tree;
  Shelf shelf;
  auto settings = shelf.settings(tree);
  settings.mapping.target = "/opt/../etc";
  EXPECT_THAT([&] { return split(settings, shelf.store, Task{}); }, ThrowsError(Errc::bad_input, "target"));
}

}  // namespace
}  // namespace cairn::library
