// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/canonical_version.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <vector>

namespace cairn::module {
namespace {

constexpr std::string_view final_part = "*zfinal";
constexpr std::string_view patch_part = "*zfinal-";
constexpr std::string_view zero_part = "000000000";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

/// Words that stand for a stage of a release.
std::string word_part(std::string_view word)
{
  if (word == "pre" || word == "preview" || word == "rc") return "*c";
  if (word == "dev") return "*@";
  if (word == "p" || word == "-") return std::string(patch_part);
  return fmt::format("*{}", word);
}

std::string number_part(std::string_view digits)
{
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{}) return std::string(digits);
  return fmt::format("{:09}", value);
}

std::vector<std::string> parts(std::string_view text)
{
  std::vector<std::string> out;
  std::size_t at = 0;
  const auto run = [&](bool (*belongs)(char)) {
    const auto start = at;
    while (at < text.size() && belongs(text[at])) ++at;
    return text.substr(start, at - start);
  };
  for (;;) {
    if (at < text.size() && text[at] == '.') {
      ++at;
      if (at == 1) {
        out.emplace_back(zero_part);
        continue;
      }
    }
    if (at == text.size()) break;
    const char c = text[at];
    if (is_digit(c)) {
      out.push_back(number_part(run(is_digit)));
    } else if (is_lower(c)) {
      out.push_back(word_part(run(is_lower)));
    } else if (text.substr(at).starts_with("-p")) {
      at += 2;
      out.emplace_back(patch_part);
    } else {
      ++at;
      out.push_back(c == '/' ? "/" : word_part(std::string_view(&c, 1)));
    }
  }
  out.emplace_back(final_part);
  return out;
}

}  // namespace

std::string canonical_version(std::string_view version)
{
  std::string text(version);
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');

  std::vector<std::string> kept;
  const auto drop = [&](std::string_view part) {
    while (!kept.empty() && kept.back() == part) kept.pop_back();
  };
  for (auto& part : parts(text)) {
    if (part.front() == '*') {
      if (part != final_part) drop(patch_part);
      drop(zero_part);
      if (part == final_part) drop(patch_part);
    }
    kept.push_back(std::move(part));
  }

  std::string out;
  for (const auto& part : kept) out += (out.empty() ? "" : ".") + part;
  for (auto at = out.find("./."); at != std::string::npos; at = out.find("./.", at + 1)) out.replace(at, 3, "/");
  return out;
}

}  // namespace cairn::module
