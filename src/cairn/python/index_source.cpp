// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/index_source.hpp>

#include <cairn/base/error.hpp>
#include <cairn/python/simple_page.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cairn::python {
namespace {

constexpr std::uint64_t page_limit_bytes = std::uint64_t{64} << 20;
constexpr std::string_view json_type = "application/vnd.pypi.simple.v1+json";
constexpr std::string_view accept = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01";

std::string base64(std::string_view text)
{
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out += digits[bits >> (count - 6) & 63];
  }
  if (count > 0) out += digits[bits << (6 - count) & 63];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

class IndexSource final : public WheelSource {
public:
  IndexSource(const http::Client& client, std::string url, std::string_view netrc) : client_(client)
  {
    std::optional<Login> login;
    const auto scheme = url.find("://");
    const auto end = scheme == std::string::npos ? scheme : url.find('/', scheme + 3);
    const auto at = url.rfind('@', end);
    if (scheme != std::string::npos && at != std::string::npos && at > scheme) {
      const auto user = url.substr(scheme + 3, at - scheme - 3);
      const auto colon = user.find(':');
      login =
          Login{percent_decoded(user.substr(0, colon)), Secret(colon == std::string::npos ? "" : percent_decoded(user.substr(colon + 1)))};
      url.erase(scheme + 3, at - scheme - 2);
    }
    url_ = http::Url::parse(url);
    if (!login) login = find_login(netrc, url_.host);
    if (login) authorization_ = Secret("Basic " + base64(login->user + ":" + login->password.reveal()));
    while (url_.path.ends_with('/')) url_.path.pop_back();
  }

  std::string key() const override { return url_.str(); }
  std::string shown() const override { return url_.redacted(); }

  std::vector<Offer> offers(const std::string& name, const Task& task) override
  {
    auto request = request_for(url_);
    request.url.path += "/" + name + "/";
    request.headers.push_back({"Accept", std::string(accept)});
    const auto what = request.url.redacted();
    const auto reply = client_.send(request, page_limit_bytes, task);
    if (reply.status == 404 || reply.status == 410) return {};
    check_status(reply, what);
    const auto type = trim(split(reply.header("content-type").value_or(""), ';').front());
    if (type == json_type || type == "application/json") return parse_simple_json(reply.body, reply.url, what);
    return parse_simple_html(reply.body, reply.url);
  }

  std::unique_ptr<Source> open(const Offer& offer, const Task& task) override
  {
    auto request = request_for(http::Url::parse(offer.place));
    request.traffic = http::Traffic::bulk;
    auto exchange = client_.open(request, task);
    check_status(exchange->response(), request.url.redacted());
    return exchange;
  }

private:
  [[nodiscard]] http::Request request_for(const http::Url& url) const
  {
    http::Request request;
    request.url = url;
    request.redirects = http::Redirects::follow;
    if (url.same_origin(url_)) request.authorization = authorization_;
    return request;
  }

  static void check_status(const http::Response& response, const std::string& what)
  {
    if (response.status >= 200 && response.status < 300) return;
    const auto code = response.status == 404                             ? Errc::not_found
                      : response.status == 401 || response.status == 403 ? Errc::permission
                                                                         : Errc::network;
    throw Error(code, fmt::format("{}: the index answers {}{}", what, response.status,
                                  code == Errc::permission ? "; give credentials in the source's URL or in netrc" : ""));
  }

  const http::Client& client_;
  http::Url url_;
  Secret authorization_;
};

}  // namespace

std::optional<Login> find_login(std::string_view netrc, const std::string& host)
{
  std::vector<std::string_view> words;
  for (const auto line : split_lines(netrc)) {
    for (const auto part : split(line, ' ')) {
      const auto word = trim(part);
      if (word.starts_with('#') && words.empty()) break;
      if (!word.empty()) words.push_back(word);
    }
  }
  std::optional<Login> otherwise;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool is_default = words[i] == "default";
    if (!is_default && (words[i] != "machine" || i + 1 >= words.size())) continue;
    const bool is_host = !is_default && words[++i] == host;
    Login login;
    while (i + 2 < words.size() && (words[i + 1] == "login" || words[i + 1] == "password" || words[i + 1] == "account")) {
      if (words[i + 1] == "login") login.user = words[i + 2];
      if (words[i + 1] == "password") login.password = Secret(std::string(words[i + 2]));
      i += 2;
    }
    if (is_host) return login;
    if (is_default && !otherwise) otherwise = login;
  }
  return otherwise;
}

std::unique_ptr<WheelSource> index_source(const http::Client& client, std::string url, std::string_view netrc)
{
  return std::make_unique<IndexSource>(client, std::move(url), netrc);
}

}  // namespace cairn::python
