// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/secret.hpp>
#include <cairn/http/url.hpp>
#include <cairn/io/stream.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::http {

struct Header {
  std::string name;  ///< in a response: lower case
  std::string value;
};
using Headers = std::vector<Header>;

/// What is sent: opened anew for each try, so it must give the same bytes each time.
class Body {
public:
  virtual ~Body() = default;
  [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Source> open() const = 0;
};

/// From memory that outlives the request.
class MemoryBody final : public Body {
public:
  explicit MemoryBody(std::string_view text) : text_(text) {}
  [[nodiscard]] std::uint64_t size_bytes() const override { return text_.size(); }
  [[nodiscard]] std::unique_ptr<Source> open() const override { return std::make_unique<MemorySource>(text_); }

private:
  std::string_view text_;
};

/// Bulk keeps to HTTP/1.1, one connection each: over HTTP/2 one stream that waits for its reader holds up the others.
enum class Traffic { small, bulk };
/// Which addresses may be connected to. Where another host told us to go, it must not lead to this machine or its link.
enum class Reach { anywhere, no_local, no_link };
enum class Redirects { follow, refuse };

struct Request {
  std::string method = "GET";
  Url url;
  Headers headers{};
  Secret authorization{};       ///< value of Authorization; never sent to another origin
  const Body* body = nullptr;
  Traffic traffic = Traffic::small;
  Reach reach = Reach::anywhere;
  Redirects redirects = Redirects::refuse;
  unsigned tries = 0;  ///< 0: as the client's policy says
  /// How long the answer may take to begin once all is sent. Between bytes it is Options::patience.
  std::chrono::milliseconds answer_within{300'000};
};

struct Response {
  int status = 0;
  Headers headers{};
  Url url{};  ///< where it came from, after redirects
  /// The first header of that name (lower case).
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
};

/// A response with its body, whole.
struct Reply : Response {
  std::string body{};
};

/// A response whose body is read as it comes, with bounded memory. Dropping it early closes its connection. `read` throws
/// Error{network} when the transfer breaks or is shorter than announced. One thread at a time.
class Exchange : public Source {
public:
  [[nodiscard]] virtual const Response& response() const = 0;
};

}  // namespace cairn::http
