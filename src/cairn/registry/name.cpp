// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/name.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::registry {
namespace {

constexpr std::size_t repository_limit = 255;
constexpr std::size_t tag_limit = 128;
constexpr std::string_view standard_tag = "latest";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
bool is_path_part(std::string_view part)
{
  std::size_t at = 0;
  const auto word = [&] {
    const auto begin = at;
    while (at < part.size() && (is_lower(part[at]) || is_digit(part[at]))) ++at;
    return at != begin;
  };
  if (!word()) return false;
  while (at < part.size()) {
    const auto separator = part[at];
    const auto begin = at;
    while (at < part.size() && part[at] == separator) ++at;
    const auto count = at - begin;
    const bool good = separator == '-' || (separator == '.' && count == 1) || (separator == '_' && count <= 2);
    if (!good || !word()) return false;
  }
  return true;
}

void check_repository(std::string_view repository, std::string_view text)
{
  if (repository.empty()) throw Error(Errc::bad_input, fmt::format("{}: names no repository", printable(text)));
  if (repository.size() > repository_limit)
    throw Error(Errc::bad_input, fmt::format("{}: the repository has {} characters, the limit is {}", printable(text.substr(0, 64)),
                                             repository.size(), repository_limit));
  for (std::size_t at = 0; at <= repository.size();) {
    const auto end = std::min(repository.find('/', at), repository.size());
    const auto part = repository.substr(at, end - at);
    if (!is_path_part(part))
      throw Error(Errc::bad_input,
                  fmt::format("{}: {} is no part of a repository: lower-case letters and digits, with one of . _ __ - between them",
                              printable(text), printable(part)));
    at = end + 1;
  }
}

std::string lower(std::string_view text)
{
  std::string out(text);
  for (auto& c : out)
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

void check_tag(std::string_view tag)
{
  const auto good = [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || c == '.' || c == '-'; };
  if (tag.empty() || tag.size() > tag_limit || tag.front() == '.' || tag.front() == '-' || !std::ranges::all_of(tag, good))
    throw Error(Errc::bad_input, fmt::format("{}: no tag: at most {} of letters, digits and _ . -, and no . or - in front",
                                             printable(tag.substr(0, 2 * tag_limit)), tag_limit));
}

void check_host(std::string_view host)
{
  const auto bracket = host.starts_with('[') ? host.find(']') : std::string_view::npos;
  const auto colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const auto name = host.substr(0, colon);
  const auto port = colon == std::string_view::npos ? std::string_view("1") : host.substr(colon + 1);
  const auto good = [&](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '.' || c == '-' ||
           (bracket != std::string_view::npos && (c == ':' || c == '[' || c == ']'));
  };
  const bool port_good = !port.empty() && port.size() <= 5 && std::ranges::all_of(port, is_digit);
  if (name.empty() || !std::ranges::all_of(name, good) || !port_good)
    throw Error(Errc::bad_input, fmt::format("{}: no registry: give host or host:port", printable(host)));
}

bool Name::names_host(std::string_view text)
{
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const auto first = text.substr(0, slash);
  return first == "localhost" || first.find_first_of(".:[") != std::string_view::npos;
}

Name Name::parse(std::string_view text)
{
  Name name;
  auto rest = text;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    name.digest = in_context([&] { return printable(text); }, [&] { return Digest::parse(rest.substr(at + 1)); });
    rest = rest.substr(0, at);
  }
  if (const auto colon = rest.rfind(':'); colon != std::string_view::npos && rest.find('/', colon) == std::string_view::npos) {
    check_tag(rest.substr(colon + 1));
    name.tag = std::string(rest.substr(colon + 1));
    rest = rest.substr(0, colon);
  }
  if (names_host(rest)) {
    const auto slash = rest.find('/');
    check_host(rest.substr(0, slash));
    name.host = lower(rest.substr(0, slash));
    rest = rest.substr(slash + 1);
  } else {
    name.host = hub_host;
  }
  if (name.host == "index.docker.io" || name.host == hub_server) name.host = hub_host;
  name.repository =
      (name.host == hub_host && rest.find('/') == std::string_view::npos && !rest.empty() ? "library/" : "") + std::string(rest);
  check_repository(name.repository, text);
  return name;
}

std::string Name::str() const
{
  auto out = path();
  if (tag) out += ':' + *tag;
  if (digest) out += '@' + digest->str();
  return out;
}

std::string Name::reference() const { return digest ? digest->str() : tag.value_or(std::string(standard_tag)); }

}  // namespace cairn::registry
