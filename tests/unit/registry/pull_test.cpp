// SPDX-License-Identifier: Apache-2.0
#include <unit/registry/registry_test.hpp>

#include <cairn/image/copy.hpp>

namespace cairn::registry {
namespace {

class Pull : public RegistryTest {};

TEST_F(Pull, gives_back_what_was_pushed)
{
  test::ImageMaker maker(here);
  const auto root = maker.file("a", "1").file("b", "2").put();
  image::copy(here, root, *open(), {}, task);
  MemoryBlobs there;
  const auto down = open();
  const auto found = down->resolve(root.digest.str(), task);
  EXPECT_EQ(found.digest, root.digest);
  EXPECT_EQ(found.media_type, oci::media_type::manifest);
  image::copy(*down, found, there, {}, task);
  EXPECT_EQ(there.content(root.digest), here.content(root.digest));
  EXPECT_EQ(there.count(), 4u);
}

TEST_F(Pull, goes_on_where_a_connection_broke)
{
  const auto content = bytes(3 << 20);
  const auto blob = keep(content);
  server->quirks(R"({"cut": [{"where": "GET /blobs/", "after": 1300000, "times": 2}]})");
  server->forget_requests();
  EXPECT_EQ(read(*open(), blob), content);
  const auto seen = server->requests();
  ASSERT_EQ(seen.size(), 4u);  // ping, and three parts
  EXPECT_EQ(seen[2].range, "bytes=1300000-3145727");
  EXPECT_EQ(seen[3].range, "bytes=2600000-3145727");
}

TEST_F(Pull, lends_the_same_bytes_without_a_copy)
{
  const auto content = bytes(3 << 20);
  const auto blob = keep(content);
  const auto repository = open();
  const auto lent = [&](std::uint64_t offset, std::uint64_t size) {
    const auto source = repository->open_range(blob, offset, size);
    std::string out;
    std::array<std::byte, 1> unused{};
    for (auto bytes = source->next(unused); !bytes.empty(); bytes = source->next(unused))
      out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return out;
  };
  server->quirks(R"({"cut": [{"where": "GET /blobs/", "after": 1300000, "times": 2}]})");
  EXPECT_EQ(lent(0, content.size()), content);
  server->quirks(R"({"range": "ignore"})");
  EXPECT_EQ(lent(1000, 5000), content.substr(1000, 5000));
  server->quirks(R"({"endless": true})");
  EXPECT_THAT([&] { (void)lent(0, content.size()); }, ThrowsError(Errc::corrupt, blob.digest.str()));
}

TEST_F(Pull, gives_up_where_nothing_moves_any_more)
{
  const auto blob = keep(bytes(100'000));
  server->quirks(R"({"cut": [{"where": "GET /blobs/", "after": 0}]})");
  EXPECT_THAT([&] { (void)read(*open(), blob); }, ThrowsError(Errc::network, "GET http://127.0.0.1:"));
}

TEST_F(Pull, refuses_wrong_bytes_and_sizes)
{
  const auto blob = keep("hello");
  const auto get = [&] { (void)read(*open(), blob); };
  server->quirks(fmt::format(R"({{"spoil": {{"{}": "4a656c6c6f"}}}})", blob.digest.str()));
  EXPECT_THAT(get, ThrowsError(Errc::corrupt, blob.digest.str()));
  server->quirks(fmt::format(R"({{"spoil": {{"{}": "68656c6c6f6f"}}}})", blob.digest.str()));
  EXPECT_THAT(get, ThrowsError(Errc::corrupt, "the registry has 6 bytes, its descriptor says 5"));
  server->quirks(fmt::format(R"({{"spoil": {{"{}": "68656c6c"}}}})", blob.digest.str()));
  EXPECT_THAT(get, ThrowsError(Errc::corrupt, "the registry has 4 bytes, its descriptor says 5"));
}

TEST_F(Pull, refuses_a_content_length_that_lies)
{
  const auto blob = keep("hello");
  server->quirks(R"({"length": 3})");
  EXPECT_THAT([&] { (void)read(*open(), blob); }, ThrowsError(Errc::corrupt, "the registry has 8 bytes, its descriptor says 5"));
  server->quirks(R"({"length": -2})");
  EXPECT_THAT([&] { (void)read(*open(), blob); }, ThrowsError(Errc::corrupt, "the registry has 3 bytes, its descriptor says 5"));
}

TEST_F(Pull, does_not_read_on_for_ever)
{
  const auto blob = keep("hello");
  server->quirks(R"({"endless": true})");
  EXPECT_THAT([&] { (void)read(*open(), blob); }, ThrowsError(Errc::corrupt, blob.digest.str()));
  EXPECT_THAT([&] { (void)open()->resolve("x", task); }, ThrowsError(Errc::not_found, "team/app:x: not in the registry"));
  test::ImageMaker maker(here);
  server->quirks("{}");
  const auto root = maker.file("a", "1").put();
  image::copy(here, root, *open(), {}, task);
  server->quirks(R"({"endless": true})");
  EXPECT_THAT([&] { (void)open()->resolve(root.digest.str(), task); }, ThrowsError(Errc::limit, "4194304"));
}

TEST_F(Pull, judges_answers_to_range)
{
  const auto content = bytes(5000);
  const auto blob = keep(content);
  const auto part = [&] { return read_all(*open()->open_range(blob, 1000, 500), 10'000, "part"); };
  EXPECT_EQ(part(), content.substr(1000, 500));
  server->quirks(R"({"range": "ignore"})");
  EXPECT_EQ(part(), content.substr(1000, 500));
  server->quirks(R"({"range": "wrong"})");
  EXPECT_THAT([&] { (void)part(); }, ThrowsError(Errc::corrupt, "asked for bytes 1000 to 1499, the registry sends 'bytes 1001-1499/5000'"));
  server->quirks(R"({"range": "multipart"})");
  EXPECT_THAT([&] { (void)part(); }, ThrowsError(Errc::corrupt, "asked for bytes 1000 to 1499, the registry sends no Content-Range"));
  server->quirks(R"({"range": "short"})");
  EXPECT_THAT([&] { (void)read(*open(), blob); }, ThrowsError(Errc::corrupt, "the registry has 2500 bytes, its descriptor says 5000"));
}

TEST_F(Pull, refuses_compression_that_nobody_asked_for)
{
  const auto blob = keep("hello");
  server->quirks(R"({"content_encoding": "gzip"})");
  EXPECT_THAT([&] { (void)read(*open(), blob); },
              ThrowsError(Errc::unsupported, "comes with Content-Encoding 'gzip', which was not asked for"));
}

TEST_F(Pull, follows_a_blob_elsewhere_without_the_credential)
{
  const auto blob = keep("hello");
  QuirkRegistry storage;
  {
    http::Client client{http::Options{}};
    auto host = std::make_shared<Host>(client, storage.host(), Security::unchecked, nullptr, "");
    Repository(host, "x", task).take(blob, here, task);
  }
  server->quirks(fmt::format(R"({{"users": {{"me": "geheim"}}, "challenge": ["Basic realm=x"],
      "redirect": [{{"where": "GET /blobs/", "to": "http://{}/v2/x/blobs/{}?sig=geheim"}}]}})",
                             storage.host(), blob.digest.str()));
  storage.quirks(R"({"belongs": ["sig=geheim"]})");
  storage.forget_requests();
  EXPECT_EQ(read(*open("team/app", Credentials{.user = "me", .password = Secret("geheim")}), blob), "hello");
  ASSERT_EQ(storage.requests().size(), 1u);
  EXPECT_EQ(storage.requests()[0].authorization, "");
}

TEST_F(Pull, checks_the_digest_of_a_manifest)
{
  test::ImageMaker maker(here);
  const auto root = maker.file("a", "1").put();
  image::copy(here, root, *open(), {}, task);
  server->quirks(fmt::format(R"({{"spoil": {{"{}": "7b7d"}}}})", root.digest.str()));
  EXPECT_THAT([&] { (void)open()->resolve(root.digest.str(), task); },
              ThrowsError(Errc::corrupt, "the registry sent a manifest with digest sha256:44136fa3"));
}

TEST_F(Pull, takes_docker_content_digest_for_a_hint)
{
  test::ImageMaker maker(here);
  const auto root = maker.file("a", "1").put();
  const auto up = open();
  image::copy(here, root, *up, {}, task);
  up->tag("1", root, here, task);
  server->quirks(R"({"wrong_digest_header": true})");
  EXPECT_EQ(open()->resolve("1", task).digest, root.digest);
}

TEST_F(Pull, uses_to_the_end_what_a_tag_meant_first)
{
  test::ImageMaker one(here);
  const auto first = one.file("a", "1").put();
  test::ImageMaker two(here);
  const auto second = two.file("a", "2").put();
  const auto up = open();
  image::copy(here, first, *up, {}, task);
  image::copy(here, second, *up, {}, task);
  up->tag("1", first, here, task);
  server->quirks(fmt::format(R"({{"flip": {{"1": "{}"}}}})", second.digest.str()));
  const auto down = open();
  const auto found = down->resolve("1", task);
  MemoryBlobs there;
  image::copy(*down, found, there, {}, task);
  EXPECT_EQ(found.digest, first.digest);
  EXPECT_EQ(there.content(found.digest), here.content(first.digest));
  EXPECT_EQ(down->find("1", task), second.digest);
}

TEST_F(Pull, refuses_a_manifest_that_is_sent_as_something_else)
{
  test::ImageMaker maker(here);
  maker.manifest.media_type = oci::media_type::manifest;
  const auto root = maker.file("a", "1").put();
  image::copy(here, root, *open(), {}, task);
  server->quirks(R"({"content_type": "application/vnd.oci.image.index.v1+json"})");
  EXPECT_THAT([&] { (void)open()->resolve(root.digest.str(), task); }, ThrowsError(Errc::bad_input, "the registry sends it as"));
  server->quirks(R"({"content_type": "text/plain; charset=utf-8"})");
  EXPECT_EQ(open()->resolve(root.digest.str(), task).media_type, oci::media_type::manifest);
}

TEST_F(Pull, says_that_schema_1_is_too_old)
{
  server->quirks(R"({"status": [{"where": "GET /manifests/", "status": 200, "body": "{\"schemaVersion\": 1}"}]})");
  EXPECT_THAT([&] { (void)open()->resolve("1", task); }, ThrowsError(Errc::unsupported, "Docker schema 1, which cairn does not read"));
}

TEST_F(Pull, knows_the_many_ways_to_say_not_there)
{
  server->quirks(R"({"unknown_text": true})");
  EXPECT_THAT([&] { (void)open()->resolve("1", task); }, ThrowsError(Errc::not_found, "team/app:1: not in the registry"));
  server->quirks(
      R"({"status": [{"where": "GET /manifests/", "status": 400, "body": "{\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"artifact x not found\"}]}"}]})");
  EXPECT_THAT([&] { (void)open()->resolve("1", task); }, ThrowsError(Errc::not_found, "UNKNOWN: artifact x not found"));
  const auto blob = keep("hello");
  server->forget_blob(blob.digest);
  EXPECT_THAT([&] { (void)read(*open(), blob); }, ThrowsError(Errc::not_found, "not in 127.0.0.1:"));
}

TEST_F(Pull, never_follows_the_urls_of_a_layer)
{
  test::ImageMaker maker(here);
  maker.file("a", "1");
  maker.manifest.layers[0].urls = {fmt::format("http://{}/v2/evil", server->host())};
  const auto root = maker.put();
  image::copy(here, root, *open(), {}, task);
  server->forget_blob(maker.manifest.layers[0].digest);
  server->forget_requests();
  MemoryBlobs there;
  const auto down = open();
  EXPECT_THAT([&] { image::copy(*down, down->resolve(root.digest.str(), task), there, {}, task); },
              ThrowsError(Errc::not_found, "not in 127.0.0.1:"));
  EXPECT_EQ(count("GET", "evil"), 0u);
}

}  // namespace
}  // namespace cairn::registry
