// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::http {

/// An absolute http or https URL (RFC 3986), without user and password: cairn sends those in one header only.
struct Url {
  std::string scheme;      ///< `http` or `https`
  std::string host;        ///< lower case; an IPv6 address in brackets
  std::uint16_t port = 0;  ///< never 0 after `parse`
  std::string path = "/";  ///< begins with a slash, percent-encoding as it came
  std::string query{};     ///< without the question mark

  /// Throws Error{bad_input}: other schemes, user information, spaces and control characters, a bad host or port. A fragment is dropped.
  [[nodiscard]] static Url parse(std::string_view text);
  /// Where `reference` (a Location or Link header) leads from here: absolute, `//host/…`, `/…`, `?…` or relative. Throws as `parse`.
  [[nodiscard]] Url resolve(std::string_view reference) const;

  [[nodiscard]] std::string str() const;
  /// For logs and errors: the query's values are `***`, since signed addresses carry credentials there.
  [[nodiscard]] std::string redacted() const;
  [[nodiscard]] std::string authority() const;  ///< `host[:port]`, the scheme's own port left out
  [[nodiscard]] bool same_origin(const Url& other) const { return scheme == other.scheme && host == other.host && port == other.port; }
  friend bool operator==(const Url&, const Url&) = default;
};

/// `text` with all but letters, digits and `-._~` percent-encoded: one value of a query.
[[nodiscard]] std::string encoded(std::string_view text);

/// Whether `host` is `localhost` or a loopback address.
[[nodiscard]] bool is_loopback(std::string_view host);
/// Whether both hosts are one, or belong to one owner: they share a domain below a public suffix (publicsuffix.org).
[[nodiscard]] bool same_site(const std::string& a, const std::string& b);

}  // namespace cairn::http
