// SPDX-License-Identifier: Apache-2.0
#include <cli/base_options.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/copy.hpp>
#include <cli/image_argument.hpp>
#include <cli/image_result.hpp>
#include <cli/time.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>

namespace cairn::cli {
namespace {

std::optional<std::filesystem::path> variable(const char* name)
{
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets variables
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

/// Have what `source` names in the store.
void bring(Program& program, const recipe::ImageBase& source, store::Store& store, const RegistryFlags& registry, const Task& task)
{
  try {
    (void)store.resolve(source.reference.substr(source.reference.rfind('@') + 1));
    return;
  } catch (const Error& error) {
    if (error.code() != Errc::not_found) throw;
  }
  const bool has_transport = source.reference.find("://") != std::string::npos || source.reference.starts_with("oci:");
  const auto open = open_image(program, has_transport ? source.reference : "docker://" + source.reference, registry);
  (void)image::copy(*open.blobs, open.manifest, store, {}, task);
}

}  // namespace

std::filesystem::path package_cache_path()
{
  if (const auto path = variable("CAIRN_CACHE")) return std::filesystem::absolute(*path) / "debs";
  if (const auto path = variable("XDG_CACHE_HOME")) return *path / "cairn" / "debs";
  if (const auto path = variable("HOME")) return *path / ".cache" / "cairn" / "debs";
  throw Error(Errc::bad_input, "there is no home directory to keep packages in; set CAIRN_CACHE");
}

build::BaseSettings base_settings(const Program& program)
{
  const auto layer = layer_settings(program);
  return {package_cache_path(), layer.compression, layer.threads, created_time()};
}

build::BuildSettings build_settings(const Program& program, const std::string& tag)
{
  build::BuildSettings out;
  out.tag = tag;
  out.created = created_time();
  out.layer = layer_settings(program);
  out.package_cache = package_cache_path();
  return out;
}

build::Surroundings build_surroundings(Program& program, const RegistryFlags& registry)
{
  build::Surroundings out;
  out.open = [&program, &registry, one_at_a_time = std::make_shared<std::mutex>()](const std::string& reference) {  // shared by copies of the function
    const std::scoped_lock lock(*one_at_a_time);
    auto open = std::make_shared<OpenImage>(open_image(program, reference, registry));  // shared with the blobs that live in it
    return build::Opened{std::shared_ptr<const oci::BlobSource>(open, open->blobs.get()), open->manifest};
  };
  return out;
}

build::Isolation isolation_of(const std::optional<std::string>& text)
{
  if (text == "chroot") return build::Isolation::chroot;
  if (text == "oci") return build::Isolation::oci;
  if (text == "rootless") return build::Isolation::rootless;
  return build::Isolation::automatic;
}

image::Image make_base(Program& program, const recipe::BaseFile& base, store::Store& store, const RegistryFlags& registry, const Task& task)
{
  recipe::BaseLock lock;
  if (const auto* image = std::get_if<recipe::ImageBase>(&base.source)) bring(program, *image, store, registry, task);
  if (std::holds_alternative<recipe::DebianBase>(base.source)) {
    auto found = recipe::BaseLock::read(base.directory);
    if (!found)
      throw Error(Errc::not_found, fmt::format("{}: there is no {}; make it with 'cairn base lock {}'", printable(base.directory.native()),
                                               recipe::base_lock_name, base.directory.native()));
    lock = std::move(*found);
  }
  return build::build_base(base, lock, store, base_settings(program), task);
}

std::vector<std::filesystem::path> base_places()
{
  std::vector<std::filesystem::path> out;
  const char* variable = std::getenv("CAIRN_BASES");
  for (std::string_view rest = variable == nullptr ? "" : variable; !rest.empty();) {
    const auto one = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (!one.empty()) out.emplace_back(one);
  }
  std::error_code none;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", none).parent_path();
  if (!none) {
    out.push_back(program.parent_path() / "share/cairn/base-images");
    for (auto above = program; above.has_relative_path(); above = above.parent_path())
      if (std::filesystem::exists(above / "base-images")) out.push_back(above / "base-images");
  }
  return out;
}

}  // namespace cairn::cli
