// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/render.hpp>

#include <cairn/base/error.hpp>
#include <cairn/deploy/check.hpp>

#include <gmock/gmock.h>

#include <string>

namespace cairn::deploy {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string everything = R"(namespace: science
argocd-waves: true
jupyterhub-profiles: true
image: {reference: 'registry.example.org/ds/notebook:1.4', display-name: Modular, recommended: true, tag-object: true, commit: 1f2e3d4}
library: {reference: 'registry.example.org/ds/library:2026.11', cairn-image: 'registry.example.org/cairn:1'}
notebook: {name: mine, user: alice}
shares: [{claim: climate, users: [alice], read-only: true}, {claim: secret, users: [bob]}]
data-connection: {name: s3, endpoint: 'https://s3.example.org', access-key-id: {env: KEY}, secret-access-key: {file: key}}
build: {git: 'https://git.example.org/a.git', from: 'base:1', output: 'notebook:1.4'}
builder: {image: 'registry.example.org/easybuild:1'}
environments: {test: {namespace: test, storage-class: fast}}
)";

Facts facts()
{
  const auto digest = Digest::parse("sha256:" + std::string(64, '1'));
  return {ImageFacts{digest, "3.12", "8.7.1", {{"jupyterlab", "4.5.1"}, {"numpy", "2.4.6"}}}, LibraryFacts{digest, "/opt/easybuild", 3}};
}

std::vector<File> rendered(const std::string& text, Layout layout)
{
  const auto settings = Settings::parse(text, "deploy.yaml");
  return files(settings, manifests(settings, facts(), [](const SecretSource&) { return "geheim"; }), layout);
}

std::string text_of(const std::vector<File>& files, const std::string& path)
{
  for (const auto& file : files)
    if (file.path == path) return file.text;
  return "(no such file)";
}

std::string refused(const std::string& text)
{
  try {
    (void)Settings::parse(text, "d.yaml");
  } catch (const Error& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

TEST(Render, makes_what_its_own_check_takes)
{
  for (const auto layout : {Layout::plain, Layout::kustomize})
    for (const auto& file : rendered(everything, layout)) {
      if (!file.path.ends_with(".yaml")) continue;
      for (const auto& finding : check_manifests(file.text, file.path)) ADD_FAILURE() << finding.place << ": " << finding.text;
    }
}

TEST(Render, takes_annotations_from_the_image)
{
  const auto text = text_of(rendered(everything, Layout::plain), "imagestream.yaml");
  EXPECT_THAT(text,
              HasSubstr(R"(opendatahub.io/notebook-software: '[{"name":"Python","version":"v3.12"},{"name":"Lmod","version":"8.7"}]')"));
  EXPECT_THAT(text, HasSubstr(R"([{"name":"JupyterLab","version":"4.5"},{"name":"Numpy","version":"2.4"}])"));
  EXPECT_THAT(text, HasSubstr("name: registry.example.org/ds/notebook@sha256:1111"));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("outdated")), HasSubstr("sync-wave: \"2\"")));
}

TEST(Render, refuses_a_dependency_that_is_not_there)
{
  EXPECT_THROW((void)dependencies_json(*facts().image, {"torch"}), Error);
  EXPECT_EQ(dependencies_json(*facts().image, {"NumPy"}), R"([{"name":"Numpy","version":"2.4"}])");
}

TEST(Render, keeps_secrets_apart)
{
  const auto settings = Settings::parse(everything, "d");
  const auto all = manifests(settings, facts(), [](const SecretSource&) { return "geheim"; });
  EXPECT_THAT(stream(settings, all), Not(HasSubstr("geheim")));
  for (const auto& file : rendered(everything, Layout::kustomize)) {
    if (file.text.contains("geheim")) {
      EXPECT_EQ(file.path, "secrets/data-connection-s3.yaml");
    }
    if (file.path.ends_with("kustomization.yaml")) {
      EXPECT_THAT(file.text, Not(HasSubstr("data-connection")));
    }
  }
  EXPECT_EQ(text_of(rendered(everything, Layout::plain), ".gitignore"), "/secrets/data-connection-s3.yaml\n");
}

TEST(Render, gives_shares_to_those_who_may)
{
  const auto all = rendered(everything, Layout::plain);
  EXPECT_THAT(text_of(all, "notebook.yaml"), AllOf(HasSubstr("/opt/app-root/src/shares/climate"), Not(HasSubstr("shares/secret"))));
  EXPECT_THAT(text_of(all, "share-secret-profile.yaml"), AllOf(HasSubstr("- bob"), Not(HasSubstr("readOnly"))));
  EXPECT_THAT(text_of(all, "share-climate-profile.yaml"), HasSubstr("readOnly: true"));
}

TEST(Render, refuses_settings_that_cannot_be)
{
  EXPECT_THAT(refused("imgae: {}"), HasSubstr("d.yaml:1:1: unknown key 'imgae'; did you mean 'image'?"));
  EXPECT_THAT(refused("image: {reference: notebook}"), HasSubstr("names no registry"));
  EXPECT_THAT(refused("library: {reference: a/b}"), HasSubstr("cairn-image"));
  EXPECT_THAT(refused("notebook: {name: a}"), HasSubstr("needs `image`"));
  EXPECT_THAT(refused("shares: [{claim: a, path: ../b}]"), HasSubstr("leads out of the home"));
  EXPECT_THAT(refused("shares: [{claim: A}]"), HasSubstr("is no object name"));
  EXPECT_THAT(refused("shares: [{claim: a, size: many}]"), HasSubstr("is no quantity"));
  EXPECT_THAT(refused("data-connection: {name: a, endpoint: b, access-key-id: c, secret-access-key: d}"),
              HasSubstr("a secret does not belong"));
  EXPECT_THAT(refused("build: {git: a, from: b, output: 'c:1'}"), HasSubstr("as in 'notebook:1.4'"));
}

}  // namespace
}  // namespace cairn::deploy
