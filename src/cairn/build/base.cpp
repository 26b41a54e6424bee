// SPDX-License-Identifier: Apache-2.0
//
// A Debian base in four steps: the packages of the lock are brought into a cache by their digests; a flat repository of exactly these
// is laid out; mmdebstrap, which sees nothing but that repository, makes a system of it; and its archive is read once while the layer
// is written, leaving out what is the machine's own. Nothing is taken away by a hook inside: dev/shm there is this machine's.
#include <cairn/build/base.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/apt.hpp>
#include <cairn/build/left_out.hpp>
#include <cairn/build/normal_layer.hpp>
#include <cairn/build/package_cache.hpp>
#include <cairn/build/tool.hpp>
#include <cairn/image/copy.hpp>
#include <cairn/io/file.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/oci/architecture.hpp>
#include <cairn/os/parallel.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/store/layer_target.hpp>
#include <cairn/tar/reader.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <system_error>

#include <fnmatch.h>
#include <unistd.h>

namespace cairn::build {
namespace {

/// Part of every key: a change of what is made of the same lock changes it.
constexpr std::string_view format_version = "base 1";
constexpr std::string_view standard_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::string_view base_lock_command = "run 'cairn base lock' for it";

std::vector<std::string> sorted(std::vector<std::string> names)
{
  std::ranges::sort(names);
  return names;
}

const recipe::DebianBase& debian_of(const recipe::BaseFile& base)
{
  if (const auto* debian = std::get_if<recipe::DebianBase>(&base.source)) return *debian;
  throw Error(Errc::bad_input, fmt::format("{}: is not made of Debian packages, so it has no lock of them",
                                           printable((base.directory / recipe::base_file_name).native())));
}

void check_lock(const recipe::BaseFile& base, const recipe::BaseLock& lock)
{
  const auto& debian = debian_of(base);
  const auto path = printable((base.directory / recipe::base_lock_name).native());
  if (lock.suite != debian.suite)
    throw Error(Errc::bad_input, fmt::format("{}: is of '{}', {} of '{}'; {}", path, lock.suite, recipe::base_file_name, debian.suite, base_lock_command));
  const auto asked = sorted(debian.packages);
  if (lock.asked == asked) return;
  std::vector<std::string> differing;
  std::ranges::set_symmetric_difference(lock.asked, asked, std::back_inserter(differing));
  throw Error(Errc::bad_input, fmt::format("{}: is stale, since {} asks for other packages (now or then: {}); {}", path, recipe::base_file_name,
                                           fmt::join(differing, ", "), base_lock_command));
}

/// A repository of exactly these packages, as apt takes it without a signature: what is in it was proven by digest.
void write_repository(const std::filesystem::path& directory, const recipe::BaseLock& lock, const BaseSettings& settings, const Task& task)
{
  std::filesystem::create_directories(directory);
  std::vector<std::string> stanzas(lock.packages.size());
  parallel_for(lock.packages.size(), thread_count(settings.threads), [&](std::size_t i) {
    const auto& package = lock.packages[i];
    const auto cached = cached_package(settings.package_cache, package);
    const auto name = package.sha256 + ".deb";
    std::filesystem::create_hard_link(cached, directory / name);
    Program program;
    program.arguments = {"dpkg-deb", "--field", cached.native()};
    auto control = run_tool(fmt::format("dpkg-deb: {}", package.name), std::move(program), task).output;
    while (control.ends_with('\n')) control.pop_back();
    stanzas[i] = fmt::format("{}\nFilename: ./{}\nSize: {}\nSHA256: {}\n", control, name, package.size_bytes, package.sha256);
  });
  const auto packages = fmt::format("{}\n", fmt::join(stanzas, "\n"));
  write_file_atomically(directory / "Packages", packages, Flush::no);
  write_file_atomically(directory / "Release", fmt::format("Suite: {0}\nCodename: {0}\nArchitectures: {1}\nComponents: main\nSHA256:\n {2} {3} Packages\n",
                                                           lock.suite, lock.architecture, sha256(packages).hex(), packages.size()), Flush::no);
}

/// mmdebstrap's archive of the system.
void make_archive(const std::filesystem::path& work, const recipe::BaseLock& lock, const Task& task)
{
  const auto repository = work / "repository";
  if (repository.native().find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-") != std::string::npos)
    throw Error(Errc::bad_input, fmt::format("{}: apt takes no such path; set CAIRN_CACHE to a plain one", printable(repository.native())));
  std::vector<std::string> names;
  for (const auto& one : lock.packages) names.push_back(one.name);
  Program program;
  program.arguments = in_empty_environment(
      {fmt::format("TMPDIR={}", work.native())},
      {"mmdebstrap", "--quiet", ::geteuid() == 0 ? "--mode=root" : "--mode=unshare", "--variant=minbase", "--format=tar",
       fmt::format("--architectures={}", lock.architecture), fmt::format("--include={}", fmt::join(names, ",")),
       "--aptopt=APT::Sandbox::User \"root\"", lock.suite, (work / "base.tar").native(),
       fmt::format("deb [trusted=yes] copy://{} ./", repository.native())});
  const auto step = task.step(fmt::format("install {} packages", names.size()));
  (void)run_tool("mmdebstrap", std::move(program), step);
  std::error_code none;
  if (std::filesystem::file_size(work / "base.tar", none) == 0 || none) throw Error(Errc::tool, "mmdebstrap: left no archive");
}

/// What a system made by mmdebstrap has and the base has not, beyond leftovers.
bool is_of_the_maker(std::string_view path)
{
  return path == "etc/apt/sources.list" || path == "etc/apt/apt.conf.d/99mmdebstrap" || path.starts_with("etc/apt/sources.list.d/");
}

/// Reads the archive and writes the layer.
class BaseLayer {
public:
  BaseLayer(const recipe::DebianBase& base, layer::LayerTarget& target, const image::LayerSettings& settings)
      : base_(base), layer_(target, settings)
  {
  }
  image::Layer write(const std::filesystem::path& archive, const Task& task)
  {
    FileSource file(archive);
    const auto step = task.step("write the layer", file.size_bytes());
    WatchedSource watched(file, step);
    tar::Reader reader(watched, "mmdebstrap's archive");
    while (auto entry = reader.next()) add(std::move(*entry), reader);
    add_homes();
    return layer_.finish("cairn base build").value();
  }

private:
  /// The content of one entry.
  class Content final : public Source {
  public:
    explicit Content(tar::Reader& reader) : reader_(reader) {}
    std::size_t read(std::span<std::byte> buffer) override { return reader_.read(buffer); }

  private:
    tar::Reader& reader_;
  };

  [[nodiscard]] bool is_removed(const std::string& path) const
  {
    const auto whole = '/' + path;
    for (auto end = whole.find('/', 1); ; end = whole.find('/', end + 1)) {
      const auto part = whole.substr(0, end);
      if (std::ranges::any_of(base_.removed, [&](const auto& pattern) { return ::fnmatch(pattern.c_str(), part.c_str(), 0) == 0; })) return true;
      if (end == std::string::npos) return false;
    }
  }

  void add(tar::Entry entry, tar::Reader& reader)
  {
    const bool is_directory = entry.type == tar::Type::directory;
    if (entry.path.empty() || belongs_to_runtime(entry.path) || is_leftover(entry.path, is_directory) || is_of_the_maker(entry.path)) return;
    if (is_removed(entry.path)) return;
    if (entry.type == tar::Type::char_device || entry.type == tar::Type::block_device) return;
    if (is_directory) directories_.insert(entry.path);
    Content content(reader);
    if (entry.type != tar::Type::file) layer_.add(std::move(entry));
    else if (entry.path == "etc/machine-id") layer_.add(std::move(entry), std::string_view());
    else if (entry.path == "etc/passwd" || entry.path == "etc/shadow") add_accounts(std::move(entry), content);
    else if (is_bytecode(entry.path)) add_bytecode(std::move(entry), content);
    else layer_.add(std::move(entry), content);
  }
  void add_accounts(tar::Entry entry, Source& content)
  {
    constexpr std::uint64_t limit_bytes = std::uint64_t{1} << 20;
    constexpr std::int64_t seconds_a_day = 86400;
    auto text = read_all(content, limit_bytes, printable(entry.path));
    for (const auto& user : base_.users) {
      if (entry.path == "etc/passwd") text += fmt::format("{}:x:{}:{}::{}:{}\n", user.name, user.uid, user.gid, user.home, user.shell);
      else text += fmt::format("{}:!:{}:0:99999:7:::\n", user.name, layer::constant_mtime / seconds_a_day);
    }
    layer_.add(std::move(entry), text);
  }
  void add_bytecode(tar::Entry entry, Source& content)
  {
    if (entry.size_bytes > bytecode_limit_bytes) return layer_.add(std::move(entry), content);
    auto bytes = read_all(content, bytecode_limit_bytes, printable(entry.path));
    // With SOURCE_DATE_EPOCH Python writes hashes; what has a time all the same would be stale in the layer.
    if (settle_bytecode(bytes, std::nullopt, 0)) layer_.add(std::move(entry), bytes);
  }
  void add_homes()
  {
    for (const auto& user : base_.users) {
      const auto home = user.home.substr(1);
      for (auto end = home.find('/');; end = home.find('/', end + 1)) {
        const auto path = home.substr(0, end);
        if (directories_.insert(path).second) {
          tar::Entry entry;
          entry.type = tar::Type::directory;
          entry.path = path;
          entry.mode = 0775;
          entry.uid = end == std::string::npos ? user.uid : 0;
          entry.gid = end == std::string::npos ? user.gid : 0;
          layer_.add(std::move(entry));
        }
        if (end == std::string::npos) break;
      }
    }
  }

  const recipe::DebianBase& base_;
  NormalLayer layer_;
  std::set<std::string, std::less<>> directories_;
};

image::Image image_of(const image::Layer& layer, const recipe::BaseFile& base, const std::string& architecture, const std::string& created)
{
  oci::ImageConfig config;
  config.created = created;
  config.platform = {architecture, "linux", ""};
  config.env.push_back(fmt::format("PATH={}", standard_path));
  for (const auto& [name, value] : base.env) image::set_env(config.env, name, value);
  config.cmd = {"/bin/bash"};
  config.diff_ids.push_back(layer.diff_id);
  config.history.push_back({created, layer.made_by, "", false});
  oci::Manifest manifest;
  manifest.layers.push_back(layer.descriptor);
  return image::make_image(std::move(manifest), std::move(config));
}

image::Image make_debian(const recipe::BaseFile& base, const recipe::BaseLock& lock, store::Store& store, const BaseSettings& settings, const Task& task)
{
  require_tool("mmdebstrap", "mmdebstrap", "a base of Debian packages");
  fetch_packages(lock, settings.package_cache, settings.threads, task);
  const TempDir work(settings.package_cache);
  std::filesystem::permissions(work.path(), std::filesystem::perms{0755});
  write_repository(work.path() / "repository", lock, settings, task);
  make_archive(work.path(), lock, task);
  store::StoreTarget target(store);
  BaseLayer writer(debian_of(base), target, {settings.compression, settings.threads, layer::constant_mtime});
  // Debian's names for architectures are Go's but for a few.
  const auto architecture = lock.architecture == "i386" ? "386" : lock.architecture == "ppc64el" ? "ppc64le" : lock.architecture;
  return image_of(writer.write(work.path() / "base.tar", task), base, architecture, settings.created);
}

image::Image with_env(image::Image image, const recipe::BaseFile& base, const std::string& created)
{
  if (base.env.empty()) return image;
  image::ConfigChanges changes;
  changes.set_env.assign(base.env.begin(), base.env.end());
  return image::mutate(image, changes, {created, "cairn base build", "", true});
}

image::Image find_image(const recipe::BaseFile& base, const recipe::ImageBase& source, const store::Store& store, const std::string& created)
{
  const auto digest = source.reference.substr(source.reference.rfind('@') + 1);
  try {
    return with_env(image::load(store, store.resolve(digest)), base, created);
  } catch (const Error& error) {
    if (error.code() != Errc::not_found) throw;
    throw Error(Errc::not_found, fmt::format("{}: {} is not in the store; bring it with 'cairn pull {}'",
                                             printable((base.directory / recipe::base_file_name).native()), printable(source.reference), source.reference));
  }
}

image::Image build_containerfile(const recipe::BaseFile& base, const recipe::ContainerfileBase& source, store::Store& store,
                                 const BaseSettings& settings, const Task& task)
{
  require_tool("buildah", "buildah", "a base made by a Containerfile");
  const TempDir work;
  const auto step = task.step(fmt::format("build {}", source.file));
  Program build;
  const auto layout = (work.path() / "layout").native();
  build.arguments = {"buildah", "bud", "--quiet", "--isolation", "chroot", "--layers=false", "--timestamp", fmt::format("{}", layer::constant_mtime),
                     "--iidfile", (work.path() / "id").native(), "--file", (base.directory / source.file).native(), base.directory.native()};
  (void)run_tool(fmt::format("buildah bud of {}", source.file), std::move(build), step);
  auto id = read_small_file(work.path() / "id", 4096);
  while (id.ends_with('\n')) id.pop_back();
  Program push;
  push.arguments = {"buildah", "push", "--quiet", "--format", "oci", id, fmt::format("oci:{}:base", layout)};
  (void)run_tool("buildah push", std::move(push), step);
  Program remove;
  remove.arguments = {"buildah", "rmi", id};
  (void)run_program(remove, step);
  const store::Store made(layout, store::Access::read);
  const auto root = made.resolve("base");
  (void)image::copy(made, root, store, {}, step);
  return with_env(image::load(store, root), base, settings.created);
}

/// Every file of the directory, by path and content: what a Containerfile may read.
void add_directory(Sha256& hash, const std::filesystem::path& directory)
{
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) files.push_back(entry.path());
  std::ranges::sort(files);
  for (const auto& file : files) {
    const auto status = std::filesystem::symlink_status(file);
    hash.update(fmt::format("{}\n{}\n", file.lexically_relative(directory).native(), static_cast<unsigned>(status.permissions())));
    if (std::filesystem::is_symlink(status)) hash.update(std::filesystem::read_symlink(file).native());
    if (!std::filesystem::is_regular_file(status)) continue;
    FileSource content(file);
    DigestSink digest;
    copy(content, digest);
    hash.update(digest.finish().str());
  }
}

/// The image that an earlier run made for `key`, if all of it is still there.
std::optional<image::Image> recall(const store::Store& store, const std::filesystem::path& record)
{
  try {
    const auto image = image::load(store, store.resolve(read_small_file(record, 256)));
    if (std::ranges::all_of(image.manifest.layers, [&](const auto& layer) { return store.has(layer); })) return image;
  } catch (const Error&) {  // a record is a cache: made again
  }
  return std::nullopt;
}

}  // namespace

recipe::BaseLock lock_base(const recipe::BaseFile& base, const BaseSettings& settings, const Task& task)
{
  const auto& debian = debian_of(base);
  const Apt apt(apt_directory(settings.package_cache, debian.suite), debian.suite, task);
  apt.update(task);
  return {debian.suite, apt.architecture(task), sorted(debian.packages), apt.resolve(debian.packages, task)};
}

image::Image build_base(const recipe::BaseFile& base, const recipe::BaseLock& lock, store::Store& store, const BaseSettings& settings, const Task& task)
{
  if (const auto* source = std::get_if<recipe::ImageBase>(&base.source)) return find_image(base, *source, store, settings.created);
  if (std::holds_alternative<recipe::DebianBase>(base.source)) check_lock(base, lock);
  const auto record = store.cache("bases") / base_key(base, lock, settings);
  if (auto known = recall(store, record)) return *known;
  const auto* containerfile = std::get_if<recipe::ContainerfileBase>(&base.source);
  auto image = containerfile != nullptr ? build_containerfile(base, *containerfile, store, settings, task)
                                        : make_debian(base, lock, store, settings, task);
  image::publish(image, store, store, task);
  write_file_atomically(record, image.descriptor.digest.str(), Flush::no);
  return image;
}

std::string base_key(const recipe::BaseFile& base, const recipe::BaseLock& lock, const BaseSettings& settings)
{
  Sha256 hash;
  hash.update(fmt::format("{}\n{}\n{} {}\n", format_version, settings.created, name(settings.compression.codec), settings.compression.level));
  for (const auto& [name, value] : base.env) hash.update(fmt::format("env {}={}\n", name, value));
  if (const auto* image = std::get_if<recipe::ImageBase>(&base.source)) hash.update(image->reference);
  if (const auto* file = std::get_if<recipe::ContainerfileBase>(&base.source)) {
    hash.update(file->file);
    add_directory(hash, base.directory);
  }
  if (const auto* debian = std::get_if<recipe::DebianBase>(&base.source)) {
    hash.update(fmt::format("{} {}\n", lock.suite, lock.architecture));
    for (const auto& pattern : debian->removed) hash.update(fmt::format("remove {}\n", pattern));
    for (const auto& user : debian->users)
      hash.update(fmt::format("user {}:{}:{}:{}:{}\n", user.name, user.uid, user.gid, user.home, user.shell));
    for (const auto& one : lock.packages) hash.update(fmt::format("{} {}\n", one.name, one.sha256));
  }
  return hash.finish().hex();
}

}  // namespace cairn::build
