// SPDX-License-Identifier: Apache-2.0
#include <cli/registry_access.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/http/client.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

namespace cairn::cli {
namespace {

std::string variable(const char* name)
{
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The first of them that is set, in the order that curl and Go programs know.
std::string variable_of(std::initializer_list<const char*> names)
{
  for (const auto* name : names)
    if (auto value = variable(name); !value.empty()) return value;
  return {};
}

std::filesystem::path config_home()
{
  if (auto own = variable("XDG_CONFIG_HOME"); !own.empty()) return own;
  const auto home = variable("HOME");
  return home.empty() ? std::filesystem::path() : std::filesystem::path(home) / ".config";
}

/// Of uploads under way; empty where there is no home.
std::filesystem::path uploads_directory()
{
  if (const auto cache = variable("XDG_CACHE_HOME"); !cache.empty()) return std::filesystem::path(cache) / "cairn" / "uploads";
  const auto home = variable("HOME");
  return home.empty() ? std::filesystem::path() : std::filesystem::path(home) / ".cache" / "cairn" / "uploads";
}

registry::AuthPlaces auth_places(const RegistryFlags& flags)
{
  registry::AuthPlaces places;
  places.authfile = flags.authfile.value_or(variable("REGISTRY_AUTH_FILE"));
  places.runtime_dir = variable("XDG_RUNTIME_DIR");
  places.config_home = variable("XDG_CONFIG_HOME");
  places.docker_config = variable("DOCKER_CONFIG");
  places.home = variable("HOME");
  return places;
}

registry::RegistriesConf load_conf()
{
  if (const auto file = variable("CONTAINERS_REGISTRIES_CONF"); !file.empty()) return registry::RegistriesConf::load(file, file + ".d");
  const auto own = config_home() / "containers" / "registries.conf";
  std::error_code ignored;
  const std::filesystem::path system = "/etc/containers/registries.conf";
  const auto file = !config_home().empty() && std::filesystem::exists(own, ignored) ? own : system;
  return registry::RegistriesConf::load(file, file.native() + ".d");
}

/// containers-certs.d(5).
std::vector<std::filesystem::path> certificate_directories()
{
  std::vector<std::filesystem::path> out;
  if (!config_home().empty()) out.push_back(config_home() / "containers" / "certs.d");
  for (const auto* directory : {"/etc/containers/certs.d", "/usr/share/containers/certs.d", "/etc/docker/certs.d"})
    out.emplace_back(directory);
  return out;
}

}  // namespace

void add_registry_options(Command& command, RegistryFlags& flags, const std::string& prefix)
{
  const std::string of = prefix == "src-" ? " of the source" : prefix == "dest-" ? " of the destination" : "";
  command
      .choice("--" + prefix + "tls-verify", {"true", "false"}, "false: take a registry" + of + " without a valid certificate, or over HTTP",
              flags.tls_verify)
      .option("--" + prefix + "authfile", "FILE", "the only file to find credentials" + of + " in", flags.authfile, ValueKind::file)
      .option("--" + prefix + "creds", "USER[:PASSWORD]", "credentials" + of, flags.creds)
      .option("--" + prefix + "cert-dir", "DIR", "authorities (*.crt) and own certificates (*.cert, *.key)" + of, flags.cert_dir,
              ValueKind::directory);
}

RegistryFlags merged(const RegistryFlags& first, const RegistryFlags& second)
{
  const auto either = [](const auto& a, const auto& b) { return a ? a : b; };
  return {either(first.tls_verify, second.tls_verify), either(first.authfile, second.authfile), either(first.creds, second.creds),
          either(first.cert_dir, second.cert_dir)};
}

RegistryAccess::RegistryAccess(Program& program, const RegistryFlags& flags)
    : task_(program.task("ask the registry")), places_(auth_places(flags)), conf_(load_conf())
{
  if (flags.tls_verify) verify_ = *flags.tls_verify == "true";
  if (flags.creds) creds_ = registry::Credentials::parse(*flags.creds);
  http::Options options;
  options.user_agent = "cairn/" CAIRN_VERSION;
  options.http_proxy = variable("http_proxy");  // in capitals a web server's client could set it (httpoxy)
  options.https_proxy = variable_of({"HTTPS_PROXY", "https_proxy"});
  options.no_proxy = variable_of({"NO_PROXY", "no_proxy"});
  options.tls = [this, directory = flags.cert_dir](const http::Url& url) {
    auto tls = directory ? http::read_certificates(*directory) : http::find_certificates(certificate_directories(), url.authority());
    const bool unchecked = verify_ ? !*verify_ : std::ranges::count(unchecked_hosts_, url.authority()) != 0;
    if (unchecked) tls.verify = http::VerifyTls::no;
    return tls;
  };
  client_ = std::make_unique<http::Client>(std::move(options));
}

std::string RegistryAccess::tried() const
{
  std::string out;
  for (const auto& file : places_.files()) out += (out.empty() ? "" : ", ") + printable(file.native());
  return out;
}

RegistryAccess::Opened RegistryAccess::open(const registry::Endpoint& endpoint)
{
  const bool unchecked = verify_ ? !*verify_ : endpoint.insecure;
  if (unchecked) unchecked_hosts_.push_back(endpoint.name.host);
  auto lookup = [this, mirror = endpoint.mirror](const std::string& path, const Task& task) -> std::optional<registry::Credentials> {
    if (creds_ && !mirror) return creds_;
    return registry::find_credentials(places_, path, task);
  };
  // Shared by the repositories of one registry; here there is one.
  auto host = std::make_shared<registry::Host>(
      *client_, endpoint.name.host, unchecked ? registry::Security::unchecked : registry::Security::https, std::move(lookup), tried());
  return {std::make_unique<registry::Repository>(std::move(host), endpoint.name.repository, task_), endpoint.name};
}

RegistryAccess::Found RegistryAccess::find(std::string_view text)
{
  const auto endpoints = conf_.pull_from(conf_.resolve(text));
  for (const auto& endpoint : endpoints) {
    try {
      auto opened = open(endpoint);
      auto manifest = opened.repository->resolve(endpoint.name.reference(), task_);
      return {std::move(opened), std::move(manifest)};
    } catch (const Error& error) {
      if (!endpoint.mirror) throw;
      log::warn("mirror {} passed over: {}", endpoint.name.host, error.what());
    }
  }
  throw Error(Errc::not_found, fmt::format("{}: no registry to ask", printable(text)));
}

RegistryAccess::Opened RegistryAccess::push_to(std::string_view text)
{
  auto opened = open(conf_.push_to(conf_.resolve(text)));
  opened.repository->remember_uploads(uploads_directory());
  return opened;
}

std::shared_ptr<registry::Host> RegistryAccess::host(const std::string& name, const registry::Credentials& credentials)
{
  // registries.conf may say where the host really is.
  const auto endpoint = conf_.push_to({.host = name, .repository = "login"});
  const bool unchecked = verify_ ? !*verify_ : endpoint.insecure;
  if (unchecked) unchecked_hosts_.push_back(endpoint.name.host);
  return std::make_shared<registry::Host>(
      *client_, endpoint.name.host, unchecked ? registry::Security::unchecked : registry::Security::https,
      [credentials](const std::string&, const Task&) { return std::optional(credentials); }, "");
}

}  // namespace cairn::cli
