// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/http/url.hpp>
#include <cairn/python/offer.hpp>

#include <string>
#include <string_view>
#include <vector>

/// One project's page of a simple API (PEP 503, 592, 629, 691, 700): its files. Links are resolved against `page`, where
/// the answer came from; what leads elsewhere than http(s) is left out.
namespace cairn::python {

/// `application/vnd.pypi.simple.v1+json`. Throws Error{bad_input} for what is none, Error{unsupported} for another major version.
[[nodiscard]] std::vector<Offer> parse_simple_json(std::string_view text, const http::Url& page, const std::string& what);

/// HTML: every `<a href>`; hashes in fragments, `data-yanked`, `data-requires-python`, the first `<base href>`.
[[nodiscard]] std::vector<Offer> parse_simple_html(std::string_view text, const http::Url& page);

}  // namespace cairn::python
