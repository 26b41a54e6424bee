// SPDX-License-Identifier: Apache-2.0
#include <cli/python_options.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/python/index_source.hpp>
#include <cairn/python/pip_settings.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace cairn::cli {
namespace {

constexpr std::uint64_t netrc_limit_bytes = std::uint64_t{1} << 20;
constexpr std::uint64_t authorities_limit_bytes = std::uint64_t{16} << 20;

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
  else
    throw UsageError(fmt::format("{} does not say for which Python it is; give --python 3.11", printable(lock.file.filename().string())));
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
  if (!version || version->release.size() != 2)
    throw UsageError(fmt::format("--glibc {}: expected a version such as 2.34, or musl1.2", printable(*options.glibc)));
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
  if (!version || version->release.size() < 2)
    throw UsageError(fmt::format("--pip {}: expected a version such as 25.3", printable(*options.pip)));
  pip.major = static_cast<unsigned>(version->release[0]);
  pip.minor = static_cast<unsigned>(version->release[1]);
  return pip;
}

/// The user's netrc file, if there is one.
std::string read_netrc()
{
  const auto home = variable("HOME");
  const std::filesystem::path file = variable("NETRC").value_or(home ? *home + "/.netrc" : "");
  return !file.empty() && std::filesystem::is_regular_file(file) ? read_small_file(file, netrc_limit_bytes) : std::string();
}

std::unique_ptr<http::Client> make_client(const std::vector<std::string>& unverified_hosts)
{
  http::Options options;
  const auto either = [](const char* a, const char* b) { return variable(a).value_or(variable(b).value_or("")); };
  options.http_proxy = variable("http_proxy").value_or("");  // in capitals a web server's client could set it (httpoxy)
  options.https_proxy = either("HTTPS_PROXY", "https_proxy");
  options.no_proxy = either("NO_PROXY", "no_proxy");
  std::string authorities;
  for (const auto* name : {"PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"})
    if (const auto file = variable(name); file && authorities.empty() && std::filesystem::is_regular_file(*file))
      authorities = read_small_file(*file, authorities_limit_bytes);
  options.tls = [unverified_hosts, authorities](const http::Url& url) {
    http::Tls tls;
    tls.authorities = authorities;
    if (std::ranges::find(unverified_hosts, url.authority()) != unverified_hosts.end()) tls.verify = http::VerifyTls::no;
    return tls;
  };
  return std::make_unique<http::Client>(std::move(options));
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

Sources::Sources() = default;
Sources::~Sources() = default;

Sources open_sources(const PythonOptions& options, const OpenLock& lock, Program& program)
{
  Sources open;
  auto& settings = open.settings;
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
  std::vector<std::string> urls;
  std::vector<std::string> unverified;
  for (const auto& source : sources) {
    urls.push_back(python::expand_source(source, variable));
    if (!source.verify_tls && urls.back().starts_with("https://")) {
      auto host = urls.back().substr(8, urls.back().find('/', 8) - 8);
      unverified.push_back(host.substr(host.rfind('@') + 1));
    }
  }
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto& url = urls[i];
    if (url.starts_with("file://")) {
      settings.sources.push_back({sources[i].name, python::directory_source(python::percent_decoded(url.substr(7)))});
    } else if (url.find("://") == std::string::npos) {
      settings.sources.push_back({sources[i].name, python::directory_source(lock.lock.file.parent_path() / url)});
    } else {
      if (!open.client) open.client = make_client(unverified);
      settings.sources.push_back({sources[i].name, python::index_source(*open.client, url, read_netrc())});
    }
  }
  return open;
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
  return fmt::format(
      "{} no wheel and {} to be built: {}; build {} with 'pip wheel', offer the wheels in a directory or an index, and lock their hashes",
      unbuilt.size() == 1 ? "1 package has" : fmt::format("{} packages have", unbuilt.size()), unbuilt.size() == 1 ? "needs" : "need",
      fmt::join(texts, ", "), unbuilt.size() == 1 ? "it" : "them");
}

}  // namespace cairn::cli
