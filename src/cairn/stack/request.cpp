// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/request.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/python/index_source.hpp>
#include <cairn/python/pip_settings.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace cairn::stack {
namespace {

constexpr std::uint64_t netrc_limit_bytes = std::uint64_t{1} << 20;
constexpr std::uint64_t authorities_limit_bytes = std::uint64_t{16} << 20;
constexpr std::string_view index_variable = "CAIRN_PYTHON_INDEX";

std::optional<std::string> variable(const std::string& name)
{
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets variables
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
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

/// In place of an index that nobody named: an error only when something must be asked of it.
class UnnamedIndex final : public python::WheelSource {
public:
  explicit UnnamedIndex(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] std::string key() const override { return {}; }
  [[nodiscard]] std::vector<python::Offer> offers(const std::string& name, const Task&) override { fail(name); }
  [[nodiscard]] std::unique_ptr<Source> open(const python::Offer& offer, const Task&) override { fail(offer.file); }
  [[nodiscard]] std::string shown() const override { return fmt::format("${{{}}}", index_variable); }

private:
  [[noreturn]] void fail(const std::string& wanted) const
  {
    throw Error(Errc::bad_input,
                fmt::format("source {} has no URL for {}: set {} (or PIP_INDEX_URL, or index-url in pip.conf) to an index such as "
                            "https://HOST/simple",
                            printable(name_), printable(wanted), index_variable));
  }
  std::string name_;
};

/// Where this machine's user looks, when the lock does not say.
std::vector<python::PackageSource> own_sources(const Request& request)
{
  std::vector<python::PackageSource> sources;
  for (const auto& url : request.index) sources.push_back({"--index", url});
  return sources.empty() ? python::pip_sources(variable) : sources;
}

bool is_unset_index(const python::PackageSource& source)
{
  return source.url == fmt::format("${{{}}}", index_variable) && !variable(std::string(index_variable));
}

/// `sources` with the user's own in place of `${CAIRN_PYTHON_INDEX}`. One without a URL is what nobody named.
std::vector<python::PackageSource> with_own_index(const std::vector<python::PackageSource>& sources, const Request& request,
                                                  python::ResolveSettings& settings)
{
  std::vector<python::PackageSource> named;
  for (const auto& source : sources) {
    if (!is_unset_index(source)) {
      named.push_back(source);
      continue;
    }
    auto own = own_sources(request);
    if (own.empty()) own.push_back({source.name, ""});
    settings.every_source = settings.every_source || own.size() > 1;
    for (auto& one : own) {
      one.name = source.name;
      one.verify_tls = source.verify_tls;
      named.push_back(std::move(one));
    }
  }
  return named;
}

/// `HOST[:PORT]` of an https URL.
std::string authority_of(const std::string& url)
{
  const auto host = url.substr(8, url.find('/', 8) - 8);
  return host.substr(host.rfind('@') + 1);
}

}  // namespace

OpenLock open_lock(const Request& request, const std::string& lock)
{
  OpenLock open;
  open.options.groups = request.groups;
  open.options.extras = request.extras;
  open.lock = python::read_lock(python::find_lock(lock), open.options);
  open.target = request.target;
  if (request.python) open.target.set_python(*request.python);
  else if (!open.lock.python.empty()) open.target.set_python(open.lock.python);
  else
    throw Error(Errc::bad_input,
                fmt::format("{} does not say for which Python it is; give --python 3.11", printable(open.lock.file.filename().string())));
  open.pip = request.pip;
  // pip 26.3 takes linux_* wheels before manylinux ones.
  open.target.linux_tags = open.pip >= python::PipVersion{26, 3} ? python::LinuxTags::first : python::LinuxTags::last;
  open.pins = python::select(open.lock, open.options, open.target);
  return open;
}

Sources::Sources() = default;
Sources::~Sources() = default;

Sources open_sources(const Request& request, const OpenLock& lock, std::size_t threads)
{
  Sources open;
  auto& settings = open.settings;
  settings.target = lock.target;
  settings.threads = threads;
  for (const auto& directory : request.wheels) settings.extra.push_back(python::directory_source(directory));
  const auto beside = lock.lock.file.parent_path();
  for (const auto& directory : lock.lock.wheel_directories) settings.extra.push_back(python::directory_source(beside / directory));
  settings.every_source = lock.lock.sources.empty() || lock.lock.kind == python::LockKind::requirements;
  const auto sources = lock.lock.sources.empty() ? own_sources(request) : with_own_index(lock.lock.sources, request, settings);
  std::vector<std::string> urls;
  std::vector<std::string> unverified;
  for (const auto& source : sources) {
    urls.push_back(python::expand_source(source, variable));
    if (!source.verify_tls && urls.back().starts_with("https://")) unverified.push_back(authority_of(urls.back()));
  }
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto& url = urls[i];
    if (url.empty()) {
      settings.sources.push_back({sources[i].name, std::make_shared<UnnamedIndex>(sources[i].name)});
    } else if (url.starts_with("file://")) {
      settings.sources.push_back({sources[i].name, python::directory_source(python::percent_decoded(url.substr(7)))});
    } else if (url.find("://") == std::string::npos) {
      settings.sources.push_back({sources[i].name, python::directory_source(beside / url)});
    } else {
      if (!open.client) open.client = make_client(unverified);
      settings.sources.push_back({sources[i].name, python::index_source(*open.client, url, read_netrc())});
    }
  }
  return open;
}

std::optional<std::string> first_index(const Request& request, const python::Lock& lock)
{
  python::ResolveSettings unused;
  const auto sources = lock.sources.empty() ? own_sources(request) : with_own_index(lock.sources, request, unused);
  if (sources.empty()) return std::nullopt;
  try {
    auto url = python::expand_source(sources.front(), variable);
    return url.starts_with("http") ? std::optional(std::move(url)) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
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

}  // namespace cairn::stack
