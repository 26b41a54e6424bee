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
#include <cctype>
#include <optional>
#include <set>
#include <span>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn::build {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t record_limit_bytes = std::uint64_t{64} << 10;
constexpr std::size_t log_limit_bytes = std::size_t{8} << 20;
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
exec "$@" --no-deps --no-cache-dir --disable-pip-version-check --log /tmp/cairn-pip.log --wheel-dir /tmp/cairn-wheels
)";

/// What pip's log says that it installed for a build, sorted: `Successfully installed setuptools-80.9.0 wheel-0.45.1`, one line an environment.
std::vector<std::string> requirements_of(std::string_view log)
{
  constexpr std::string_view marker = "Successfully installed ";
  std::set<std::string> out;
  for (auto at = log.find(marker); at != std::string_view::npos; at = log.find(marker, at)) {
    at += marker.size();
    auto line = log.substr(at, log.find('\n', at) - at);
    while (!line.empty()) {
      const auto word = line.substr(0, line.find(' '));
      line.remove_prefix(std::min(word.size() + 1, line.size()));
      // A log is not to be believed: names and versions have no other characters.
      const bool plain = std::ranges::all_of(word, [](char one) { return std::isalnum(static_cast<unsigned char>(one)) != 0 || std::string_view("._+!-").find(one) != std::string_view::npos; });
      if (const auto dash = word.rfind('-'); plain && dash != std::string_view::npos) out.insert(fmt::format("{} {}", word.substr(0, dash), word.substr(dash + 1)));
    }
  }
  return {out.begin(), out.end()};
}

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

  BuiltWheel wheel(const python::Unbuilt& package)
  {
    const auto input = input_of(package.pin, build_.lock.lock);
    const auto limits = constraints(build_.lock, package.pin.name);
    Key key("wheel");
    key.add(build_.base.descriptor.digest.str()).add(build_.prefix).add(input.kind).add(input.requirement).add(limits);
    key.add(input.directory.empty() ? std::string() : trees_.of(input.directory, {}));
    const auto record = store_.cache("builds") / fmt::format("wheel-{}.json", key.finish());
    auto made = build_.uses_records ? known(record) : std::nullopt;
    if (!made) {
      made = make(package, input, limits);
      oci::JsonWriter json;
      json.begin_object().member("wheel", digest_of_parent(made->path)).key("requirements").value(made->requirements).end_object();
      write_file_atomically(record, json.finish(), Flush::no);
    }
    auto name = python::WheelName::parse(made->path.filename().native());
    if (name.name != package.pin.name)
      throw Error(Errc::corrupt, fmt::format("{}: what was built is {}", package.name, printable(name.file)));
    const auto digest = Digest::parse(digest_of_parent(made->path));
    return {{.pin = package.pin, .wheel = std::move(name), .digest = digest, .path = made->path}, std::move(made->requirements)};
  }

private:
  struct Made {
    fs::path path;
    std::vector<std::string> requirements;
  };

  static std::string digest_of_parent(const fs::path& wheel) { return "sha256:" + wheel.parent_path().filename().native(); }

  std::optional<Made> known(const fs::path& record) const
  {
    const auto found = store::read_record(record, record_limit_bytes, [](const oci::Json& json) {
      return std::optional(std::pair(json.at("wheel").digest(), json.at("requirements").strings()));
    });
    auto path = found ? cache_.find(found->first) : std::nullopt;
    return path ? std::optional(Made{*std::move(path), found->second}) : std::nullopt;
  }

  Made make(const python::Unbuilt& package, const Input& input, const std::string& limits) const
  {
    ContainerStep step;
    step.title = fmt::format("build a wheel of {}", package.name);
    step.arguments = {"/bin/sh", "-euc", std::string(script), "sh", build_.prefix, limits, input.kind, input.requirement, package.pin.name};
    const TempDir network;
    give_network(step, network.path());
    step.env.emplace_back("HOME", "/tmp");
    if (const auto index = stack::first_index(build_.request, build_.lock.lock)) step.env.emplace_back("PIP_INDEX_URL", *index);
    if (!input.directory.empty()) step.mounts.emplace_back(input.directory, std::string(source_place));
    const auto container = run_step(build_.base, step, store_, build_.isolation, task_);
    const auto root = open_root(container->mount());
    return {take(package, root.get()), requirements_of(read_log(root.get()))};
  }

  /// Pip's log, as far as it is of use; empty where there is none.
  static std::string read_log(int root)
  {
    try {
      const auto log = open_beneath(root, "tmp/cairn-pip.log", O_RDONLY | O_NONBLOCK, "/tmp/cairn-pip.log");
      std::string text(log_limit_bytes, '\0');
      text.resize(read_full_at(log.get(), std::as_writable_bytes(std::span(text)), 0, "/tmp/cairn-pip.log"));
      return text;
    } catch (const Error&) {
      return {};
    }
  }

  /// The one wheel that was made. No link of the container is followed.
  fs::path take(const python::Unbuilt& package, int root) const
  {
    const auto directory = open_beneath(root, "tmp/cairn-wheels", O_RDONLY | O_DIRECTORY, "/tmp/cairn-wheels");
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

std::vector<BuiltWheel> build_wheels(const std::vector<python::Unbuilt>& packages, const WheelBuild& build, python::WheelCache& cache, store::Store& store,
                                         const Task& task)
{
  try {
    require_tool("buildah", "buildah", "building wheels");
  } catch (const Error& error) {
    throw Error(Errc::unsupported, fmt::format("{}; with buildah cairn builds them itself", stack::unbuilt_text(packages)));
  }
  Builder builder(build, cache, store, task);
  std::vector<BuiltWheel> out;
  for (const auto& package : packages)
    in_context([&] { return fmt::format("{} ({})", package.name, package.why); }, [&] { out.push_back(builder.wheel(package)); });
  return out;
}

void add_built(python::Resolved& resolved, std::vector<BuiltWheel> built)
{
  for (std::size_t i = 0; i < built.size(); ++i) {
    const auto& package = resolved.unbuilt[i];
    auto& one = built[i];
    resolved.warnings.push_back(fmt::format("{}: built here{}{}, {}", package.name, one.requirements.empty() ? "" : " with ",
                                            fmt::join(one.requirements, ", "), package.why));
    resolved.wheels.push_back(std::move(one.wheel));
  }
  resolved.unbuilt.clear();
  std::ranges::sort(resolved.wheels, {}, [](const python::Chosen& one) { return one.pin.name; });
}

}  // namespace cairn::build
