// SPDX-License-Identifier: Apache-2.0
#include <unit/registry/registry_test.hpp>

#include <cairn/image/copy.hpp>

namespace cairn::registry {
namespace {

class List : public RegistryTest {
protected:
  void SetUp() override
  {
    RegistryTest::SetUp();
    test::ImageMaker maker(here);
    root = maker.file("a", "1").put();
    const auto up = open();
    image::copy(here, root, *up, {}, task);
    for (const auto* tag : {"c", "a", "b", "e", "d"}) up->tag(tag, root, here, task);
  }
  oci::Descriptor root;
};

TEST_F(List, reads_all_pages)
{
  server->quirks(R"({"tags_page": 2})");
  EXPECT_EQ(open()->tags(task), (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(count("GET", "/tags/list"), 3u);
}

TEST_F(List, passes_over_null_and_digests)
{
  server->quirks(R"({"tags": ["b", "sha256:0000", "a"]})");
  EXPECT_EQ(open()->tags(task), (std::vector<std::string>{"a", "b"}));
  server->quirks(R"({"status": [{"where": "GET /tags/list", "status": 200, "body": "{\"name\":\"x\",\"tags\":null}"}]})");
  EXPECT_TRUE(open()->tags(task).empty());
}

TEST_F(List, does_not_follow_a_list_without_end_or_to_another_host)
{
  server->quirks(R"({"tags_link": "</v2/team/app/tags/list?n=1000>; rel=\"next\""})");
  EXPECT_THAT([&] { (void)open()->tags(task); }, ThrowsError(Errc::bad_input, "its list of tags has no end"));
  server->quirks(R"({"tags_link": "<http://evil.example.com/v2/team/app/tags/list>; rel=\"next\""})");
  EXPECT_THAT([&] { (void)open()->tags(task); },
              ThrowsError(Errc::permission, "the next page of its tags is at evil.example.com, another host"));
}

TEST_F(List, tells_an_unknown_repository)
{
  EXPECT_THAT([&] { (void)open("no/such")->tags(task); }, ThrowsError(Errc::not_found, "no/such: no such repository"));
}

TEST_F(List, deletes_a_manifest_with_its_tags)
{
  open()->remove(root.digest, task);
  EXPECT_THAT([&] { (void)open()->resolve("a", task); }, ThrowsError(Errc::not_found, "team/app:a"));
  EXPECT_THAT([&] { open()->remove(root.digest, task); }, ThrowsError(Errc::not_found, root.digest.str()));
}

TEST_F(List, says_that_deleting_is_not_allowed)
{
  server->quirks(R"({"no_delete": true})");
  EXPECT_THAT([&] { open()->remove(root.digest, task); }, ThrowsError(Errc::unsupported, "this registry does not allow deleting (405)"));
}

TEST_F(List, finds_referrers_whichever_way_the_registry_has_them)
{
  server->quirks(R"({"referrers": "list", "subject": true})");
  test::ImageMaker signature(here);
  signature.manifest.subject = root;
  const auto signed_ = signature.file("s", "1").put();
  image::copy(here, signed_, *open(), {}, task);
  EXPECT_EQ(open()->referrers(root.digest, task).size(), 1u);
  server->quirks(R"({"referrers": "html"})");
  EXPECT_TRUE(open()->referrers(root.digest, task).empty());
}

TEST_F(List, does_not_take_an_image_for_a_fallback_index)
{
  open()->tag("sha256-" + root.digest.hex(), root, here, task);
  EXPECT_THAT([&] { (void)open()->referrers(root.digest, task); },
              ThrowsError(Errc::bad_input, "holds 'application/vnd.oci.image.manifest.v1+json', not an index"));
}

}  // namespace
}  // namespace cairn::registry
