// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/wheel_build.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/container.hpp>
#include <cairn/build/container_storage.hpp>
#include <cairn/build/key.hpp>
#include <cairn/build/network.hpp>
#include <cairn/build/tool.hpp>
#include <cairn/build/tree_digest.hpp>
#include <cairn/io/file.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/store/record_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn::build {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t record_limit_bytes = std::uint64_t{64} << 10;
constexpr std::string_view source_place = "/run/cairn-source";

/// $1 the environment's prefix; $2 constraints; $3 `hashed` and a requirement, `url` and one, or `path` and a directory to copy, in $4.
constexpr std::string_view script = R"(
umask 022
python=$1/bin/python
[ -x "$python" ] || python=$(command -v python3)
if "$python" -c 'import pip' 2>/dev/null; then set -- "$@" "$python" -m pip
else
  pip=$(ls /usr/share/python-wheels/pip-*.whl 2>/dev/null | tail -n 1)
  [ -n "$pip" ] || { echo 'the base has no pip: add it, or Debian package python3-pip-whl' >&2; exit 1; }
  set -- "$@" "$python" "$pip/pip"
fi
mkdir /tmp/cairn-wheels
printf '%s' "$2" >/tmp/cairn-constraints
printf '%s\n' "$4" >/tmp/cairn-requirements
PIP_CONSTRAINT=/tmp/cairn-constraints PIP_BUILD_CONSTRAINT=/tmp/cairn-constraints
export PIP_CONSTRAINT PIP_BUILD_CONSTRAINT
kind=$3 name=$5
shift 5
case $kind in
  hashed) set -- "$@" wheel --no-binary "$name" --require-hashes --requirement /tmp/cairn-requirements ;;
  url) set -- "$@" wheel --requirement /tmp/cairn-requirements ;;
  path) cp -R /run/cairn-source /tmp/cairn-source; set -- "$@" wheel /tmp/cairn-source ;;
esac
exec "$@" --no-deps --no-cache-dir --disable-pip-version-check --wheel-dir /tmp/cairn-wheels
)";

struct Input {
  std::string kind;  ///< as the script has it
  std::string requirement;
  fs::path directory;
};

Input input_of(const python::Pin& pin, const python::Lock& lock)
{
  if (pin.build_from.empty()) {
    if (!pin.version || pin.hashes.empty())
      throw Error(Errc::bad_input, fmt::format("{}: the lock has no version with sha256 for it; nothing is built that is not hashed", pin.name));
    auto text = fmt::format("{}=={}", pin.name, pin.version->str());
    for (const auto& hash : pin.hashes) text += fmt::format(" --hash={}", hash.str());
    return {"hashed", std::move(text), {}};
  }
  const auto& from = pin.build_from;
  if (from.starts_with("git+")) return {"url", fmt::format("{} @ {}", pin.name, from), {}};
  if (from.find("://") != std::string::npos && !from.starts_with("file://")) {
    if (pin.hashes.empty()) throw Error(Errc::bad_input, fmt::format("{}: the lock has no sha256 for {}; nothing is built that is not hashed", pin.name, printable(from)));
    auto text = fmt::format("{} @ {}", pin.name, from);
    for (const auto& hash : pin.hashes) text += fmt::format(" --hash={}", hash.str());
    return {"hashed", std::move(text), {}};
  }
  auto directory = lock.file.parent_path() / (from.starts_with("file://") ? from.substr(7) : from);
  if (!fs::is_directory(directory)) throw Error(Errc::unsupported, fmt::format("{}: {} is no directory; only directories are built", pin.name, printable(directory.native())));
  return {"path", {}, fs::absolute(directory)};
}

/// Pins of the lock, for what builds need; not the package itself, whose requirement has hashes.
std::string constraints(const stack::OpenLock& lock, const std::string& but)
{
  std::string out;
  for (const auto& pin : lock.pins)
    if (pin.version && pin.name != but) out += fmt::format("{}=={}\n", pin.name, pin.version->str());
  return out;
}

class Builder {
public:
  Builder(const WheelBuild& build, python::WheelCache& cache, store::Store& store, const Task& task)
      : build_(build), cache_(cache), store_(store), task_(task), trees_(store.cache("trees"))
  {
  }

