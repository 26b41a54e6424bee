// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/challenge.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::registry {
namespace {

constexpr std::size_t longest_header = std::size_t{64} << 10;
constexpr std::size_t most_challenges = 32;

std::string lower(std::string_view text)
{
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

bool is_space(char c) { return c == ' ' || c == '\t'; }

/// Reads one header value from left to right.
class Reader {
public:
  explicit Reader(std::string_view text) : text_(text) {}

  void read(std::vector<Challenge>& challenges)
  {
    for (;;) {
      skip([](char c) { return is_space(c) || c == ','; });
      if (at_ == text_.size()) return;
      const auto word = take_word();
      skip(is_space);
      if (at_ < text_.size() && text_[at_] == '=' && !challenges.empty()) {
        ++at_;
        skip(is_space);
        challenges.back().parameters.emplace(lower(word), take_value());
      } else if (!word.empty() && (at_ == text_.size() || text_[at_] != '=')) {
        challenges.push_back({lower(word)});
        if (challenges.size() > most_challenges)
          throw Error(Errc::limit, fmt::format("WWW-Authenticate: more than {} challenges", most_challenges));
      } else {
        throw Error(Errc::bad_input, fmt::format("WWW-Authenticate: cannot be read at byte {}", at_));
      }
    }
  }

private:
  template <class Wanted>
  void skip(Wanted wanted)
  {
    while (at_ < text_.size() && wanted(text_[at_])) ++at_;
  }
  std::string_view take_word()
  {
    const auto begin = at_;
    skip([](char c) { return !is_space(c) && c != ',' && c != '='; });
    return text_.substr(begin, at_ - begin);
  }
  std::string take_value()
  {
    if (at_ == text_.size() || text_[at_] != '"') {
      // Unquoted: to the comma, since an URL may hold an equals sign.
      const auto begin = at_;
      skip([](char c) { return !is_space(c) && c != ','; });
      return std::string(text_.substr(begin, at_ - begin));
    }
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return value;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      value += text_[at_];
    }
    throw Error(Errc::bad_input, "WWW-Authenticate: a quote without its end");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Challenge> parse_challenges(const std::vector<std::string_view>& values)
{
  std::vector<Challenge> challenges;
  for (const auto value : values) {
    if (value.size() > longest_header)
      throw Error(Errc::limit, fmt::format("WWW-Authenticate: {} bytes, the limit is {}", value.size(), longest_header));
    Reader(value).read(challenges);
  }
  return challenges;
}

std::optional<Challenge> choose(const std::vector<Challenge>& challenges)
{
  for (const std::string_view scheme : {"bearer", "basic"}) {
    const auto found = std::ranges::find(challenges, scheme, &Challenge::scheme);
    if (found != challenges.end()) return *found;
  }
  return std::nullopt;
}

}  // namespace cairn::registry
