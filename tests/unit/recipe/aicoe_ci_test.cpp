// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/aicoe_ci.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/temp.hpp>

#include <gmock/gmock.h>

#include <string>

namespace cairn::recipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string good =
    "build:\n  build-strategy: Source\n  base-image: quay.example.org/builder:1\n  registry: quay.example.org\n  registry-org: team\n";

std::string refused(const std::string& text)
{
  try {
    (void)AicoeCi::parse(text, "c.yaml");
  } catch (const Error& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

std::string without(std::string text, const std::string& part) { return text.erase(text.find(part), part.size()); }

TEST(AicoeCi, reads_everything)
{
  const auto file = AicoeCi::parse(R"(check: [thoth-precommit]
release: [upload-pypi-sesheta]
package-upload:
- {instance: pulp, pulp-index: team, allow-sdist: "false"}
pytest-env: {A: b}
build:
  build-stratergy: Containerfile
  build-source-script: "image:///opt/app-root/builder"
  dockerfile-path: c/Containerfile
  custom-tag: latest
  registry: quay.example.org
  registry-org: team
  registry-project: app
  registry-secret: pusher
deploy: {project-org: o, project-name: p, image-name: i, overlay-contextpath: a/b.yaml}
sibling: {sibling-project-org: so, sibling-project: sp}
gather: {overlay-name: cpu, name: all}
overlays_dir: overlays
overlays:
- name: cpu
  build: {base-image: b, registry: r, registry-org: o, custom_tag: new, arch: ppc64le}
)",
                                   "c.yaml");
  EXPECT_EQ(file.build->strategy, AicoeStrategy::containerfile);
  EXPECT_EQ(file.build->custom_tag, "latest");
  EXPECT_EQ(file.build->dockerfile_path, "c/Containerfile");
  EXPECT_EQ(file.deploy->overlay_contextpath, "a/b.yaml");
  EXPECT_FALSE(file.package_uploads.at(0).allows_sdist);
  EXPECT_EQ(file.overlays.at(0).build.strategy, AicoeStrategy::source);
  EXPECT_EQ(file.overlays.at(0).build.custom_tag, "new");
  EXPECT_EQ(file.overlays.at(0).build.arch, "ppc64le");
  EXPECT_EQ(file.sibling_project, "sp");
  EXPECT_THAT(file.warnings, IsEmpty());
}

TEST(AicoeCi, says_what_a_key_is_needed_for)
{
  EXPECT_THAT(refused(without(good, "  registry: quay.example.org\n")),
              HasSubstr("c.yaml:2:3: 'build': misses 'registry': quay.io is the default only"));
  EXPECT_THAT(refused(without(good, "  registry-org: team\n")), HasSubstr("misses 'registry-org'"));
  EXPECT_THAT(refused(without(good, "  base-image: quay.example.org/builder:1\n")), HasSubstr("misses 'base-image': the strategy Source"));
  EXPECT_EQ(AicoeCi::parse(without(without(good, "  base-image: quay.example.org/builder:1\n"), "  build-strategy: Source\n"), "c")
                .build->strategy,
            AicoeStrategy::automatic);
  EXPECT_THAT(refused("check: [thoth-build]\n"), HasSubstr("has neither 'build' nor 'overlays'"));
}

TEST(AicoeCi, explains_spellings)
{
  EXPECT_THAT(refused(good + "  custom_tag: latest\n"),
              HasSubstr("c.yaml:6:15: 'build.custom_tag': AICoE-CI's documentation spells it so"));
  EXPECT_THAT(refused(good + "  bas-image: a\n"), HasSubstr("did you mean 'base-image'?"));
  EXPECT_THAT(refused(good + "  build-stratergy: Dockerfile\n"), HasSubstr("but 'build-strategy' says 'Source'"));
  EXPECT_THAT(refused("build: {build-strategy: Dockerfle}\n"), HasSubstr("did you mean 'Dockerfile'?"));
  EXPECT_THAT(refused("check: [thoth-pytets]\n" + good), HasSubstr("did you mean 'thoth-pytest'?"));
  const auto file = AicoeCi::parse("overlays:\n- name: a\n  build: {build-strategy: Dockerfile, registry: r, registry-org: o}\n", "c.yaml");
  EXPECT_EQ(file.overlays.at(0).build.strategy, AicoeStrategy::dockerfile);
  EXPECT_THAT(file.warnings, ElementsAre(HasSubstr("c.yaml:3:27: AICoE-CI knows only 'build-stratergy' in overlays")));
}

TEST(AicoeCi, refuses_what_would_be_dropped_without_a_word)
{
  EXPECT_THAT(refused(good + "  custom-tag: 1.0\n"), HasSubstr("put it in quotes"));
  EXPECT_EQ(AicoeCi::parse(good + "  custom-tag: '1.0'\n", "c").build->custom_tag, "1.0");
  EXPECT_THAT(refused(good + "overlays: [{name: a, build: {registry: r, registry-org: o}}]\n"), HasSubstr("misses 'base-image'"));
}

TEST(Thoth, base_images_by_name_and_nothing_else)
{
  const TempDir directory;
  const auto file = directory.path() / ".thoth.yaml";
  write_file_atomically(file, "host: gone.example.org\nruntime_environments:\n- {name: a, base_image: \"x/y:1\"}\n- {name: b}\n", Flush::no);
  EXPECT_EQ(read_thoth_base_images(file), (std::map<std::string, std::string>{{"a", "x/y:1"}}));
  write_file_atomically(file, "host: gone.example.org\n", Flush::no);
  EXPECT_TRUE(read_thoth_base_images(file).empty());
  write_file_atomically(file, "runtime_environments:\n- base_image: x\n", Flush::no);
  EXPECT_THROW(static_cast<void>(read_thoth_base_images(file)), Error);
}

}  // namespace
}  // namespace cairn::recipe
