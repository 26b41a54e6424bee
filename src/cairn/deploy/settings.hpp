// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// `deploy.yaml`: what a cluster shall have. docs/formats/deploy.md.
namespace cairn::deploy {

inline constexpr std::string_view settings_file_name = "deploy.yaml";

/// A volume claim. Empty storage class: the cluster's default.
struct ClaimSettings {
  std::string name;
  std::string size;
  std::string storage_class;
};

/// The notebook image, as the dashboard lists it.
struct ImageSettings {
  std::string reference;     ///< `host/repository:tag`, where the cluster pulls it
  std::string name;          ///< of the ImageStream
  std::string tag;           ///< in the ImageStream
  std::string display_name;
  std::string description;
  std::string url;
  std::string commit;
  std::string place;
  std::uint64_t order = 100;
  bool is_recommended = false;
  bool is_tag_object = false;  ///< an ImageStreamTag besides: registers one tag of a stream that is there
  std::vector<std::string> accelerators;
  std::vector<std::string> dependencies;  ///< distributions shown; empty: chosen
};

struct PopulatorSettings {
  std::string api_group;
  std::string kind;
  std::string name;
};

enum class LibraryMount { claim, image };

struct LibrarySettings {
  std::string reference;
  std::string place;
  std::string target;       ///< empty: as the library says
  LibraryMount mount = LibraryMount::claim;  ///< how notebooks get it
  ClaimSettings claim{"modules", "100Gi", ""};
  std::string cairn_image;  ///< that the Job runs
  std::string pull_secret;  ///< with the registry's credentials; may be empty
  std::uint64_t keep = 3;
  std::optional<std::uint64_t> run_as_user;  ///< not on OpenShift, which chooses one
  std::optional<PopulatorSettings> populator;
};

struct NotebookSettings {
  std::string name;
  std::string display_name;
  std::string user;
  std::string size = "Small";
  ClaimSettings home;
  std::string shm = "2Gi";
  std::string cpu = "1";
  std::string cpu_limit = "2";
  std::string memory = "8Gi";
};

/// A directory that people share, at one path for everybody.
struct ShareSettings {
  ClaimSettings claim;
  std::string path;                ///< below the home
  std::vector<std::string> users;  ///< empty: everyone
  bool is_read_only = false;
};

/// Where a secret value comes from: never the file itself.
struct SecretSource {
  std::string variable;
  std::string file;
};

struct DataConnectionSettings {
  std::string name;
  std::string display_name;
  std::string endpoint;
  std::string region;
  std::string bucket;
  SecretSource access_key_id;
  SecretSource secret_access_key;
};

struct BuildSettings {
  std::string git;
  std::string ref;
  std::string context;
  std::string containerfile = "Containerfile";
  std::string from;    ///< `stream:tag` whose change starts a build
  std::string output;  ///< `stream:tag`
};

struct BuilderSettings {
  std::string image;
  std::string cpu = "8";
  std::string memory = "32Gi";
  std::string size = "100Gi";  ///< of the volume that it builds on
};

/// What is different in one environment: an overlay.
struct EnvironmentSettings {
  std::string name;
  std::string space;          ///< Kubernetes namespace
  std::string storage_class;
  std::string library_size;
  std::string image;          ///< another reference for the ImageStream's tag
};

struct Settings {
  std::filesystem::path path;
  std::string space;  ///< Kubernetes namespace
  bool has_waves = false;
  std::optional<ImageSettings> image;
  std::optional<LibrarySettings> library;
  std::optional<NotebookSettings> notebook;
  std::vector<ShareSettings> shares;
  std::optional<DataConnectionSettings> data_connection;
  std::optional<BuildSettings> build;
  std::optional<BuilderSettings> builder;
  bool has_profiles = false;  ///< JupyterHub's ConfigMaps
  std::vector<EnvironmentSettings> environments;

  /// Throws Error{bad_input} that begins with file, line and column.
  [[nodiscard]] static Settings read(const std::filesystem::path& path);
  [[nodiscard]] static Settings parse(std::string_view text, std::string what);
};

/// The directory in which notebooks of the supported images keep what users have.
inline constexpr std::string_view home_directory = "/opt/app-root/src";

}  // namespace cairn::deploy
