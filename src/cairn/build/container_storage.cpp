// SPDX-License-Identifier: Apache-2.0
//
// buildah has its own storage, in which an image must be unpacked before a container can be made of it. So an image that steps ran on stays
// there, under a name that says it is ours, and the next step on it costs nothing; the oldest go when there are more than a few. A layer that
// buildah has already, from another image, it does not unpack again.
#include <cairn/build/container_storage.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/tool.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/oci/manifest.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/lock.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <mutex>
#include <optional>
#include <random>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

namespace cairn::build {
namespace {

constexpr std::size_t kept_images = 6;
constexpr std::string_view image_name = "localhost/cairn-step";

ProgramResult buildah(const std::string& title, std::vector<std::string> arguments, const Task& task)
{
  Program program;
  program.arguments = std::move(arguments);
  program.arguments.insert(program.arguments.begin(), "buildah");
  const auto what = fmt::format("{}: buildah {}", title, program.arguments[1]);
  return run_tool(what, std::move(program), task);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// For what must not fail: cleaning up. Not stopped by the user's stop either.
bool try_buildah(std::vector<std::string> arguments) noexcept
{
  try {
    Program program;
    program.arguments = std::move(arguments);
    program.arguments.insert(program.arguments.begin(), "buildah");
    return run_program(program, Task{}).status == 0;
  } catch (...) {
    return false;
  }
}

/// A name that no other run has.
std::string fresh_name()
{
  std::random_device random;
  return fmt::format("cairn-{:08x}{:08x}", random(), random());
}

/// A layout of nothing but `image`, whose blobs are the store's.
void write_layout(const std::filesystem::path& directory, const image::Image& image, const store::Store& store)
{
  std::filesystem::create_directory_symlink(std::filesystem::absolute(store.path()) / "blobs", directory / "blobs");
  write_file_atomically(directory / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})", Flush::no);
  oci::Index index;
  index.manifests.push_back(image.descriptor);
  write_file_atomically(directory / "index.json", index.json(), Flush::no);
}

std::string id_of(const image::Image& image) { return image.manifest.config.digest.hex(); }

/// Have buildah unpack `image`. The layout's path becomes a name of the image, which must be in small letters and is taken away again.
void pull(const image::Image& image, const store::Store& store, const Task& task)
{
  const auto step = task.step("unpack the image for buildah");
  const TempDir parent;
  const auto name = fresh_name();
  const auto layout = std::filesystem::temp_directory_path() / name;
  std::filesystem::create_directory_symlink(parent.path(), layout);
  write_layout(parent.path(), image, store);
  std::string id;
  try {
    id = first_line(buildah("a step in a container", {"pull", "--quiet", fmt::format("oci:{}", layout.native())}, step).output);
  } catch (...) {
    std::filesystem::remove(layout);
    throw;
  }
  std::filesystem::remove(layout);
  (void)buildah("a step in a container", {"tag", id, fmt::format("{}:{}", image_name, id_of(image))}, step);
  (void)try_buildah({"rmi", fmt::format("localhost{}:latest", layout.native())});
}

/// Remember that `image` was used now, and forget the longest unused ones.
void keep_few(const std::string& id, const std::filesystem::path& records)
{
  write_file_atomically(records / id, "", Flush::no);
  std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> all;
  for (const auto& one : std::filesystem::directory_iterator(records))
    if (one.path().filename().native().size() == id.size()) all.emplace_back(one.last_write_time(), one.path());
  std::ranges::sort(all, std::greater<>());
  for (std::size_t i = kept_images; i < all.size(); ++i) {
    (void)try_buildah({"rmi", fmt::format("{}:{}", image_name, all[i].second.filename().native())});
    std::filesystem::remove(all[i].second);
  }
}

std::optional<std::filesystem::path> mount_of(const std::string& container)
{
  Program program;
  program.arguments = {"buildah", "mount", container};
  const auto result = run_program(program, Task{});
  if (result.status != 0) return std::nullopt;
  return first_line(result.output);
}

constexpr std::string_view run_prefix = "run-";

/// Remove containers of runs that were killed: their records name a process that is gone.
void clear_killed(const std::filesystem::path& records)
{
  constexpr std::uint64_t limit_bytes = 32;
  for (const auto& one : std::filesystem::directory_iterator(records)) {
    const auto name = one.path().filename().native();
    if (!name.starts_with(run_prefix)) continue;
    const auto text = read_small_file(one.path(), limit_bytes);
    pid_t process = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), process);
    if (process > 0 && (::kill(process, 0) == 0 || errno != ESRCH)) continue;
    const auto container = name.substr(run_prefix.size());
    if (const auto mount = mount_of(container)) kill_inside(*mount);
    // What is in the way now may not be so for the next run.
    if (try_buildah({"rm", container}) || !try_buildah({"inspect", "--type", "container", container})) std::filesystem::remove(one.path());
  }
}

