// SPDX-License-Identifier: Apache-2.0
#include <cairn/layer/pack.hpp>

#include <support/error_matcher.hpp>
#include <unit/layer/layer_test.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <list>
#include <set>

namespace cairn::layer {
namespace {

using cairn::test::FileTree;
using cairn::test::ThrowsError;
using test::MemoryTarget;
using test::plain;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::vector<Compression> codecs{Compression::standard(Codec::zstd), Compression::standard(Codec::gzip),
                                      Compression::standard(Codec::none)};

/// Layers over units of one tree.
class Packing : public testing::Test {
protected:
  /// A layer of these roots, a fragment each.
  void layer(const std::vector<std::string>& roots)
  {
    if (!tree_fd_) tree_fd_ = tree_.open();
    LayerSpec spec;
    spec.skeleton.target = "/opt/apps";
    for (const auto& root : roots) {
      scans_.push_back(scan(tree_fd_.get(), {root}, {}, Task{}));
      spec.fragments.push_back({&scans_.back().contents, "opt/apps", Mtimes::constant});
      spec.skeleton.directories.insert(root);
    }
    specs_.push_back(std::move(spec));
  }
  Packed pack_all(MemoryTarget& target, const Compression& compression = {}, std::size_t threads = 2, const Task& task = {})
  {
    return pack(tree_fd_.get(), specs_, compression, threads, target, task);
  }