  python::Chosen wheel(const python::Unbuilt& package)
  {
    const auto input = input_of(package.pin, build_.lock.lock);
    const auto limits = constraints(build_.lock, package.pin.name);
    Key key("wheel");
    key.add(build_.base.descriptor.digest.str()).add(build_.prefix).add(input.kind).add(input.requirement).add(limits);
    key.add(input.directory.empty() ? std::string() : trees_.of(input.directory, {}));
    const auto record = store_.cache("builds") / fmt::format("wheel-{}.json", key.finish());
    auto path = build_.uses_records ? known(record) : std::nullopt;
    if (!path) {
      path = make(package, input, limits);
      oci::JsonWriter json;
      json.begin_object().member("wheel", digest_of_parent(*path)).end_object();
      write_file_atomically(record, json.finish(), Flush::no);
    }
    auto name = python::WheelName::parse(path->filename().native());
    if (name.name != package.pin.name)
      throw Error(Errc::corrupt, fmt::format("{}: what was built is {}", package.name, printable(name.file)));
    return {.pin = package.pin, .wheel = std::move(name), .digest = Digest::parse(digest_of_parent(*path)), .path = *path};
  }

private:
  static std::string digest_of_parent(const fs::path& wheel) { return "sha256:" + wheel.parent_path().filename().native(); }

  std::optional<fs::path> known(const fs::path& record) const
  {
    const auto digest = store::read_record(record, record_limit_bytes, [](const oci::Json& json) { return std::optional(json.at("wheel").digest()); });
    return digest ? cache_.find(*digest) : std::nullopt;
  }

  fs::path make(const python::Unbuilt& package, const Input& input, const std::string& limits) const
  {
    ContainerStep step;
    step.title = fmt::format("build a wheel of {}", package.name);
    step.arguments = {"/bin/sh", "-euc", std::string(script), "sh", build_.prefix, limits, input.kind, input.requirement, package.pin.name};
    const TempDir network;
    give_network(step, network.path());
    step.env.emplace_back("HOME", "/tmp");
    if (const auto index = stack::first_index(build_.lock.lock)) step.env.emplace_back("PIP_INDEX_URL", *index);
    if (!input.directory.empty()) step.mounts.emplace_back(input.directory, std::string(source_place));
    const auto container = run_step(build_.base, step, store_, build_.isolation, task_);
    return take(package, container->mount());
  }

  /// The one wheel that was made. No link of the container is followed.
  fs::path take(const python::Unbuilt& package, const fs::path& mount) const
  {
    const auto root = open_root(mount);
    const auto directory = open_beneath(root.get(), "tmp/cairn-wheels", O_RDONLY | O_DIRECTORY, "/tmp/cairn-wheels");
    const auto names = list_directory(directory.get(), "/tmp/cairn-wheels");
    if (names.size() != 1) throw Error(Errc::corrupt, fmt::format("{}: its build gave {} files instead of one wheel", package.name, names.size()));
    const auto& name = names.front().name;
    const auto size_bytes = static_cast<std::uint64_t>(stat_at(directory.get(), name, name).st_size);
    const auto open = [&] { return FileSource(open_beneath(directory.get(), name, O_RDONLY | O_NONBLOCK, name), 0, size_bytes, name); };
    auto once = open();
    DigestSink digest;
    copy(once, digest);
    auto again = open();
    return cache_.put(again, name, {digest.finish()}, package.name, task_);
  }

  const WheelBuild& build_;
  python::WheelCache& cache_;
  store::Store& store_;
  const Task& task_;
  TreeDigests trees_;
};

}  // namespace

std::vector<python::Chosen> build_wheels(const std::vector<python::Unbuilt>& packages, const WheelBuild& build, python::WheelCache& cache, store::Store& store,
                                         const Task& task)
{
  try {
    require_tool("buildah", "buildah", "building wheels");
  } catch (const Error& error) {
    throw Error(Errc::unsupported, fmt::format("{}; with buildah cairn builds them itself", stack::unbuilt_text(packages)));
  }
  Builder builder(build, cache, store, task);
  std::vector<python::Chosen> out;
  for (const auto& package : packages)
    in_context([&] { return fmt::format("{} ({})", package.name, package.why); }, [&] { out.push_back(builder.wheel(package)); });
  return out;
}

void add_built(python::Resolved& resolved, std::vector<python::Chosen> built)
{
  std::ranges::move(built, std::back_inserter(resolved.wheels));
  std::ranges::sort(resolved.wheels, {}, [](const python::Chosen& one) { return one.pin.name; });
  for (const auto& one : std::exchange(resolved.unbuilt, {})) resolved.warnings.push_back(fmt::format("{}: built here, {}", one.name, one.why));
}

}  // namespace cairn::build
