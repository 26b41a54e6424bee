// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/store.hpp>

#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

#include <fstream>

namespace cairn::store {
namespace {

using test::ThrowsError;
namespace fs = std::filesystem;

class Collect : public ::testing::Test {
protected:
  oci::Descriptor image(const std::string& name, const oci::Descriptor* subject = nullptr)
  {
    oci::Manifest manifest;
    manifest.config = store.put("{\"" + name + "\":\"config\"}", std::string(oci::media_type::config));
    manifest.layers.push_back(store.put(name + " layer", std::string(oci::media_type::layer)));
    if (subject != nullptr) manifest.subject = *subject;
    return store.put(manifest.json(), std::string(oci::media_type::manifest));
  }
  oci::Descriptor index(std::vector<oci::Descriptor> manifests)
  {
    oci::Index index;
    index.manifests = std::move(manifests);
    return store.put(index.json(), std::string(oci::media_type::index));
  }
  [[nodiscard]] std::size_t blobs() const
  {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(root.path() / "blobs/sha256"), fs::directory_iterator()));
  }
  [[nodiscard]] fs::path file(const oci::Descriptor& blob) const { return root.path() / "blobs/sha256" / blob.digest.hex(); }

  TempDir root;
  Store store{root.path(), Access::write};
};

TEST_F(Collect, removes_what_no_tag_reaches)
{
  store.tag("kept", image("kept"), Task());
  const auto gone = image("gone");
  store.put("nobody names me", "text/plain");
  const auto collected = store.collect(Store::Really::yes, Task());
  EXPECT_EQ(collected.blobs, 4u);
  EXPECT_GT(collected.bytes, gone.size_bytes);
  EXPECT_EQ(blobs(), 3u);
  EXPECT_EQ(store.collect(Store::Really::yes, Task()).blobs, 0u);
}

TEST_F(Collect, only_counts_when_dry)
{
  image("gone");
  EXPECT_EQ(store.collect(Store::Really::dry_run, Task()).blobs, 3u);
  EXPECT_EQ(blobs(), 3u);
}

TEST_F(Collect, follows_indexes_in_indexes)
{
  store.tag("kept", index({index({image("a"), image("b")}), image("c")}), Task());
  EXPECT_EQ(store.collect(Store::Really::yes, Task()).blobs, 0u);
}

TEST_F(Collect, keeps_what_speaks_about_what_is_kept)
{
  const auto app = image("app");
  const auto signature = image("signature", &app);
  const auto about_signature = image("timestamp", &signature);
  store.tag("app", app, Task());
  const auto other = image("other");
  image("other signature", &other);
  EXPECT_EQ(store.collect(Store::Really::yes, Task()).blobs, 6u);
  EXPECT_TRUE(store.has(signature));
  EXPECT_TRUE(store.has(about_signature));
  store.untag("app", Task());
  store.collect(Store::Really::yes, Task());
  EXPECT_EQ(blobs(), 0u);
}

TEST_F(Collect, keeps_entries_without_a_name)
{
  const auto unnamed = image("unnamed");
  std::ofstream(root.path() / "index.json")
      << R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" << unnamed.digest.str()
      << R"(","size":)" << unnamed.size_bytes << "}]}";
  EXPECT_EQ(store.collect(Store::Really::yes, Task()).blobs, 0u);
}

TEST_F(Collect, does_not_mind_missing_blobs)
{
  const auto partial = image("partial");
  store.tag("partial", partial, Task());
  const auto missing = image("missing");
  store.tag("missing", missing, Task());
  fs::remove(file(missing));
  EXPECT_EQ(store.collect(Store::Really::yes, Task()).blobs, 2u);
  EXPECT_TRUE(store.has(partial));
}

TEST_F(Collect, removes_nothing_when_a_manifest_is_corrupt)
{
  const auto app = image("app");
  store.tag("app", app, Task());
  image("gone");
  std::ofstream(file(app), std::ios::in) << "X";
  EXPECT_THAT([&] { store.collect(Store::Really::yes, Task()); }, ThrowsError(Errc::corrupt, "cannot tell what is used"));
  EXPECT_EQ(blobs(), 6u);
}

TEST_F(Collect, ends_when_an_index_seems_to_name_itself)
{
  // A digest cannot name itself honestly; a forged blob is corrupt, not a loop.
  const auto good = index({});
  oci::Index loop;
  loop.manifests.push_back(good);
  std::ofstream(file(good)) << loop.json();
  std::ofstream(root.path() / "index.json")
      << R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","digest":")" << good.digest.str()
      << R"(","size":)" << loop.json().size() << "}]}";
  EXPECT_THAT([&] { store.collect(Store::Really::yes, Task()); }, ThrowsError(Errc::corrupt, "content has digest"));
}

TEST_F(Collect, spares_young_blobs_when_asked)
{
  image("gone");
  EXPECT_EQ(store.collect(Store::Really::yes, Task(), std::chrono::hours(1)).blobs, 0u);
  EXPECT_EQ(blobs(), 3u);
}

TEST_F(Collect, leaves_alone_what_has_no_digest_for_a_name)
{
  std::ofstream(root.path() / "blobs/sha256/README") << "hands off";
  fs::create_directory(root.path() / "blobs/sha512");
  EXPECT_EQ(store.collect(Store::Really::yes, Task()).blobs, 0u);
  EXPECT_TRUE(fs::exists(root.path() / "blobs/sha256/README"));
}

TEST_F(Collect, spares_the_temporary_files_of_live_writers)
{
  auto writer = store.create();
  writer.write("alive");
  store.collect(Store::Really::yes, Task());
  EXPECT_EQ(store.read(writer.commit("text/plain")), "alive");
}

TEST_F(Collect, waits_for_writers)
{
  const auto hold = std::make_unique<FileLock>(store.hold(LockMode::shared, Task()));
  std::stop_source stop;
  stop.request_stop();
  struct Quiet final : Reporter {
    void begin(std::uint64_t, const std::string&, std::uint64_t) noexcept override {}
    void advance(std::uint64_t, std::uint64_t) noexcept override {}
    void end(std::uint64_t) noexcept override {}
  } reporter;
  const Task task(reporter, stop.get_token(), "collect", 0);
  EXPECT_THROW(store.collect(Store::Really::yes, task), Cancelled);
}

TEST_F(Collect, copes_with_ten_thousand_entries)
{
  const auto leaf = image("leaf");
  std::vector<oci::Descriptor> many(10'000, leaf);
  store.tag("many", index(std::move(many)), Task());
  EXPECT_EQ(store.collect(Store::Really::yes, Task()).blobs, 0u);
}

}  // namespace
}  // namespace cairn::store
