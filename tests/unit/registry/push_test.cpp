// SPDX-License-Identifier: Apache-2.0
#include <unit/registry/registry_test.hpp>

#include <cairn/image/copy.hpp>
#include <cairn/os/temp.hpp>

#include <thread>

namespace cairn::registry {
namespace {

class Push : public RegistryTest {
protected:
  /// Push 40 KB in chunks of 16 KiB under these quirks, and see that it arrived.
  void push_in_chunks(const std::string& quirks)
  {
    server->quirks(quirks);
    const auto content = bytes(40'000);
    blob = here.add(content);
    server->forget_requests();
    open("team/app", {}, small_chunks())->take(blob, here, task);
    seen = server->requests();
    server->quirks("{}");
    EXPECT_EQ(read(*open(), blob), content);
  }
  [[nodiscard]] std::uint64_t sent_bytes() const
  {
    std::uint64_t total = 0;
    for (const auto& one : seen) total += one.bytes;
    return total;
  }
  oci::Descriptor blob;
  std::vector<QuirkRegistry::Seen> seen;
};

TEST_F(Push, sends_manifests_after_blobs_and_the_tag_last)
{
  test::ImageMaker maker(here);
  const auto root = maker.file("a", "1").put();
  oci::Index index;
  index.manifests.push_back(root);
  const auto top = here.add(index.json(), oci::media_type::index);
  const auto up = open();
  image::copy(here, top, *up, {.in_flight = 2, .root = image::Root::leave}, task);
  up->tag("all", top, here, task);
  std::vector<std::string> puts;
  for (const auto& one : server->requests())
    if (one.method == "PUT") puts.push_back(one.path);
  ASSERT_EQ(puts.size(), 4u);
  EXPECT_NE(puts[2].find("/manifests/" + root.digest.str()), std::string::npos);
  EXPECT_NE(puts[3].find("/manifests/all"), std::string::npos);
}

TEST_F(Push, sends_nothing_that_is_there)
{
  test::ImageMaker maker(here);
  const auto root = maker.file("a", "1").file("b", "2").put();
  const auto up = open();
  image::copy(here, root, *up, {}, task);
  up->tag("1", root, here, task);
  server->forget_requests();
  const auto again = open();
  EXPECT_EQ(again->find("1", task), root.digest);
  EXPECT_LE(server->requests().size(), 2u);
  // Under another tag: no blob byte either.
  EXPECT_EQ(image::copy(here, root, *again, {}, task).blobs, 0u);
  again->tag("2", root, here, task);
  EXPECT_LE(server->requests().size(), 5u);
  EXPECT_EQ(count("GET", "/blobs/") + count("POST") + count("PATCH"), 0u);
}

TEST_F(Push, small_blobs_take_two_requests_and_large_ones_go_in_chunks)
{
  push_in_chunks("{}");
  ASSERT_EQ(seen.size(), 6u);  // ping, POST, three PATCHes, PUT
  EXPECT_EQ(seen[2].content_range, "0-16383");
  EXPECT_EQ(seen[4].content_range, "32768-39999");
  EXPECT_EQ(seen[5].bytes, 0u);
  server->forget_requests();
  keep("small");
  EXPECT_EQ(server->requests().size(), 3u);
}

TEST_F(Push, sends_at_most_one_chunk_twice_after_a_cut)
{
  push_in_chunks(R"({"cut_upload": [{"after": 9000, "times": 1}]})");
  EXPECT_EQ(count("GET", "/uploads/"), 1u);  // how much arrived
  EXPECT_LE(sent_bytes(), 40'000u + 16'384u);
}

TEST_F(Push, goes_on_with_the_upload_of_an_earlier_run)
{
  const TempDir records;
  const auto run = [&](const oci::Descriptor& what) {
    const auto repository = open("team/app", {}, small_chunks());
    repository->remember_uploads(records.path() / "uploads");
    repository->take(what, here, task);
  };
  const auto files = [&] {
    const std::filesystem::directory_iterator all(records.path() / "uploads");
    return std::vector<std::filesystem::path>(begin(all), end(all));
  };
  blob = here.add(bytes(40'000));
  server->quirks(R"({"status": [{"where": "PUT ", "status": 403}]})");
  EXPECT_THROW(run(blob), Error);
  ASSERT_EQ(files().size(), 1u);
  EXPECT_EQ(std::filesystem::status(files().front()).permissions() & std::filesystem::perms(0777), std::filesystem::perms(0600));
  server->quirks("{}");
  server->forget_requests();
  run(blob);
  EXPECT_EQ(read(*open(), blob), bytes(40'000));
  EXPECT_EQ(count("POST") + count("PATCH"), 0u);
  EXPECT_TRUE(files().empty());
  // What is remembered of a registry that forgot it costs one question.
  const auto other = here.add(bytes(40'000, 2));
  server->quirks(R"({"status": [{"where": "PATCH ", "status": 403}]})");
  EXPECT_THROW(run(other), Error);
  ASSERT_EQ(files().size(), 1u);
  server->reset();
  run(other);
  EXPECT_EQ(read(*open(), other), bytes(40'000, 2));
}

TEST_F(Push, continues_where_the_registry_stopped_taking)
{
  push_in_chunks(R"({"short_accept": 10000})");
  EXPECT_EQ(seen[3].content_range, "10000-26383");
}

TEST_F(Push, does_not_trust_a_range_that_never_moves) { push_in_chunks(R"({"stuck_range": true})"); }
TEST_F(Push, takes_201_for_a_chunk) { push_in_chunks(R"({"patch_201": true})"); }
TEST_F(Push, begins_again_when_the_session_is_lost) { push_in_chunks(R"({"lose_session": 1})"); }
TEST_F(Push, sends_no_range_to_who_refuses_it) { push_in_chunks(R"({"content_range_limit": 1000})"); }
TEST_F(Push, makes_chunks_as_large_as_it_must)
{
  push_in_chunks(R"({"min_chunk": 30000})");
  EXPECT_EQ(seen[2].content_range, "0-29999");
}

TEST_F(Push, patches_where_a_put_with_a_body_is_unknown)
{
  server->quirks(R"({"no_monolithic": true})");
  const auto blob_ = here.add(bytes(5000));
  open()->take(blob_, here, task);
  EXPECT_EQ(read(*open(), blob_), bytes(5000));
  EXPECT_EQ(count("PATCH"), 1u);
}

TEST_F(Push, survives_500_after_the_whole_upload)
{
  push_in_chunks(R"({"status": [{"where": "PUT /uploads/", "status": 500, "times": 1}]})");
  server->quirks(R"({"status": [{"where": "PUT /uploads/", "status": 500, "times": 1}]})");
  const auto small = here.add("small");
  open()->take(small, here, task);
  EXPECT_EQ(read(*open(), small), "small");
}

TEST_F(Push, needs_no_location_in_the_last_answer_but_in_the_first)
{
  server->quirks(R"({"no_location": true})");
  EXPECT_THAT([&] { keep("x"); }, ThrowsError(Errc::bad_input, "began an upload (202) without saying where (no Location)"));
}

TEST_F(Push, judges_where_an_upload_is_to_go)
{
  const auto push = [&](const std::string& location) {
    server->quirks(fmt::format(R"({{"location": "{}"}})", location));
    keep("content");
  };
  EXPECT_NO_THROW(push(fmt::format("http://{}{{path}}", server->host())));
  EXPECT_THAT(
      [&] { push("http://evil.example.com/{path}"); },
      ThrowsError(Errc::permission, "wants an upload to go to http://evil.example.com, which is neither this host nor of its domain"));
  EXPECT_THAT([&] { push("file:///etc/passwd"); }, ThrowsError(Errc::bad_input, "Location for an upload: URL 'file:///etc/passwd'"));
}

TEST_F(Push, mounts_within_a_registry)
{
  const auto blob_ = keep("shared");
  server->forget_requests();
  const auto from = open("other/app");
  open()->take(blob_, *from, task);
  EXPECT_EQ(count("POST", "mount="), 1u);
  EXPECT_EQ(count("PUT") + count("PATCH"), 0u);
}

TEST_F(Push, uploads_where_mounting_does_not_work)
{
  const auto blob_ = keep("shared");
  server->quirks(R"({"no_mount": true})");
  const auto from = open("other/app");
  open()->take(blob_, *from, task);
  EXPECT_EQ(count("PUT", "/uploads/"), 2u);
}

TEST_F(Push, sends_again_what_was_collected_behind_its_back)
{
  test::ImageMaker maker(here);
  const auto root = maker.file("a", "1").put();
  const auto& layer = maker.manifest.layers[0];
  server->quirks(fmt::format(R"({{"blob_unknown_once": {{"{}": {}}}}})", layer.digest.str(), layer.size_bytes));
  image::copy(here, root, *open(), {}, task);
  EXPECT_EQ(read(*open(), layer), here.content(layer.digest));
}

TEST_F(Push, says_that_its_own_bytes_are_wrong)
{
  const auto blob_ = here.add("right");
  here.spoil(blob_.digest, "wrong");
  EXPECT_THAT([&] { open()->take(blob_, here, task); }, ThrowsError(Errc::corrupt, blob_.digest.str()));
  const auto large = here.add(bytes(40'000));
  here.spoil(large.digest, bytes(40'000, 2));
  EXPECT_THAT([&] { open("team/app", {}, small_chunks())->take(large, here, task); }, ThrowsError(Errc::corrupt, large.digest.str()));
  EXPECT_TRUE(server->state().root().at("blobs").array().empty());
}

TEST_F(Push, takes_content_that_can_be_read_once)
{
  const auto content = bytes(20'000);
  const auto blob_ = here.add(content);
  MemorySource once(content);
  server->quirks(R"({"cut_upload": [{"after": 1000, "times": 1}]})");
  open("team/app", {}, small_chunks())->put(blob_, once, task);
  EXPECT_EQ(read(*open(), blob_), content);
  MemorySource wrong(std::string_view(content).substr(1));
  const auto other = here.add(bytes(19'999, 7));
  EXPECT_THAT([&] { open("team/app", {}, small_chunks())->put(other, wrong, task); }, ThrowsError(Errc::corrupt, other.digest.str()));
}

TEST_F(Push, writes_the_fallback_tag_where_there_are_no_referrers)
{
  test::ImageMaker maker(here);
  const auto root = maker.file("a", "1").put();
  image::copy(here, root, *open(), {}, task);
  test::ImageMaker signature(here);
  signature.manifest.subject = root;
  signature.manifest.artifact_type = "application/x-signature";
  const auto signed_ = signature.file("s", "1").put();
  image::copy(here, signed_, *open(), {}, task);
  const auto found = open()->referrers(root.digest, task);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].digest, signed_.digest);
  EXPECT_EQ(found[0].artifact_type, "application/x-signature");
  // Once more adds nothing.
  open()->take(signed_, here, task);
  EXPECT_EQ(open()->referrers(root.digest, task).size(), 1u);
}

TEST_F(Push, loses_no_referrer_to_others_who_push_at_the_same_moment)
{
  test::ImageMaker maker(here);
  const auto root = maker.file("a", "1").put();
  image::copy(here, root, *open(), {}, task);
  std::vector<oci::Descriptor> signatures;
  for (int i = 0; i < 6; ++i) {
    test::ImageMaker signature(here);
    signature.manifest.subject = root;
    signatures.push_back(signature.file("s", std::to_string(i)).put());
  }
  {
    // Real time: who loses has to wait.
    const http::Client client{http::Options{}};
    const auto host = std::make_shared<Host>(client, server->host(), Security::unchecked, nullptr, "");
    std::vector<std::jthread> threads;
    for (const auto& one : signatures)
      threads.emplace_back([&] {
        Repository repository(host, "team/app", task);
        image::copy(here, one, repository, {}, task);
      });
  }
  EXPECT_EQ(open()->referrers(root.digest, task).size(), 6u);
}

}  // namespace
}  // namespace cairn::registry
