// SPDX-License-Identifier: Apache-2.0
// A step in a container by hand, for tests of what becomes of it.
//   container_step [--isolation chroot|oci] [--network] STORE IMAGE TAG script TEXT
//   container_step [--isolation chroot|oci] STORE IMAGE TAG packages NAME[=VERSION]...
// Tags the image with the new layer on top; prints the layer's diff_id (or `nothing`), then a line for each thing left out.
#include <cairn/base/error.hpp>
#include <cairn/build/container.hpp>
#include <cairn/build/package_step.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/store/store.hpp>

#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace cairn;

std::string take(std::vector<std::string>& words)
{
  auto word = words.at(0);
  words.erase(words.begin());
  return word;
}

int run(std::vector<std::string> words)
{
  build::ContainerSettings settings;
  bool has_network = false;
  while (words.at(0).starts_with("--")) {
    const auto option = take(words);
    if (option == "--network") has_network = true;
    else settings.isolation = take(words) == "oci" ? build::Isolation::oci : build::Isolation::chroot;
  }
  store::Store store(take(words), store::Access::write);
  const auto image = image::load(store, store.resolve(take(words)));
  const auto tag = take(words);
  const auto kind = take(words);
  const TempDir sources;
  build::ContainerStep step;
  if (kind == "packages") step = build::package_step("packages", words, sources.path(), Task());
  else step = {.title = "script", .arguments = {"/bin/sh", "-eu"}, .input = words.at(0), .env = {}, .mounts = {}, .has_network = has_network};
  const auto made = build::run_in_container(image, step, store, settings, Task());
  std::puts(made.layer ? made.layer->diff_id.str().c_str() : "nothing");
  for (const auto& path : made.left_out) std::puts(path.c_str());
  if (!made.layer) return 0;
  const auto result = image::append(image, {*made.layer}, "1970-01-01T00:00:00Z");
  image::publish(result, [&](const oci::Descriptor&) -> const oci::BlobSource& { return store; }, store, Task());
  store.tag(tag, result.descriptor, Task());
  return 0;
}

}  // namespace

int main(int argc, char** argv)
{
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "container_step: %s\n", error.what());
    return 1;
  }
}