/// Where it is remembered which images and containers of buildah's storage are ours: in that storage, whatever store they came from.
std::filesystem::path records_directory(const Task& task)
{
  const std::filesystem::path root = first_line(buildah("a container", {"info", "--format", "{{.store.GraphRoot}}"}, task).output);
  std::filesystem::create_directories(root / "cairn");
  return root / "cairn";
}

std::string_view isolation_name(Isolation isolation)
{
  switch (isolation) {
    case Isolation::oci: return "oci";
    case Isolation::rootless: return "rootless";
    case Isolation::chroot:
    case Isolation::automatic: break;
  }
  return "chroot";
}

}  // namespace

void kill_inside(const std::filesystem::path& root) noexcept
{
  struct stat wanted {};
  if (::stat(root.c_str(), &wanted) != 0) return;
  std::error_code none;
  for (std::filesystem::directory_iterator at("/proc", none), end; !none && at != end; at.increment(none)) {
    const auto name = at->path().filename().native();
    pid_t process = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), process);
    struct stat status {};
    if (parsed.ec != std::errc() || ::stat((at->path() / "root").c_str(), &status) != 0) continue;
    if (status.st_dev == wanted.st_dev && status.st_ino == wanted.st_ino) ::kill(process, SIGKILL);
  }
}

Container::Container(const std::string& image, const std::filesystem::path& records, const Task& task)
    : name_(fresh_name()), record_(records / fmt::format("{}{}", run_prefix, name_))
{
  write_file_atomically(record_, fmt::format("{}", ::getpid()), Flush::no);
  try {
    (void)buildah("a container", {"from", "--quiet", "--pull-never", "--name", name_, image}, task);
    mount_ = first_line(buildah("a container", {"mount", name_}, task).output);
  } catch (...) {
    remove();
    throw;
  }
}

Container::~Container() { remove(); }

void Container::remove() noexcept
{
  if (!mount_.empty()) kill_inside(mount_);
  (void)try_buildah({"rm", name_});
  std::error_code none;
  std::filesystem::remove(record_, none);
}

std::unique_ptr<Container> make_container(const image::Image& image, store::Store& store, const std::string& needed_by, const Task& task)
{
  require_tool("buildah", "buildah", needed_by);
  if (::geteuid() != 0)
    throw Error(Errc::unsupported, fmt::format("{}: containers need root; run cairn by 'buildah unshare'", needed_by));
  const auto id = id_of(image);
  const auto name = fmt::format("{}:{}", image_name, id);
  const auto records = records_directory(task);
  const FileLock lock(records / "in-use", LockMode::exclusive, task);
  clear_killed(records);
  if (!try_buildah({"inspect", "--type", "image", "--format", "{{.FromImageID}}", name})) pull(image, store, task);
  keep_few(id, records);
  return std::make_unique<Container>(name, records, task);
}

Isolation working_isolation(const Container& container)
{
  static std::mutex mutex;
  static std::optional<Isolation> found;  // what the machine can do does not change while the process runs
  const std::scoped_lock lock(mutex);
  if (found) return *found;
  const auto first = ::geteuid() == 0 ? Isolation::oci : Isolation::rootless;
  const bool works = try_buildah({"run", "--isolation", std::string(isolation_name(first)), "--network", "host", container.name(), "--", "true"});
  found = works ? first : Isolation::chroot;
  return *found;
}

Program container_program(const Container& container, const ContainerRun& run)
{
  const auto isolation = run.isolation == Isolation::automatic ? working_isolation(container) : run.isolation;
  Program program;
  program.input = run.input;
  // What it says may be long, and only its end is kept: standard error's.
  program.arguments = {"sh", "-c", run.keeps_output ? "exec \"$@\"" : "exec \"$@\" >&2", "sh"};
  auto& words = program.arguments;
  const auto add = [&words](std::initializer_list<std::string> more) { words.insert(words.end(), more); };
  // buildah cuts off the network only in a namespace of its own: with chroot, all of buildah is in one.
  if (!run.has_network && isolation == Isolation::chroot) add({"unshare", "--net"});
  add({"buildah", "run", "--isolation", std::string(isolation_name(isolation)), "--user", run.user, "--workingdir", run.working_dir, "--hostname", "localhost"});
  if (isolation != Isolation::chroot) add({"--network", run.has_network ? "host" : "none"});
  for (const auto& [name, value] : run.env) add({"--env", fmt::format("{}={}", name, value)});
  for (const auto& [from, to] : run.mounts) add({"--volume", fmt::format("{}:{}:ro", from.native(), to)});
  add({container.name(), "--"});
  words.insert(words.end(), run.arguments.begin(), run.arguments.end());
  return program;
}

}  // namespace cairn::build