  FileTree tree_;
  Fd tree_fd_;
  std::list<Scan> scans_;
  std::vector<LayerSpec> specs_;
};

TEST_F(Packing, gives_the_same_bytes_with_any_number_of_threads)
{
  test::make_unit(tree_, "a");
  tree_.file("b/x", test::noise(std::size_t{5} << 20, 9)).file("c/y", "small").directory("d");
  layer({"a", "b"});
  layer({"c", "d"});
  for (const auto& compression : codecs) {
    MemoryTarget one;
    const auto first = pack_all(one, compression, 1);
    ASSERT_FALSE(first.failure);
    for (const std::size_t threads : {2U, 8U, 64U}) {
      MemoryTarget other;
      const auto again = pack_all(other, compression, threads);
      EXPECT_TRUE(one.blobs == other.blobs) << name(compression.codec) << " with " << threads << " threads";
      ASSERT_THAT(again.layers, SizeIs(2));
      for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(again.layers[i].digest, first.layers[i].digest);
        EXPECT_EQ(again.layers[i].diff_id, first.layers[i].diff_id);
        for (std::size_t j = 0; j < 2; ++j)
          EXPECT_EQ(again.layers[i].fragments[j].packed_digest, first.layers[i].fragments[j].packed_digest);
      }
    }
  }
}

TEST_F(Packing, says_where_each_fragment_lies)
{
  test::make_unit(tree_, "a");
  tree_.file("b/x", "b").directory("c").file("d/x", "d");
  layer({"a", "b", "c", "d"});
  for (const auto& compression : codecs) {
    SCOPED_TRACE(name(compression.codec));
    MemoryTarget target;
    const auto packed = pack_all(target, compression);
    ASSERT_THAT(packed.layers, SizeIs(1));
    const auto& made = packed.layers[0];
    const std::string_view blob = target.blobs.at(0);
    EXPECT_EQ(made.digest, sha256(blob));
    EXPECT_EQ(made.size_bytes, blob.size());
    const auto archive = plain(blob, compression.codec);
    EXPECT_EQ(made.diff_id, sha256(archive));
    EXPECT_EQ(made.plain_bytes, archive.size());
    std::string together = plain(blob.substr(0, made.fragments[0].offset), compression.codec);  // the skeleton
    for (const auto& fragment : made.fragments) {
      const auto part = blob.substr(fragment.offset, fragment.packed_bytes);
      EXPECT_EQ(fragment.packed_digest, sha256(part));
      const auto bytes = plain(part, compression.codec);
      EXPECT_EQ(fragment.plain_digest, sha256(bytes));
      EXPECT_EQ(fragment.plain_bytes, bytes.size());
      together += bytes;
    }
    EXPECT_TRUE(together + std::string(1024, '\0') == archive);
  }
}

TEST_F(Packing, makes_archives_without_duplicates_and_with_parents_first)
{
  test::make_unit(tree_, "software/a/1");
  tree_.file("software/b/1/x");
  layer({"software/a/1", "software/b/1"});
  MemoryTarget target;
  ASSERT_FALSE(pack_all(target).failure);
  std::set<std::string> seen;
  for (const auto& line : test::list(plain(target.blobs.at(0), Codec::zstd))) {
    const auto path = line.substr(2, line.find(' ', 2) - 2);
    EXPECT_TRUE(seen.insert(path).second) << path << " comes twice";
    const auto slash = path.rfind('/');
    EXPECT_TRUE(slash == std::string::npos || seen.contains(path.substr(0, slash))) << path << " before its parent";
  }
}

TEST_F(Packing, gives_a_fragment_the_same_bytes_in_any_layer)
{
  test::make_unit(tree_, "a");
  tree_.file("b/x", "b");
  layer({"a"});
  layer({"b", "a"});
  MemoryTarget target;
  const auto packed = pack_all(target);
  const auto& alone = packed.layers.at(0).fragments.at(0);
  const auto& second = packed.layers.at(1).fragments.at(1);
  EXPECT_EQ(alone.packed_digest, second.packed_digest);
  EXPECT_EQ(alone.packed_bytes, second.packed_bytes);
}

TEST_F(Packing, takes_an_empty_unit_and_an_empty_layer)
{
  tree_.directory("a").file("b/x", "b");
  layer({"a"});
  layer({});
  layer({"b", "a"});
  MemoryTarget target;
  const auto packed = pack_all(target);
  ASSERT_FALSE(packed.failure);
  ASSERT_THAT(packed.layers, SizeIs(3));
  const auto& empty = packed.layers[0].fragments[0];
  EXPECT_EQ(empty.plain_bytes, 0U);
  EXPECT_EQ(empty.packed_bytes, 0U);
  EXPECT_EQ(empty.plain_digest, sha256(std::string_view{}));
  EXPECT_EQ(empty.packed_digest, sha256(std::string_view{}));
  EXPECT_LE(packed.layers[2].fragments[1].offset, packed.layers[2].size_bytes);
  EXPECT_THAT(test::list(plain(target.blobs.at(1), Codec::zstd)), ElementsAre("d opt", "d opt/apps"));
}

TEST_F(Packing, cuts_a_skeleton_of_many_directories_into_frames)
{
  tree_.file("a/x", "a");
  layer({"a"});
  for (int i = 0; i < 10'000; ++i) specs_[0].skeleton.directories.insert("d/" + std::to_string(i));
  MemoryTarget target;
  const auto packed = pack_all(target, Compression::standard(Codec::none), 8);
  ASSERT_FALSE(packed.failure);
  const auto skeleton = skeleton_bytes(specs_[0].skeleton);
  ASSERT_GT(skeleton.size(), frame_bytes);
  EXPECT_EQ(packed.layers[0].fragments[0].offset, skeleton.size());
  EXPECT_THAT(test::list(target.blobs.at(0)), SizeIs(10'000 + 5));
}

TEST_F(Packing, ends_at_a_changed_file_with_earlier_layers_done)
{
  test::make_unit(tree_, "a");
  tree_.file("b/x", "b").file("b/y", "y").file("c/x", "c");
  layer({"a"});
  layer({"c", "b"});
  layer({"c"});
  tree_.file("b/y", "changed");
  for (const std::size_t threads : {1U, 8U}) {
    MemoryTarget target;
    const auto packed = pack_all(target, {}, threads);
    ASSERT_TRUE(packed.failure);
    EXPECT_EQ(packed.failure->error.code(), Errc::changed);
    EXPECT_THAT(packed.failure->error.what(), testing::HasSubstr("b/y"));
    EXPECT_EQ(packed.failure->layer, 1U);
    EXPECT_EQ(packed.failure->fragment, 1U);
    ASSERT_THAT(packed.layers, SizeIs(1));
    EXPECT_EQ(packed.layers[0].digest, sha256(target.blobs.at(0)));
    EXPECT_FALSE(target.blobs.contains(1));
    EXPECT_FALSE(target.blobs.contains(2));
  }
}

TEST_F(Packing, tells_the_first_of_several_failures)
{
  for (char unit = 'a'; unit < 'i'; ++unit) tree_.file(std::string(1, unit) + "/x", test::noise(3 << 20, static_cast<std::uint64_t>(unit)));
  layer({"a", "b", "c", "d", "e", "f", "g", "h"});
  tree_.remove("c/x").remove("d/x").remove("f/x");
  for (int round = 0; round < 5; ++round) {
    MemoryTarget target;
    const auto packed = pack_all(target, {}, 8);
    ASSERT_TRUE(packed.failure);
    EXPECT_EQ(packed.failure->fragment, 2U);
  }
}

/// A disk that is full after so many bytes.
class FullTarget final : public LayerTarget, public Sink {
public:
  explicit FullTarget(std::uint64_t room) : room_(room) {}
  Sink& begin(std::size_t) override { return *this; }
  Stored end(std::size_t) override { return {}; }
  using Sink::write;
  void write(std::span<const std::byte> bytes) override
  {
    if (bytes.size() > room_) throw Error(Errc::no_space, "store: no space left on device");
    room_ -= bytes.size();
  }

private:
  std::uint64_t room_;
};

TEST_F(Packing, passes_on_what_the_target_says)
{
  test::make_unit(tree_, "a");
  layer({"a"});
  FullTarget target(1 << 20);
  const auto packed = pack(tree_fd_.get(), specs_, {}, 4, target, Task{});
  ASSERT_TRUE(packed.failure);
  EXPECT_EQ(packed.failure->error.code(), Errc::no_space);
  EXPECT_THAT(packed.layers, IsEmpty());
}

class Counting final : public Reporter {
public:
  explicit Counting(std::uint64_t most) : most_(most) {}
  void begin(std::uint64_t, const std::string&, std::uint64_t) noexcept override {}
  void advance(std::uint64_t, std::uint64_t bytes) noexcept override
  {
    if ((done += bytes) >= most_) stop.request_stop();
  }
  void end(std::uint64_t) noexcept override {}
  std::atomic<std::uint64_t> done{0};
  std::stop_source stop;

private:
  std::uint64_t most_;
};

TEST_F(Packing, stops_within_a_few_frames)
{
  ASSERT_EQ(::truncate(tree_.file("a/hole").operator/("a/hole").c_str(), off_t{1} << 34), 0);
  layer({"a"});
  Counting reporter(1);
  const Task task(reporter, reporter.stop.get_token(), "pack", 0);
  MemoryTarget target;
  EXPECT_THROW(static_cast<void>(pack_all(target, {}, 4, task)), Cancelled);
  EXPECT_LT(reporter.done, 20 * frame_bytes);
  EXPECT_THAT(target.blobs, IsEmpty());
}

TEST_F(Packing, reports_every_plain_byte)
{
  test::make_unit(tree_, "a");
  layer({"a"});
  Counting reporter(UINT64_MAX);
  const Task task(reporter, reporter.stop.get_token(), "pack", 0);
  MemoryTarget target;
  const auto packed = pack_all(target, {}, 4, task);
  EXPECT_EQ(reporter.done, packed.layers.at(0).plain_bytes);
}

TEST_F(Packing, is_measured_without_being_packed)
{
  test::make_unit(tree_, "a");
  tree_.directory("b").file("c/x", "c");
  layer({"a", "b", "c"});
  MemoryTarget target;
  const auto packed = pack_all(target).layers.at(0).fragments;
  for (const std::size_t threads : {1U, 8U}) {
    const auto measured = measure(tree_fd_.get(), specs_[0].fragments, threads, Task{});
    ASSERT_THAT(measured, SizeIs(3));
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(measured[i].plain_digest, packed[i].plain_digest);
      EXPECT_EQ(measured[i].plain_bytes, packed[i].plain_bytes);
    }
  }
}

TEST_F(Packing, measures_nothing_that_changed)
{
  tree_.file("a/x", "a");
  layer({"a"});
  tree_.file("a/x", "changed");
  EXPECT_THAT([&] { return measure(tree_fd_.get(), specs_[0].fragments, 2, Task{}); }, ThrowsError(Errc::changed, "a/x"));
}

TEST(PackPlain, makes_a_layer_of_ready_bytes)
{
  for (const auto& compression : codecs)
    for (const std::size_t size : {std::size_t{0}, std::size_t{512}, frame_bytes, frame_bytes + 512, 3 * frame_bytes}) {
      const auto text = test::noise(size, 4);
      MemoryTarget target;
      const auto made = pack_plain(std::as_bytes(std::span(text)), compression, target);
      const auto archive = plain(target.blobs.at(0), compression.codec);
      EXPECT_TRUE(archive == text + std::string(1024, '\0')) << name(compression.codec) << " " << size;
      EXPECT_EQ(made.digest, sha256(target.blobs.at(0)));
      EXPECT_EQ(made.diff_id, sha256(archive));
      EXPECT_EQ(made.plain_bytes, archive.size());
      EXPECT_EQ(made.size_bytes, target.blobs.at(0).size());
    }
}

}  // namespace
}  // namespace cairn::layer
