// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/http/clock.hpp>
#include <cairn/http/message.hpp>
#include <cairn/http/tls.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

/// Requests over one libcurl multi loop on a thread of its own: pooled connections, HTTP/1.1 and 2, proxies, TLS, tries
/// again, redirects. Everything logged (debug level) is redacted.
namespace cairn::http {

/// When and how often to try again. A try that failed waits a random time up to base, 2 base, 4 base … (full jitter).
struct RetryPolicy {
  unsigned tries = 8;  ///< so that one request in three may fail and a transfer of many still succeeds
  unsigned unreachable_tries = 3;  ///< of a host that is not there: refused, no such name
  std::chrono::milliseconds base{1000};
  std::chrono::milliseconds longest{60'000};
  std::chrono::seconds longest_asked{300};  ///< of a Retry-After; what asks for more ends the request
};

struct Options {
  std::string user_agent = "cairn";
  std::string http_proxy{};   ///< URL; may hold credentials, which only the proxy sees
  std::string https_proxy{};
  std::string no_proxy{};     ///< hosts, domains, addresses and CIDR ranges, separated by commas
  std::function<Tls(const Url&)> tls{};  ///< by origin; default: the system's authorities
  RetryPolicy retry{};
  std::chrono::milliseconds connect_within{30'000};
  std::chrono::milliseconds patience{60'000};  ///< a transfer slower than 1 KiB/s for so long is dead
  std::size_t connections = 16;       ///< to one host
  std::shared_ptr<const Clock> clock = std::make_shared<Clock>();  // shared with whoever else waits
};

/// 408 429 499 500 502 503 504 522: the same request may succeed later.
[[nodiscard]] bool is_transient(int status);

class Loop;

/// Any thread.
class Client {
public:
  explicit Client(Options options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Send `request`; whatever status comes back last is returned, its body whole. What fails for a while (is_transient,
  /// a broken connection) is sent again as the policy says, PATCH excepted: only its sender knows what arrived. Redirects:
  /// at most 5, never from https to http, Authorization only to its own origin. Throws Error: network (no answer),
  /// permission (TLS, forbidden address), limit (body over `limit_bytes`, Retry-After over the longest, redirects),
  /// bad_input (a redirect that leads nowhere); Cancelled.
  [[nodiscard]] Reply send(const Request& request, std::uint64_t limit_bytes, const Task& task) const;
  /// As `send` up to the headers. Not tried again once the body has begun.
  [[nodiscard]] std::unique_ptr<Exchange> open(const Request& request, const Task& task) const;
  /// Wait before try number `failed` + 1 as the policy says.
  void wait(unsigned failed, const Task& task) const;

  [[nodiscard]] const Options& options() const { return options_; }

private:
  [[nodiscard]] std::unique_ptr<Exchange> open_once(const Request& request, const Task& task) const;
  [[nodiscard]] std::unique_ptr<Exchange> follow(Request request, const Task& task) const;
  void wait_as_told(const Response& response, unsigned failed, const Task& task) const;

  Options options_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace cairn::http
