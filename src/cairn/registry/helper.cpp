// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/helper.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/child.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::registry {
namespace {

constexpr std::string_view not_found = "credentials not found in native keychain";
constexpr std::string_view token_user = "<token>";

std::string program_name(const std::string& helper)
{
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  if (helper.empty() || !std::ranges::all_of(helper, good))
    throw Error(Errc::bad_input, fmt::format("{}: not a credential helper's name", printable(helper)));
  return "docker-credential-" + helper;
}

ProgramResult run(const std::string& helper, const std::string& verb, std::string input, std::chrono::seconds deadline, const Task& task)
{
  const auto program = program_name(helper);
  try {
    return run_program(
        {.arguments = {program, verb}, .input = std::move(input), .variables = {}, .deadline = deadline, .output_limit_bytes = 64 << 10},
        task);
  } catch (const Error& error) {
    if (error.code() == Errc::not_found) throw Error(Errc::tool, fmt::format("{}: no such program in PATH", program));
    throw;
  }
}

bool had_none(const ProgramResult& result)
{
  return result.output.find(not_found) != std::string::npos || result.errors.find(not_found) != std::string::npos;
}

}  // namespace

std::optional<Credentials> ask_helper(const std::string& helper, const std::string& server, std::chrono::seconds deadline, const Task& task)
{
  const auto program = program_name(helper);
  const auto result = run(helper, "get", server, deadline, task);
  if (result.status != 0) {
    if (had_none(result)) return std::nullopt;
    throw Error(Errc::tool, fmt::format("{} get: exit status {} for {}", program, result.status, printable(server)));
  }
  try {
    const auto document = oci::JsonDocument::parse(result.output, program);
    Credentials out;
    out.user = std::string(document.root().at("Username").string());
    Secret secret(std::string(document.root().at("Secret").string()));
    (out.user == token_user ? out.identity_token : out.password) = std::move(secret);
    out.origin = program;
    if (out.user.empty() && out.password.empty()) return std::nullopt;
    return out;
  } catch (const Error&) {
    throw Error(Errc::tool, fmt::format("{} get: its output is not an object with Username and Secret", program));
  }
}

void tell_helper(const std::string& helper, const std::string& server, const Credentials& credentials, std::chrono::seconds deadline,
                 const Task& task)
{
  oci::JsonWriter json;
  const bool token = !credentials.identity_token.empty();
  json.begin_object().member("ServerURL", server).member("Username", token ? std::string(token_user) : credentials.user);
  json.member("Secret", (token ? credentials.identity_token : credentials.password).reveal()).end_object();
  const auto result = run(helper, "store", json.finish(), deadline, task);
  if (result.status != 0) throw Error(Errc::tool, fmt::format("{} store: exit status {}", program_name(helper), result.status));
}

bool erase_in_helper(const std::string& helper, const std::string& server, std::chrono::seconds deadline, const Task& task)
{
  const auto result = run(helper, "erase", server, deadline, task);
  if (result.status == 0) return true;
  if (had_none(result)) return false;
  throw Error(Errc::tool, fmt::format("{} erase: exit status {}", program_name(helper), result.status));
}

}  // namespace cairn::registry
