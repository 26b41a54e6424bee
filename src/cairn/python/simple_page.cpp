// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/simple_page.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <utility>

namespace cairn::python {
namespace {

std::optional<Digest> digest_of(std::string_view hex)
{
  try {
    return Digest::parse("sha256:" + to_lower(hex));
  } catch (const Error&) {
    return std::nullopt;  // an index that writes nonsense has told no hash
  }
}

/// Where `link` leads; nothing for other schemes.
std::optional<http::Url> resolve(const http::Url& page, std::string_view link)
{
  try {
    return page.resolve(link);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string unescape(std::string_view text)
{
  static constexpr std::array<std::pair<std::string_view, char>, 6> names{
      {{"gt;", '>'}, {"lt;", '<'}, {"amp;", '&'}, {"quot;", '"'}, {"#39;", '\''}, {"apos;", '\''}}};
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool found = false;
    if (text[i] == '&')
      for (const auto& [name, c] : names)
        if (text.substr(i + 1).starts_with(name)) {
          out += c;
          i += name.size();
          found = true;
          break;
        }
    if (!found) out += text[i];
  }
  return out;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

/// Attributes of a tag whose name was taken off; moves `text` behind the tag.
std::map<std::string, std::string> attributes(std::string_view& text)
{
  std::map<std::string, std::string> found;
  const auto skip = [&] {
    while (!text.empty() && (is_blank(text.front()) || text.front() == '/')) text.remove_prefix(1);
  };
  for (skip(); !text.empty() && text.front() != '>'; skip()) {
    std::size_t n = 0;
    while (n < text.size() && !is_blank(text[n]) && text[n] != '=' && text[n] != '>' && text[n] != '/') ++n;
    if (n == 0) n = 1;
    const auto name = to_lower(text.substr(0, n));
    text.remove_prefix(n);
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    std::string value;
    if (text.starts_with('=')) {
      text.remove_prefix(1);
      while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
      if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
        const auto end = text.find(text.front(), 1);
        value = unescape(text.substr(1, end == std::string_view::npos ? end : end - 1));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      } else {
        std::size_t k = 0;
        while (k < text.size() && !is_blank(text[k]) && text[k] != '>') ++k;
        value = unescape(text.substr(0, k));
        text.remove_prefix(k);
      }
    }
    found.try_emplace(name, std::move(value));
  }
  return found;
}

}  // namespace

std::vector<Offer> parse_simple_json(std::string_view text, const http::Url& page, const std::string& what)
{
  const auto document = oci::JsonDocument::parse(text, what);
  const auto root = document.root();
  if (const auto meta = root.find("meta"))
    if (const auto version = meta->find("api-version"); version && !version->string().starts_with("1."))
      throw Error(Errc::unsupported, fmt::format("{}: simple API {}: cairn reads version 1", what, printable(version->string())));
  std::vector<Offer> offers;
  for (const auto file : root.at("files").array()) {
    const auto url = resolve(page, file.at("url").string());
    if (!url) continue;
    Offer offer;
    offer.file = file.at("filename").string();
    offer.place = url->str();
    if (const auto hashes = file.find("hashes"))
      if (const auto sha256 = hashes->find("sha256")) offer.digest = digest_of(sha256->string());
    if (const auto requirement = file.find("requires-python")) offer.requires_python = requirement->string();
    if (const auto yanked = file.find("yanked")) offer.yanked = yanked->kind() != oci::Json::Kind::boolean || yanked->boolean();
    if (const auto size = file.find("size"); size && size->kind() == oci::Json::Kind::integer) offer.size_bytes = size->uint64();
    offers.push_back(std::move(offer));
  }
  return offers;
}

std::vector<Offer> parse_simple_html(std::string_view text, const http::Url& page)
{
  auto base = page;
  bool has_base = false;
  std::vector<Offer> offers;
  for (;;) {
    const auto open = text.find('<');
    if (open == std::string_view::npos) return offers;
    text.remove_prefix(open + 1);
    if (text.starts_with("!--")) {
      const auto end = text.find("-->");
      text.remove_prefix(end == std::string_view::npos ? text.size() : end);
      continue;
    }
    std::size_t n = 0;
    while (n < text.size() && !is_blank(text[n]) && text[n] != '>') ++n;
    const auto tag = to_lower(text.substr(0, n));
    if (tag != "a" && tag != "base") continue;
    text.remove_prefix(n);
    auto found = attributes(text);
    const auto link = found.find("href");
    if (link == found.end()) continue;
    const std::string_view href = trim(link->second);
    const auto hash = href.find('#');
    const auto url = resolve(base, href.substr(0, hash));
    if (!url) continue;
    if (tag == "base") {
      if (!has_base) base = *url;
      has_base = true;
      continue;
    }
    Offer offer;
    offer.place = url->str();
    offer.file = percent_decoded(url->path.substr(url->path.rfind('/') + 1));
    if (hash != std::string_view::npos)
      for (const auto part : split(href.substr(hash + 1), '&'))
        if (part.starts_with("sha256=")) offer.digest = digest_of(part.substr(7));
    offer.requires_python = found["data-requires-python"];
    offer.yanked = found.contains("data-yanked");
    if (!offer.file.empty()) offers.push_back(std::move(offer));
  }
}

}  // namespace cairn::python
