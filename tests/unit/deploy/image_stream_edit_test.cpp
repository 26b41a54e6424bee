// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/image_stream_edit.hpp>

#include <cairn/base/error.hpp>
#include <cairn/deploy/check.hpp>

#include <gmock/gmock.h>

#include <string>

namespace cairn::deploy {
namespace {

using ::testing::HasSubstr;

const std::string stream = R"(# the notebooks of the team
apiVersion: v1
kind: ConfigMap
metadata: {name: notebook}
---
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: notebook   # ours
spec:
  lookupPolicy: {local: true}
  tags:
    # the current one
    - name: "1.0"
      annotations:
        opendatahub.io/notebook-software: |
          [{"name":"Python","version":"v3.11"}]
        opendatahub.io/workbench-image-recommended: "true"
      from:
        kind: DockerImage
        name: registry.example.org/notebook@sha256:11  # pinned
      referencePolicy: {type: Source}

    # kept for a while
    - name: "0.9"
      from: {kind: DockerImage, name: 'registry.example.org/notebook@sha256:09'}
---
kind: ImageStream
metadata: {name: other}
)";

std::string replaced(std::string text, const std::string& old, const std::string& by)
{
  return text.replace(text.find(old), old.size(), by);
}

std::string refused(const std::string& text, const ImageStreamEdit& edit)
{
  try {
    (void)edit_image_stream(text, "s.yaml", edit);
  } catch (const Error& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

std::string crlf(const std::string& text)
{
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

TEST(EditImageStream, changes_the_image_and_nothing_else)
{
  EXPECT_EQ(edit_image_stream(stream, "s", {"notebook", "1.0", "registry.example.org/notebook@sha256:12", {}}),
            replaced(stream, "sha256:11", "sha256:12"));
}

TEST(EditImageStream, keeps_quotes_and_brackets)
{
  EXPECT_EQ(edit_image_stream(stream, "s", {"notebook", "0.9", "it's", {}}),
            replaced(stream, "registry.example.org/notebook@sha256:09", "it''s"));
}

TEST(EditImageStream, changes_nothing_that_is_so_already)
{
  const ImageStreamEdit edit{"notebook",
                             "1.0",
                             "registry.example.org/notebook@sha256:11",
                             {{"opendatahub.io/notebook-software", R"([{"name":"Python","version":"v3.11"}])"}}};
  EXPECT_EQ(edit_image_stream(stream, "s", edit), stream);
}

TEST(EditImageStream, changes_a_block_in_place)
{
  const ImageStreamEdit edit{"notebook", "1.0", "registry.example.org/notebook@sha256:11", {{"opendatahub.io/notebook-software", "[]"}}};
  EXPECT_EQ(edit_image_stream(stream, "s", edit), replaced(stream, R"([{"name":"Python","version":"v3.11"}])", "[]"));
}

TEST(EditImageStream, adds_an_annotation)
{
  const ImageStreamEdit edit{
      "notebook", "1.0", "registry.example.org/notebook@sha256:11", {{"opendatahub.io/notebook-build-commit", "1234567"}}};
  EXPECT_EQ(edit_image_stream(stream, "s", edit),
            replaced(stream, "        opendatahub.io/notebook-software",
                     "        opendatahub.io/notebook-build-commit: \"1234567\"\n        opendatahub.io/notebook-software"));
  EXPECT_THAT(edit_image_stream(
                  replaced(stream, "from: {kind: DockerImage, name: 'registry.example.org/notebook@sha256:09'}", "from:\n        name: a"),
                  "s", {"notebook", "0.9", "b", {{"c", "d"}}}),
              HasSubstr("    - name: \"0.9\"\n      annotations:\n        c: d\n      from:\n        name: b\n"));
}

TEST(EditImageStream, adds_a_tag_like_the_first_one)
{
  const ImageStreamEdit edit{"notebook", "1.1", "registry.example.org/notebook@sha256:12", {{"opendatahub.io/notebook-software", "[]"}}};
  const auto once = edit_image_stream(stream, "s", edit);
  EXPECT_EQ(once, replaced(stream, "    - name: \"1.0\"\n", R"(    - name: "1.1"
      annotations:
        opendatahub.io/notebook-software: |
          []
      from:
        kind: DockerImage
        name: registry.example.org/notebook@sha256:12  # pinned
      referencePolicy: {type: Source}
    - name: "1.0"
)"));
  EXPECT_EQ(edit_image_stream(once, "s", edit), once);
  for (const auto& finding : check_manifests(once, "s")) EXPECT_THAT(finding.text, testing::Not(HasSubstr("both recommended")));
}

TEST(EditImageStream, a_tag_whose_annotations_are_all_another_ones)
{
  const std::string text = "kind: ImageStream\nmetadata:\n  name: s\nspec:\n  tags:\n    - name: a\n      annotations:\n"
                           "        opendatahub.io/workbench-image-recommended: \"true\"\n      from:\n        name: x\n";
  const auto once = edit_image_stream(text, "f", {"s", "b", "y", {{"c", "d"}}});
  EXPECT_THAT(once, HasSubstr("    - name: b\n      annotations:\n        c: d\n      from:\n        name: \"y\"\n    - name: a\n"));
  EXPECT_EQ(edit_image_stream(once, "f", {"s", "b", "y", {{"c", "d"}}}), once);
}

TEST(EditImageStream, keeps_line_ends_and_a_missing_last_one)
{
  EXPECT_EQ(edit_image_stream(crlf(stream), "s", {"notebook", "1.0", "b", {}}),
            crlf(replaced(stream, "registry.example.org/notebook@sha256:11", "b")));
  const std::string bare = "kind: ImageStream\nmetadata: {name: a}\nspec:\n  tags:\n  - name: x\n    from:\n      name: old";
  EXPECT_EQ(edit_image_stream(bare, "s", {"a", "x", "new", {}}), replaced(bare, "old", "new"));
  EXPECT_EQ(edit_image_stream(bare, "s", {"a", "z", "new", {}}),
            "kind: ImageStream\nmetadata: {name: a}\nspec:\n  tags:\n  - name: z\n    from:\n      name: new\n  - name: x\n    from:\n     "
            " name: old");
  EXPECT_EQ(edit_image_stream("\xef\xbb\xbf" + bare, "s", {"a", "x", "new", {}}), "\xef\xbb\xbf" + replaced(bare, "old", "new"));
}

TEST(EditImageStream, counts_characters_not_bytes)
{
  const std::string text = "kind: ImageStream\nmetadata: {name: a}\nspec:\n  tags: [{name: ü, from: {name: old}}] # ü\n";
  EXPECT_EQ(edit_image_stream(text, "s", {"a", "ü", "new", {}}), replaced(text, "old", "new"));
}

TEST(EditImageStream, says_which_streams_are_there)
{
  EXPECT_THAT(refused(stream, {"notebok", "1", "a", {}}), HasSubstr("s.yaml: no ImageStream 'notebok'; it has notebook, other"));
  EXPECT_THAT(refused("a: b\n", {"x", "1", "a", {}}), HasSubstr("it has none at all"));
  EXPECT_THAT(refused("", {"x", "1", "a", {}}), HasSubstr("it has none at all"));
}

TEST(EditImageStream, refuses_what_it_cannot_edit_line_by_line)
{
  const std::string flow = "kind: ImageStream\nmetadata: {name: a}\nspec:\n  tags: [{name: x, from: {name: old}}]\n";
  EXPECT_THAT(refused(flow, {"a", "y", "new", {}}), HasSubstr("s.yaml:4:9: 'spec.tags': is written in brackets"));
  EXPECT_THAT(refused(flow, {"a", "x", "old", {{"k", "v"}}}), HasSubstr("is written in brackets"));
  EXPECT_THAT(refused(replaced(stream, "metadata:\n", "metadata: &a\n"), {"notebook", "1.0", "b", {}}), HasSubstr("anchors"));
  EXPECT_THAT(refused("kind: ImageStream\nmetadata: {name: a}\nspec: {}\n", {"a", "y", "new", {}}), HasSubstr("misses 'tags'"));
  EXPECT_THAT(refused("kind: ImageStream\nmetadata: {name: a}\nspec:\n  tags: []\n", {"a", "y", "new", {}}), HasSubstr("is empty"));
}

}  // namespace
}  // namespace cairn::deploy
