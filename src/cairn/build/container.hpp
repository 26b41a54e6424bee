// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/image/edit.hpp>
#include <cairn/image/image.hpp>
#include <cairn/image/new_layer.hpp>
#include <cairn/store/store.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Steps that need the image below them: run by buildah in a container of it. The difference is normalised, so that a step that does
/// the same twice gives the same bytes twice.
namespace cairn::build {

/// How buildah isolates: what works on this machine, found by trying (`true` in an empty container), once a process.
enum class Isolation { automatic, oci, rootless, chroot };

struct ContainerStep {
  std::string title;                   ///< for errors and progress: `layers/x/layer.yaml:4:3`
  std::vector<std::string> arguments;  ///< run as `user`
  std::string input;                   ///< standard input of it
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<std::pair<std::filesystem::path, std::string>> mounts;  ///< host directory, place in the container; read-only
  bool has_network = false;
  std::string user = "0:0";
  std::string working_dir = "/";
  std::vector<std::string> scratch{};  ///< directories of the container of which nothing is kept, as `/opt/src`; besides /tmp and the like
  std::string wanted_file{};           ///< a file whose content is wanted when the step has ended; empty: none
};

struct ContainerSettings {
  Isolation isolation = Isolation::automatic;
  image::LayerSettings layer;
};

struct ContainerLayer {
  std::optional<image::Layer> layer;   ///< its blob is in the store; nothing when the step changed nothing
  std::vector<std::string> left_out;   ///< what normalising took away: logs, caches, devices, what the container runtime writes
  std::optional<std::string> file{};     ///< what `wanted_file` held, if it is a file of at most 1 MiB
};

class Container;

/// The container of `image` in which `step` ran to its end; all that it left running is killed, so that its files (container_storage.hpp) can be
/// read. What is below its root was written by the step: follow no link of it. Throws as run_in_container.
[[nodiscard]] std::unique_ptr<Container> run_step(const image::Image& image, const ContainerStep& step, store::Store& store, Isolation isolation,
                                                  const Task& task);

/// Run `step` on `image` of `store`. Throws Error{tool} with the step's last lines when it fails, Error{not_found} when buildah is
/// missing, naming the Debian package; no container and no mount is left then.
[[nodiscard]] ContainerLayer run_in_container(const image::Image& image, const ContainerStep& step, store::Store& store,
                                              const ContainerSettings& settings, const Task& task);

}  // namespace cairn::build
