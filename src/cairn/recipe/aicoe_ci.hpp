// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// `.aicoe-ci.yaml`: what AICoE-CI reads in a repository, with what it really does where its documentation says otherwise.
/// docs/formats/aicoe-ci.md.
namespace cairn::recipe {

inline constexpr std::string_view aicoe_ci_file_name = ".aicoe-ci.yaml";

enum class AicoeStrategy {
  automatic,      ///< none given: Dockerfile, else Containerfile, else Source
  source,         ///< S2I
  dockerfile,
  containerfile,
};

struct AicoeBuild {
  AicoeStrategy strategy = AicoeStrategy::automatic;
  std::string source_script;     ///< S2I's --scripts-url; may be empty
  std::string base_image;        ///< S2I's builder; never empty with Source
  std::string dockerfile_path;   ///< empty: Dockerfile or Containerfile
  std::string custom_tag;        ///< pushed besides; may be empty
  std::string registry;          ///< not empty
  std::string registry_org;      ///< not empty
  std::string registry_project;  ///< empty: the repository's name
  std::string registry_secret;   ///< may be empty
  std::string arch;              ///< of an overlay: its tag is `<tag>-<arch>`
  std::string place;
};

/// Which ImageStream gets a new tag, and where.
struct AicoeDeploy {
  std::string project_org;
  std::string project_name;
  std::string image_name;
  std::string overlay_contextpath;  ///< of the file, in that project
};

struct AicoePackageUpload {
  std::string instance;  ///< `pypi` or `pulp`
  std::string pulp_index;
  bool allows_sdist = true;
  bool allows_bdist = true;
};

struct AicoeOverlay {
  std::string name;
  AicoeBuild build;
  std::optional<AicoeDeploy> deploy;
};

struct AicoeCi {
  std::vector<std::string> checks;
  std::vector<std::string> releases;
  std::vector<AicoePackageUpload> package_uploads;
  std::map<std::string, std::string> pytest_env;
  std::optional<AicoeBuild> build;
  std::optional<AicoeDeploy> deploy;
  std::string sibling_org;
  std::string sibling_project;
  std::string gather_overlay;
  std::string gather_name;
  std::string overlays_directory;  ///< `.`: the root; empty: none
  std::vector<AicoeOverlay> overlays;
  std::vector<std::string> warnings;  ///< each begins with its place: what AICoE-CI ignores, and cairn does not

  /// Throws Error{bad_input} that begins with file, line and column: unknown keys (the near one is proposed), and what AICoE-CI
  /// would fail on late or without a word (an omitted registry, a Source strategy without builder, numbers without quotes).
  [[nodiscard]] static AicoeCi parse(std::string_view text, std::string what);
  [[nodiscard]] static AicoeCi read(const std::filesystem::path& path);
};

inline constexpr std::string_view thoth_file_name = ".thoth.yaml";

/// What a `.thoth.yaml` says of base images: `runtime_environments[].base_image` by name. All else in it is for a service that is no more.
/// Throws Error{bad_input} that begins with file, line and column.
[[nodiscard]] std::map<std::string, std::string> read_thoth_base_images(const std::filesystem::path& path);

}  // namespace cairn::recipe
