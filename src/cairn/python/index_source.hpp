// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/http/client.hpp>
#include <cairn/python/resolve.hpp>

#include <memory>
#include <optional>
#include <string>

namespace cairn::python {

/// User and password for a host.
struct Login {
  std::string user;
  Secret password;
};

/// What a netrc file (curl's manual, "netrc") says for `host`, or else its `default`.
[[nodiscard]] std::optional<Login> find_login(std::string_view netrc, const std::string& host);

/// A simple API at `url` (`https://user:password@host/simple`): JSON where the index has it, else HTML. Credentials of the
/// URL, or else `netrc` (the text of the file), go to that origin alone. `client` outlives it.
[[nodiscard]] std::unique_ptr<WheelSource> index_source(const http::Client& client, std::string url, std::string_view netrc);

}  // namespace cairn::python
