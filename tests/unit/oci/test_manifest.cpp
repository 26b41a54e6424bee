// SPDX-License-Identifier: Apache-2.0
#include <cairn/oci/json.hpp>
#include <cairn/oci/manifest.hpp>

#include <cairn/io/hash.hpp>
#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

namespace cairn::oci {
namespace {

using test::ThrowsError;

Descriptor descriptor(std::string_view type, std::string_view content)
{
  return {.media_type = std::string(type), .digest = sha256(content), .size_bytes = content.size()};
}

Manifest example()
{
  Manifest manifest;
  manifest.config = descriptor(media_type::config, "config");
  manifest.layers = {descriptor(media_type::layer_zstd, "one"), descriptor(media_type::layer_gzip, "two")};
  manifest.layers[1].annotations = {{"b", "2"}, {"a", "\n\xc3\xa9"}};
  manifest.layers[1].urls = {"https://example.org/two"};
  manifest.annotations = {{"org.opencontainers.image.created", "2026-01-01T00:00:00Z"}};
  manifest.artifact_type = "application/vnd.cairn.library.v1";
  manifest.subject = descriptor(media_type::manifest, "subject");
  return manifest;
}

TEST(Manifest, reads_back_what_it_wrote)
{
  const auto manifest = example();
  EXPECT_EQ(Manifest::parse(manifest.json(), "m"), manifest);
}

TEST(Manifest, is_written_canonically)
{
  Manifest manifest;
  manifest.config = descriptor(media_type::empty, "{}");
  const auto digest = sha256("{}").str();
  EXPECT_EQ(manifest.json(), R"({"config":{"digest":")" + digest +
                                 R"(","mediaType":"application/vnd.oci.empty.v1+json","size":2},"layers":[],)"
                                 R"("mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2})");
}

TEST(Manifest, ignores_unknown_members_and_takes_null_for_absent)
{
  const auto text = R"({"schemaVersion":2,"config":{"mediaType":"a/b","digest":")" + sha256("").str() +
                    R"(","size":0,"future":[]},"layers":[],"annotations":null,"subject":null,"future":{"a":1e9}})";
  const auto manifest = Manifest::parse(text, "m");
  EXPECT_EQ(manifest.config.media_type, "a/b");
  EXPECT_TRUE(manifest.annotations.empty());
  EXPECT_EQ(manifest.media_type, media_type::manifest);
}

TEST(Manifest, of_docker_keeps_its_types_until_asked)
{
  auto manifest = example();
  manifest.media_type = media_type::docker_manifest;
  manifest.config.media_type = media_type::docker_config;
  manifest.layers[0].media_type = media_type::docker_layer_gzip;
  manifest.layers[1].media_type = media_type::docker_layer;
  const auto read = Manifest::parse(manifest.json(), "m");
  EXPECT_EQ(read, manifest);
  const auto oci = read.in_oci_types();
  EXPECT_EQ(oci.media_type, media_type::manifest);
  EXPECT_EQ(oci.config.media_type, media_type::config);
  EXPECT_EQ(oci.layers[0].media_type, media_type::layer_gzip);
  EXPECT_EQ(oci.layers[1].media_type, media_type::layer);
}

TEST(Manifest, of_docker_schema_1_is_unsupported)
{
  EXPECT_THAT([] { (void)Manifest::parse(R"({"schemaVersion":1,"fsLayers":[]})", "m"); },
              ThrowsError(Errc::unsupported, "m: Docker schema 1"));
}

TEST(Manifest, over_four_mebibytes_is_refused)
{
  const auto text = example().json() + std::string(manifest_limit_bytes, ' ');
  EXPECT_THAT([&] { (void)Manifest::parse(text, "m"); }, ThrowsError(Errc::limit, "the limit is 4194304"));
}

TEST(Manifest, keeps_platforms)
{
  Index index;
  index.manifests = {descriptor(media_type::manifest, "amd64"), descriptor(media_type::index, "nested")};
  index.manifests[0].platform = Platform{"arm64", "linux", "v8"};
  index.manifests[0].artifact_type = "application/x";
  index.annotations["k"] = "v";
  index.subject = descriptor(media_type::manifest, "subject");
  EXPECT_EQ(Index::parse(index.json(), "i"), index);
}

TEST(Index, of_ten_thousand_entries_is_read)
{
  Index index;
  index.manifests.assign(10'000, descriptor(media_type::manifest, "same"));
  EXPECT_EQ(Index::parse(index.json(), "i").manifests.size(), 10'000u);
}

TEST(Index, of_docker_is_read)
{
  Index index;
  index.media_type = media_type::docker_list;
  EXPECT_EQ(Index::parse(index.json(), "i"), index);
}

TEST(Descriptor, data_must_agree_with_digest_and_size)
{
  const auto read = [](const std::string& data, std::string_view content, std::uint64_t size) {
    const auto text = R"({"mediaType":"a/b","digest":")" + sha256(content).str() + R"(","size":)" + std::to_string(size) + R"(,"data":")" +
                      data + R"("})";
    return read_descriptor(JsonDocument::parse(text, "d").root());
  };
  EXPECT_NO_THROW((void)read("e30=", "{}", 2));
  EXPECT_NO_THROW((void)read("", "", 0));
  EXPECT_NO_THROW((void)read("YWI=", "ab", 2));
  EXPECT_NO_THROW((void)read("YWJj", "abc", 3));
  EXPECT_NO_THROW((void)read("YQ==", "a", 1));
  EXPECT_THAT([&] { (void)read("e30=", "[]", 2); }, ThrowsError(Errc::bad_input, "'data': disagrees with 'digest'"));
  EXPECT_THAT([&] { (void)read("e30=", "{}", 3); }, ThrowsError(Errc::bad_input, "holds 2 bytes, 'size' says 3"));
  for (const auto* bad : {"e30", "e3 =", "e30\\n", "====", "e=0=", "_-8="})
    EXPECT_THAT([&] { (void)read(bad, "{}", 2); }, ThrowsError(Errc::bad_input, "")) << bad;
}

}  // namespace
}  // namespace cairn::oci
