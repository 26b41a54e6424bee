// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/os/child.hpp>
#include <cli/commands/commands.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  std::optional<std::string> space;
  std::optional<std::string> client;
  bool show_secrets = false;
};

struct Endpoint {
  std::string kind;
  std::string name;
  std::string address;
};
struct Credential {
  std::string connection;
  std::string key;
  std::string value;  ///< base64, as the cluster has it
};

/// `kubectl` or `oc`, whichever is there.
std::string find_client(const Options& options)
{
  if (options.client) return *options.client;
  const auto* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nothing sets variables
  for (const auto* name : {"kubectl", "oc"}) {
    std::string_view rest = path == nullptr ? "" : path;
    while (!rest.empty()) {
      const auto directory = rest.substr(0, rest.find(':'));
      rest.remove_prefix(std::min(rest.size(), directory.size() + 1));
      if (std::filesystem::exists(std::filesystem::path(directory) / name)) return name;
    }
  }
  throw Error(Errc::not_found, "neither kubectl nor oc is in PATH; install one, or name it with --client");
}

/// The client's JSON; nothing when the cluster does not know the kind.
std::optional<oci::JsonDocument> get(Program& program, const Options& options, const std::string& client, const std::string& kind,
                                     const std::vector<std::string>& more = {})
{
  const auto task = program.task(fmt::format("get {}", kind));
  cairn::Program child;
  child.arguments = {client, "get", kind, "--output", "json"};
  child.output_limit_bytes = std::size_t{16} << 20;
  if (options.space) child.arguments.insert(child.arguments.end(), {"--namespace", *options.space});
  child.arguments.insert(child.arguments.end(), more.begin(), more.end());
  const auto result = run_program(child, task);
  if (result.status == 0) return oci::JsonDocument::parse(result.output, fmt::format("{} get {}", client, kind));
  if (result.errors.contains("doesn't have a resource type") || result.errors.contains("not find the requested resource"))
    return std::nullopt;
  const auto said = result.errors.substr(0, result.errors.find('\n'));
  throw Error(Errc::tool,
              fmt::format("{} get {}: {}", client, kind, said.empty() ? fmt::format("ended with status {}", result.status) : safe(said)));
}

std::string nested(const oci::Json& value, std::initializer_list<std::string_view> path)
{
  std::optional<oci::Json> at = value;
  for (const auto key : path) {
    if (!at || at->kind() != oci::Json::Kind::object) return {};
    at = at->find(key);
  }
  return at && at->kind() == oci::Json::Kind::string ? std::string(at->string()) : std::string();
}

void collect(std::vector<Endpoint>& out, const oci::JsonDocument& answer, const std::string& kind)
{
  for (const auto& item : answer.root().at("items").array()) {
    const auto name = nested(item, {"metadata", "name"});
    if (kind == "route") {
      out.push_back({kind, name, fmt::format("https://{}{}", nested(item, {"spec", "host"}), nested(item, {"spec", "path"}))});
      continue;
    }
    const auto spec = item.find("spec");
    const auto hosts = spec ? spec->find(kind == "httproute" ? "hostnames" : "rules") : std::nullopt;
    if (!hosts) continue;
    for (const auto& host : hosts->array())
      out.push_back({kind, name, "https://" + (host.kind() == oci::Json::Kind::string ? std::string(host.string()) : host.text("host"))});
  }
}

/// Of well-formed base64 (RFC 4648, 4), which is what clusters answer.
std::string decoded(const std::string& base64)
{
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  unsigned count = 0;
  for (const char c : base64) {
    const auto digit = alphabet.find(c);
    if (digit == std::string_view::npos) break;
    bits = (bits << 6U | static_cast<unsigned>(digit)) & 0xffffU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xffU);
  }
  return out;
}

bool is_secret(std::string_view key) { return key != "AWS_S3_ENDPOINT" && key != "AWS_S3_BUCKET" && key != "AWS_DEFAULT_REGION"; }

std::vector<Credential> credentials_in(const oci::JsonDocument& secrets)
{
  std::vector<Credential> out;
  for (const auto& item : secrets.root().at("items").array())
    if (const auto data = item.find("data"))
      for (const auto& one : data->object())
        out.push_back({nested(item, {"metadata", "name"}), std::string(one.key()), std::string(one.string())});
  return out;
}

Exit run(const Options& options, Program& program)
{
  const auto client = find_client(options);
  std::vector<Endpoint> endpoints;
  for (const auto* kind : {"route", "httproute", "ingress"})
    if (const auto found = get(program, options, client, kind)) collect(endpoints, *found, kind);
  std::vector<Credential> credentials;
  if (const auto secrets = get(program, options, client, "secret", {"--selector", "opendatahub.io/dashboard=true"}))
    credentials = credentials_in(*secrets);

  const auto shown = [&](const Credential& one) {
    return is_secret(one.key) && !options.show_secrets ? std::string("***") : decoded(one.value);
  };
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().begin_array("endpoints");
    for (const auto& one : endpoints)
      json.begin_object().member("kind", one.kind).member("name", one.name).member("address", one.address).end_object();
    json.end_array().begin_array("credentials");
    for (const auto& one : credentials)
      json.begin_object().member("connection", one.connection).member("key", one.key).member("value", shown(one)).end_object();
    json.end_array().end_object();
    program.print(std::move(json));
    return Exit::done;
  }
  Table table({{"KIND"}, {"NAME"}, {"WHAT"}});
  for (const auto& one : endpoints) table.add({one.kind, safe(one.name), safe(one.address)});
  for (const auto& one : credentials) table.add({"secret", safe(one.connection), fmt::format("{}={}", safe(one.key), safe(shown(one)))});
  program.print(table);
  return Exit::done;
}

}  // namespace

void add_endpoints(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  line.add(
          {
              .name = "endpoints",
              .summary = "Show addresses and data connections of a project in a cluster",
              .description = "Asks the cluster of your kubeconfig, through kubectl or oc: routes, HTTPRoutes and ingresses, and the data "
                             "connections that the "
                             "dashboard lists. Kinds that the cluster does not know are skipped. Keys and passwords are shown as `***` "
                             "unless asked for.",
              .examples = {{"cairn endpoints --namespace science", "What is there, and where."}},
              .sections = {{"JSON", "`endpoints` (each `kind`, `name`, `address`) and `credentials` (each `connection`, `key`, `value`)."}},
          },
          [options, &program] { return run(*options, program); })
      .option("--namespace", "NAME", "the project; that of the kubeconfig, if not given", options->space)
      .letter('n')
      .option("--client", "PROGRAM", "kubectl, oc, or where one of them is", options->client)
      .flag("--show-secrets", "keys and passwords as they are", options->show_secrets);
}

}  // namespace cairn::cli
