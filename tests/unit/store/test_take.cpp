// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/store.hpp>

#include <support/error_matcher.hpp>
#include <support/memory_blobs.hpp>

#include <gtest/gtest.h>

#include <fstream>

namespace cairn::store {
namespace {

using test::ThrowsError;
namespace fs = std::filesystem;

/// Gives a blob up to `breaks_at`, then fails as a network does; notes where it was asked to begin.
class Breaking final : public oci::BlobSource {
public:
  explicit Breaking(std::string content) : content_(std::move(content)) {}
  [[nodiscard]] std::unique_ptr<Source> open(const oci::Descriptor& blob) const override { return open_range(blob, 0, blob.size_bytes); }
  [[nodiscard]] std::unique_ptr<Source> open_range(const oci::Descriptor&, std::uint64_t offset, std::uint64_t size_bytes) const override
  {
    asked.push_back(offset);
    return std::make_unique<Part>(std::string_view(content_).substr(offset, size_bytes), breaks_at > offset ? breaks_at - offset : 0);
  }
  std::uint64_t breaks_at = UINT64_MAX;
  mutable std::vector<std::uint64_t> asked;

private:
  class Part final : public Source {
  public:
    Part(std::string_view rest, std::uint64_t left) : rest_(rest), left_(left) {}
    std::size_t read(std::span<std::byte> buffer) override
    {
      if (left_ == 0) throw Error(Errc::network, "broke off");
      const auto size = rest_.read(buffer.first(std::min<std::uint64_t>(buffer.size(), left_)));
      left_ -= size;
      return size;
    }

  private:
    MemorySource rest_;
    std::uint64_t left_;
  };
  std::string content_;
};

class Take : public ::testing::Test {
protected:
  [[nodiscard]] fs::path partial() const { return root.path() / "cairn/cache/partial" / blob.digest.hex(); }

  TempDir root;
  Store store{root.path(), Access::write};
  std::string content = std::string(3'000'000, 'x') + "end";
  oci::Descriptor blob{.media_type = "x", .digest = sha256(content), .size_bytes = content.size()};
  Breaking from{content};
};

TEST_F(Take, goes_on_where_it_broke)
{
  from.breaks_at = 2'000'000;
  EXPECT_THAT([&] { store.take(blob, from, Task()); }, ThrowsError(Errc::network, "broke off"));
  EXPECT_FALSE(store.has(blob));
  EXPECT_EQ(fs::file_size(partial()), 2'000'000u);
  from.breaks_at = UINT64_MAX;
  Store(root.path(), Access::write).take(blob, from, Task());
  EXPECT_EQ(from.asked, (std::vector<std::uint64_t>{0, 2'000'000}));
  EXPECT_EQ(store.read(blob), content);
  EXPECT_FALSE(fs::exists(partial()));
}

TEST_F(Take, begins_again_when_what_was_left_is_damaged)
{
  fs::create_directories(partial().parent_path());
  std::ofstream(partial()) << std::string(1000, 'y');
  store.take(blob, from, Task());
  EXPECT_EQ(from.asked, (std::vector<std::uint64_t>{1000, 0}));
  EXPECT_EQ(store.read(blob), content);
}

TEST_F(Take, keeps_nothing_that_is_wrong)
{
  Breaking wrong(std::string(content.size(), 'z'));
  EXPECT_THAT([&] { store.take(blob, wrong, Task()); }, ThrowsError(Errc::corrupt, blob.digest.str() + ": its bytes have digest sha256:"));
  EXPECT_FALSE(store.has(blob));
  EXPECT_FALSE(fs::exists(partial()));
  Breaking shorter(content.substr(3));
  EXPECT_THAT([&] { store.take(blob, shorter, Task()); }, ThrowsError(Errc::corrupt, "3000000 bytes came, its descriptor says 3000003"));
}

TEST_F(Take, leaves_a_file_to_whoever_is_at_it)
{
  from.breaks_at = 2'000'000;
  EXPECT_THAT([&] { store.take(blob, from, Task()); }, ThrowsError(Errc::network, "broke off"));
  from.breaks_at = UINT64_MAX;
  const FileLock other(partial(), LockMode::exclusive, Task());
  store.take(blob, from, Task());
  EXPECT_TRUE(store.has(blob));
}

TEST_F(Take, collecting_removes_what_is_stored_meanwhile)
{
  fs::create_directories(partial().parent_path());
  std::ofstream(partial()) << "part";
  store.put(content, "x");
  std::ofstream(partial().parent_path() / std::string(64, 'a')) << "fresh";
  store.collect(Store::Really::yes, Task(), std::chrono::hours(1));
  EXPECT_FALSE(fs::exists(partial()));
  EXPECT_TRUE(fs::exists(partial().parent_path() / std::string(64, 'a')));
}

}  // namespace
}  // namespace cairn::store
