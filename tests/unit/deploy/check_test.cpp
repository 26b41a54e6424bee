// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/check.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>

namespace cairn::deploy {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string findings(const std::string& text)
{
  std::string out;
  for (const auto& one : check_manifests(text, "m.yaml")) out += fmt::format("{}: {}\n", one.place, one.text);
  return out;
}

std::string stream_with(const std::string& annotations)
{
  return "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata:\n  name: a\n  labels: {opendatahub.io/notebook-image: \"true\"}\n"
         "spec:\n  lookupPolicy: {local: true}\n  tags:\n  - name: '1'\n    annotations:\n      " +
         annotations + "\n    from: {kind: DockerImage, name: 'r/a@sha256:1'}\n";
}

TEST(CheckManifests, finds_nothing_in_a_good_one)
{
  EXPECT_THAT(findings(stream_with("opendatahub.io/notebook-software: '[]'")), IsEmpty());
}

TEST(CheckManifests, finds_a_tag_that_hides_itself)
{
  EXPECT_THAT(findings(stream_with("opendatahub.io/image-tag-outdated: 'false'")),
              HasSubstr("m.yaml:11:42: image-tag-outdated hides the tag"));
  EXPECT_THAT(findings(stream_with("opendatahub.io/image-tag-outdated: 'true'")), IsEmpty());
}

TEST(CheckManifests, finds_values_that_are_no_json)
{
  EXPECT_THAT(findings(stream_with("opendatahub.io/notebook-software: '[{'")), HasSubstr("is no JSON"));
  EXPECT_THAT(findings(stream_with("opendatahub.io/notebook-software: '{}'")), HasSubstr("is no JSON list"));
  EXPECT_THAT(findings(stream_with("opendatahub.io/workbench-image-recommended: 'yes'")), HasSubstr("the dashboard fails"));
  EXPECT_THAT(findings(stream_with("opendatahub.io/workbench-image-recommended: true")), HasSubstr("put it in quotes"));
}

TEST(CheckManifests, finds_two_recommended_tags)
{
  const std::string recommended = "opendatahub.io/workbench-image-recommended: 'true'";
  EXPECT_THAT(findings(stream_with(recommended)), IsEmpty());
  EXPECT_THAT(findings(stream_with(recommended) + "  - name: '2'\n    annotations: {" + recommended + "}\n"),
              HasSubstr("tags 1 and 2 are both recommended"));
}

TEST(CheckManifests, finds_what_a_notebook_lacks)
{
  const auto found = findings(
      "apiVersion: kubeflow.org/v1\nkind: Notebook\nmetadata:\n  name: a\n  annotations: {notebooks.opendatahub.io/inject-oauth: 'true',"
      " notebooks.opendatahub.io/last-image-selection: r/a}\nspec: {template: {spec: {containers: [{name: b}]}}}\n");
  for (const auto* text : {"inject-oauth is not read", "not 'stream:tag'", "must be named 'a'", "/dev/shm"})
    EXPECT_THAT(found, HasSubstr(text));
}

TEST(CheckManifests, finds_other_mistakes)
{
  EXPECT_THAT(findings("kind: Job\napiVersion: batch/v1beta1\nmetadata: {name: a}\n"), HasSubstr("m.yaml:2:13: Job is batch/v1"));
  EXPECT_THAT(findings("kind: ImageSteam\napiVersion: x/v1\nmetadata: {name: a}\n"), HasSubstr("did you mean ImageStream?"));
  EXPECT_THAT(findings("kind: Secret\napiVersion: v1\nmetadata: {name: aws-connection-a}\n"), HasSubstr("misses AWS_S3_BUCKET"));
  EXPECT_THAT(
      findings("kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {jupyterhub-singleuser-profiles.yaml: 'profiles: []'}\n"),
      HasSubstr("JupyterHub does not find"));
  EXPECT_THAT(findings("---\n# only this\n---\nkind: [\n"), HasSubstr("m.yaml:"));
  EXPECT_THAT(findings("a\n"), HasSubstr("is no manifest"));
  EXPECT_THAT(findings("kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 'a:latest', securityContext: "
                       "{runAsUser: 0}}]}\n"),
              HasSubstr("asks for root"));
}

}  // namespace
}  // namespace cairn::deploy
