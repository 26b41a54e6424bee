// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/container.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/container_storage.hpp>
#include <cairn/build/difference.hpp>
#include <cairn/build/overlay.hpp>
#include <cairn/build/tool.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/store/layer_target.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn::build {
namespace {

ContainerRun run_of(const ContainerStep& step, Isolation isolation)
{
  ContainerRun run{.arguments = step.arguments, .input = step.input};
  run.env = {{"SOURCE_DATE_EPOCH", std::to_string(layer::constant_mtime)}, {"LC_ALL", "C.UTF-8"}, {"TZ", "UTC"}, {"HOME", "/root"}};
  run.env.insert(run.env.end(), step.env.begin(), step.env.end());
  run.mounts = step.mounts;
  run.has_network = step.has_network;
  run.user = step.user;
  run.working_dir = step.working_dir;
  run.isolation = isolation;
  return run;
}

std::string without_slash(const std::string& path) { return path.substr(std::min(path.find_first_not_of('/'), path.size())); }

/// No link is followed: the container made it.
std::optional<std::string> read_file(const std::filesystem::path& root, const std::string& path)
{
  constexpr std::size_t limit_bytes = std::size_t{1} << 20;
  try {
    const auto directory = open_root(root);
    const auto file = open_beneath(directory.get(), without_slash(path), O_RDONLY | O_NONBLOCK, path);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    std::string out(limit_bytes, '\0');
    out.resize(read_full(file.get(), std::as_writable_bytes(std::span(out)), path));
    return out;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::unique_ptr<Container> run_step(const image::Image& image, const ContainerStep& step, store::Store& store, Isolation isolation, const Task& task)
{
  auto container = make_container(image, store, step.title, task);
  {
    const auto running = task.step(fmt::format("run {}", step.title));
    (void)run_tool(step.title, container_program(*container, run_of(step, isolation)), running);
  }
  kill_inside(container->mount());  // what the step left running must not write while its files are read
  return container;
}

ContainerLayer run_in_container(const image::Image& image, const ContainerStep& step, store::Store& store, const ContainerSettings& settings,
                                const Task& task)
{
  const auto container = run_step(image, step, store, settings.isolation, task);
  const auto overlay = Overlay::of(container->mount());
  std::vector<std::string> mount_places;
  for (const auto& [from, to] : step.mounts) mount_places.push_back(without_slash(to));
  std::vector<std::string> scratch;
  for (const auto& path : step.scratch) scratch.push_back(without_slash(path));
  store::StoreTarget target(store);
  auto layer_settings = settings.layer;
  NormalLayer layer(target, layer_settings);
  ContainerLayer out;
  if (!step.wanted_file.empty()) out.file = read_file(container->mount(), step.wanted_file);
  out.left_out = write_difference(overlay, {mount_places, scratch}, layer, task.step("write the layer"));
  out.layer = layer.finish(fmt::format("cairn build: {}", step.title));
  return out;
}

}  // namespace cairn::build
