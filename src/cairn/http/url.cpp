// SPDX-License-Identifier: Apache-2.0
#include <cairn/http/url.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <libpsl.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <vector>

#include <arpa/inet.h>

namespace cairn::http {
namespace {

constexpr std::size_t longest_url = 8192;

std::string lower(std::string_view text)
{
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::uint16_t standard_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

[[noreturn]] void fail(std::string_view text, std::string_view problem)
{
  // What follows a question mark, or stands before an @, may be a credential.
  const auto end = std::min(text.find('?'), text.find('#'));
  auto shown = std::string(text.substr(0, std::min<std::size_t>(end, 200)));
  if (const auto at = shown.find('@'); at != std::string::npos) shown = "***" + shown.substr(at);
  throw Error(Errc::bad_input, fmt::format("URL {}: {}", printable(shown), problem));
}

void read_authority(Url& url, std::string_view authority, std::string_view text)
{
  if (authority.find('@') != std::string_view::npos) fail(text, "holds a user name; credentials do not belong in a URL");
  auto host = authority;
  std::string_view port;
  const auto bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  if (authority.starts_with('[') && bracket == std::string_view::npos) fail(text, "no ] after the address");
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
  }
  if (host.empty()) fail(text, "names no host");
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == '[' || c == ']' || c == ':';
  };
  url.host = lower(host);
  if (!std::ranges::all_of(url.host, allowed) || (!url.host.starts_with('[') && url.host.find_first_of("[]:") != std::string::npos))
    fail(text, "the host has a character that no host has");
  url.port = standard_port(url.scheme);
  if (port.empty()) return;
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (problem != std::errc{} || end != port.data() + port.size() || url.port == 0) fail(text, "the port is not a number from 1 to 65535");
}

/// RFC 3986, 5.2.4.
std::string without_dots(std::string_view path)
{
  std::vector<std::string_view> parts;
  const bool directory = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  for (std::size_t at = 0; at < path.size();) {
    const auto next = std::min(path.find('/', at + 1), path.size());
    const auto part = path.substr(at + 1, next - at - 1);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (part != "." && (!part.empty() || next != path.size())) {
      parts.push_back(part);
    }
    at = next;
  }
  std::string out;
  for (const auto part : parts) out += '/' + std::string(part);
  if (directory || out.empty()) out += '/';
  return out;
}

void read_path(Url& url, std::string_view rest)
{
  rest = rest.substr(0, rest.find('#'));
  const auto question = rest.find('?');
  url.query = question == std::string_view::npos ? "" : std::string(rest.substr(question + 1));
  url.path = std::string(rest.substr(0, question));
  if (url.path.empty()) url.path = "/";
}

void check_characters(std::string_view text)
{
  if (text.size() > longest_url) fail(text, fmt::format("{} bytes, the limit is {}", text.size(), longest_url));
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '\\'; }))
    fail(text, "holds a space, a backslash or a control character");
}

}  // namespace

Url Url::parse(std::string_view text)
{
  check_characters(text);
  const auto colon = text.find("://");
  Url url;
  url.scheme = lower(text.substr(0, colon == std::string_view::npos ? 0 : colon));
  if (url.scheme != "http" && url.scheme != "https") fail(text, "is neither http nor https");
  const auto rest = text.substr(colon + 3);
  const auto path = std::min(rest.find_first_of("/?#"), rest.size());
  read_authority(url, rest.substr(0, path), text);
  read_path(url, rest.substr(path));
  return url;
}

Url Url::resolve(std::string_view reference) const
{
  check_characters(reference);
  const auto scheme_end = reference.find_first_of(":/?#");
  if (scheme_end != std::string_view::npos && reference[scheme_end] == ':' && scheme_end != 0) return parse(reference);
  if (reference.starts_with("//")) return parse(fmt::format("{}:{}", scheme, reference));
  auto url = *this;
  if (reference.starts_with('/')) {
    read_path(url, reference);
    url.path = without_dots(url.path);
  } else if (reference.starts_with('?') || reference.starts_with('#') || reference.empty()) {
    if (reference.starts_with('?')) url.query = std::string(reference.substr(1, reference.find('#') - 1));
  } else {
    read_path(url, path.substr(0, path.rfind('/') + 1) + std::string(reference));
    url.path = without_dots(url.path);
  }
  return url;
}

std::string Url::authority() const { return port == standard_port(scheme) ? host : fmt::format("{}:{}", host, port); }

std::string Url::str() const { return fmt::format("{}://{}{}{}{}", scheme, authority(), path, query.empty() ? "" : "?", query); }

std::string Url::redacted() const
{
  std::string shown;
  for (std::size_t at = 0; at < query.size();) {
    const auto end = std::min(query.find('&', at), query.size());
    const auto part = std::string_view(query).substr(at, end - at);
    const auto equals = part.find('=');
    shown += fmt::format("{}{}{}", shown.empty() ? "?" : "&", part.substr(0, equals), equals == std::string_view::npos ? "" : "=***");
    at = end + 1;
  }
  return fmt::format("{}://{}{}{}", scheme, authority(), path, shown);
}

std::string encoded(std::string_view text)
{
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

bool is_loopback(std::string_view host)
{
  if (host == "localhost" || host.ends_with(".localhost") || host == "[::1]") return true;
  in_addr address{};
  return ::inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

bool same_site(const std::string& a, const std::string& b)
{
  if (a == b) return true;
  const auto is_address = [](const std::string& host) {
    in_addr address{};
    return host.starts_with('[') || ::inet_pton(AF_INET, host.c_str(), &address) == 1;
  };
  if (is_address(a) || is_address(b)) return false;
  const auto* list = ::psl_builtin();
  const auto domain = [&](const std::string& host) {
    const char* found = list == nullptr ? nullptr : ::psl_registrable_domain(list, host.c_str());
    return std::string(found == nullptr ? "" : found);
  };
  const auto mine = domain(a);
  return !mine.empty() && mine == domain(b);
}

}  // namespace cairn::http
