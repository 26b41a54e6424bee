// SPDX-License-Identifier: Apache-2.0
#include <cli/python_options.hpp>

#include <cairn/base/error.hpp>
#include <cairn/python/pip_settings.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <cstdlib>

namespace cairn::cli {
namespace {

std::optional<std::string> variable(const std::string& name)
{
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets variables
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

python::Target target_of(const PythonOptions& options, const python::Lock& lock)
{
  python::Target target;
  if (options.python) target.set_python(*options.python);
  else if (!lock.python.empty()) target.set_python(lock.python);
  else throw UsageError(fmt::format("{} does not say for which Python it is; give --python 3.11", printable(lock.file.filename().string())));
  if (options.platform) {
    if (*options.platform == "linux/amd64") target.machine = "x86_64";
    else if (*options.platform == "linux/arm64") target.machine = "aarch64";
    else throw UsageError(fmt::format("--platform {}: wheels are for linux/amd64 and linux/arm64", printable(*options.platform)));
  }
  auto libc = options.glibc.value_or("2.34");
  if (libc.starts_with("musl")) {
    target.libc = python::Libc::musl;
    libc = libc.substr(4);
  }
  const auto version = python::Version::parse(libc);
  if (!version || version->release.size() != 2) throw UsageError(fmt::format("--glibc {}: expected a version such as 2.34, or musl1.2", printable(*options.glibc)));
  target.libc_major = static_cast<unsigned>(version->release[0]);
  target.libc_minor = static_cast<unsigned>(version->release[1]);
  target.platform_release = options.platform_release;
  return target;
}

python::PipVersion pip_of(const PythonOptions& options)
{
  python::PipVersion pip;
  if (!options.pip) return pip;
  const auto version = python::Version::parse(*options.pip);
  if (!version || version->release.size() < 2) throw UsageError(fmt::format("--pip {}: expected a version such as 25.3", printable(*options.pip)));
  pip.major = static_cast<unsigned>(version->release[0]);
  pip.minor = static_cast<unsigned>(version->release[1]);
  return pip;
}

std::shared_ptr<python::WheelSource> open_source(const python::PackageSource& source)
{
  const auto url = python::expand_source(source, variable);
  if (url.starts_with("file://")) return python::directory_source(python::percent_decoded(url.substr(7)));
  if (url.find("://") == std::string::npos) return python::directory_source(url);
  throw Error(Errc::unsupported, fmt::format("source {}: only file:// is read", printable(source.name)));
}

}  // namespace

void add_python_options(Command& command, PythonOptions& options)
{
  command.option("--python", "VERSION", "of the Python in the image; what the lock says, if not given", options.python)
      .option("--platform", "OS/ARCH", "linux/amd64 (the default) or linux/arm64", options.platform)
      .option("--glibc", "VERSION", "of the C library in the image: 2.34, or musl1.2", options.glibc)
      .option("--pip", "VERSION", "the pip whose scripts and order of tags are followed: 25.3", options.pip)
      .option("--platform-release", "TEXT", "the kernel, where markers ask for it", options.platform_release)
      .option("--wheels", "DIR", "look for wheels in DIR first", options.wheels, ValueKind::directory)
      .option("--index", "URL", "where wheels come from, if the lock does not say", options.index)
      .option("--group", "NAME", "a section of Pipfile.lock (`default`, `develop`, …) or a dependency group", options.groups)
      .option("--extra", "NAME", "an extra of pylock.toml", options.extras);
}

OpenLock open_lock(const PythonOptions& options, const std::string& lock)
{
  OpenLock open;
  open.options.groups = options.groups;
  open.options.extras = options.extras;
  open.lock = python::read_lock(python::find_lock(lock), open.options);
  open.target = target_of(options, open.lock);
  open.pip = pip_of(options);
  // pip 26.3 takes linux_* wheels before manylinux ones.
  open.target.linux_tags = open.pip >= python::PipVersion{26, 3} ? python::LinuxTags::first : python::LinuxTags::last;
  open.pins = python::select(open.lock, open.options, open.target);
  return open;
}

python::ResolveSettings resolve_settings(const PythonOptions& options, const OpenLock& lock, Program& program)
{
  python::ResolveSettings settings;
  settings.target = lock.target;
  settings.threads = program.settings().jobs.value;
  for (const auto& directory : options.wheels) settings.extra.push_back(python::directory_source(directory));
  const auto beside = lock.lock.file.parent_path();
  for (const auto& directory : lock.lock.wheel_directories) settings.extra.push_back(python::directory_source(beside / directory));
  auto sources = lock.lock.sources;
  if (sources.empty()) {
    for (const auto& url : options.index) sources.push_back({"--index", url});
    if (sources.empty()) sources = python::pip_sources(variable);
    settings.every_source = true;
  }
  if (lock.lock.kind == python::LockKind::requirements) settings.every_source = true;
  for (const auto& source : sources) settings.sources.push_back({source.name, open_source(source)});
  return settings;
}

std::filesystem::path wheel_cache_path()
{
  if (const auto path = variable("CAIRN_WHEEL_CACHE")) return *path;
  if (const auto path = variable("XDG_CACHE_HOME")) return std::filesystem::path(*path) / "cairn" / "wheels";
  if (const auto home = variable("HOME")) return std::filesystem::path(*home) / ".cache" / "cairn" / "wheels";
  throw Error(Errc::bad_input, "there is no home directory to keep wheels in; set CAIRN_WHEEL_CACHE");
}

std::string unbuilt_text(const std::vector<python::Unbuilt>& unbuilt)
{
  std::vector<std::string> texts;
  for (const auto& one : unbuilt) texts.push_back(fmt::format("{} ({})", one.name, one.why));
  return fmt::format("{} no wheel and {} to be built: {}; build {} with 'pip wheel', offer the wheels in a directory or an index, and lock their hashes",
                     unbuilt.size() == 1 ? "1 package has" : fmt::format("{} packages have", unbuilt.size()), unbuilt.size() == 1 ? "needs" : "need",
                     fmt::join(texts, ", "), unbuilt.size() == 1 ? "it" : "them");
}

}  // namespace cairn::cli
