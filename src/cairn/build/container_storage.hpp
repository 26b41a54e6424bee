// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/build/container.hpp>
#include <cairn/image/image.hpp>
#include <cairn/os/child.hpp>
#include <cairn/store/store.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Containers of images in the store, kept by buildah.
namespace cairn::build {

/// Kill every process whose root directory is `root`, a container's. A command may leave some behind, and with Isolation::oci the command itself
/// is no child of ours, so that it outlives a buildah that was stopped.
void kill_inside(const std::filesystem::path& root) noexcept;

/// A container, mounted, removed at the end with all that runs in it. While it is there, a record says whose it is.
class Container {
public:
  /// Of an image that buildah has; its record lies in `records`. Throws Error{tool}.
  Container(const std::string& image, const std::filesystem::path& records, const Task& task);
  ~Container();
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Where its root is on this machine.
  [[nodiscard]] const std::filesystem::path& mount() const { return mount_; }

private:
  void remove() noexcept;

  std::string name_;
  std::filesystem::path record_;
  std::filesystem::path mount_;
};

/// A container of `image`, whose documents and layers are in `store`; buildah unpacks it unless it did for one of the last runs.
/// Throws Error: not_found when buildah is missing, naming `needed_by` and the Debian package; unsupported without root; tool.
[[nodiscard]] std::unique_ptr<Container> make_container(const image::Image& image, store::Store& store, const std::string& needed_by, const Task& task);

/// The first isolation that works, tried once a process with `true` in the container.
[[nodiscard]] Isolation working_isolation(const Container& container);

struct ContainerRun {
  std::vector<std::string> arguments;
  std::string input{};
  std::string user = "0:0";
  std::string working_dir = "/";
  std::vector<std::pair<std::string, std::string>> env{};  ///< besides the image's
  std::vector<std::pair<std::filesystem::path, std::string>> mounts{};  ///< read-only
  bool has_network = false;    ///< the machine's
  bool keeps_output = false;   ///< standard output is what is wanted; false: it goes with the errors, of which the end is kept
  Isolation isolation = Isolation::automatic;
};

/// How to run that by buildah.
[[nodiscard]] Program container_program(const Container& container, const ContainerRun& run);

}  // namespace cairn::build
