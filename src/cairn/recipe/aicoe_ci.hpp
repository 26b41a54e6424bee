// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// `.aicoe-ci.yaml`: what AICoE-CI builds, pushes and deploys of a repository. docs/formats/aicoe-ci.md has each key and
/// what AICoE-CI really did with it, which differs from what its documentation said.
namespace cairn::recipe {

inline constexpr std::string_view aicoe_ci_file_name = ".aicoe-ci.yaml";
inline constexpr std::string_view thoth_file_name = ".thoth.yaml";

/// Something that a user should know of the file and that does not make it unreadable.
struct AicoeNotice {
  enum class Stops { nothing, build, push, deploy };  ///< the work that cannot be done before it is put right
  std::string text;                                   ///< `.aicoe-ci.yaml:3:7: 'build': …`
  Stops stops = Stops::nothing;
  std::string overlay{};  ///< the overlay it concerns; empty: the file's own `build`
};

/// Texts are empty where the file says nothing: AICoE-CI's documented defaults never applied to a file that is there.
struct AicoeBuild {
  enum class Strategy { detect, source, dockerfile, containerfile };
  Strategy strategy = Strategy::detect;  ///< detect: Dockerfile, then Containerfile, then S2I
  std::string source_script;             ///< of S2I's scripts: `image:///opt/app-root/builder`
  std::string base_image;                ///< the S2I builder
  std::string dockerfile_path;
  std::string custom_tag;                ///< a second tag to push; empty: none
  std::string registry;
  std::string registry_org;
  std::string registry_project;          ///< empty: the repository's name
  std::string registry_secret;
  std::string arch;                      ///< only in overlays: `ppc64le`; the tag gets it as a suffix

  /// `registry/org/project`, with `repository` where the file names no project. Throws Error{bad_input} when registry or
  /// organisation is missing.
  [[nodiscard]] std::string image_name(const std::string& repository) const;
};

/// Where the new tag is written after a release.
struct AicoeDeploy {
  std::string project_org;
  std::string project_name;
  std::string image_name;           ///< of the ImageStream
  std::string overlay_contextpath;  ///< of the ImageStream's file, relative to that project
};

struct AicoePackageUpload {
  std::string instance;  ///< `pypi` or `pulp`
  std::string pulp_index;
  bool allow_sdist = false;
  bool allow_bdist = false;
};

struct AicoeOverlay {
  std::string name;
  AicoeBuild build;
  std::optional<AicoeDeploy> deploy;
};

struct AicoeCiFile {
  std::vector<std::string> checks;
  std::vector<std::string> releases;
  std::vector<AicoePackageUpload> package_uploads;
  std::map<std::string, std::string> pytest_env;
  std::optional<AicoeBuild> build;  ///< nothing: the file's own image is not built
  std::optional<AicoeDeploy> deploy;
  std::string sibling_org;
  std::string sibling_project;
  std::string gather_overlay;
  std::string gather_name;
  std::string overlays_dir;  ///< `.`: the root; empty: overlays have no directories
  std::vector<AicoeOverlay> overlays;
  std::vector<AicoeNotice> notices;  ///< in the order of the file

  /// Throws Error{bad_input} that names file, line, column and key for what is not YAML, keys that are not there, values that
  /// AICoE-CI would have dropped silently.
  [[nodiscard]] static AicoeCiFile parse(std::string_view text, std::string what);
  /// The file in `directory`, with what `.thoth.yaml` beside it says; nothing when there is none.
  [[nodiscard]] static std::optional<AicoeCiFile> find(const std::filesystem::path& directory);
  /// Take the base images of `.thoth.yaml`: with an `overlays_dir`, its `runtime_environments` win over overlays of the same
  /// name. Throws Error{bad_input} as `parse`.
  void apply_thoth(std::string_view text, std::string what);
  /// Throw Error{bad_input} with the first notice that stops `work`.
  void require(AicoeNotice::Stops work) const;
};

}  // namespace cairn::recipe
