// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/version.hpp>

#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

namespace cairn::python {
namespace {

/// Takes pieces off the front of a lower-case text.
class Scanner {
public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  bool take(std::string_view word)
  {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void take_separator()
  {
    if (!rest_.empty() && is_separator(rest_.front())) rest_.remove_prefix(1);
  }
  /// Nothing when there is no digit, or a number too large, after which the text cannot be a version.
  std::optional<std::uint64_t> number()
  {
    const auto digits = take_while(is_digit);
    if (digits.empty()) return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (problem == std::errc{}) return value;
    rest_ = "?";
    return std::nullopt;
  }
  /// `[sep]word[[sep]number]`: the index of the word.
  template <std::size_t Size>
  std::optional<std::size_t> suffix(const std::array<std::string_view, Size>& words, std::uint64_t& count)
  {
    const auto before = rest_;
    take_separator();
    for (std::size_t i = 0; i < words.size(); ++i)
      if (take(words[i])) {
        take_separator();
        count = number().value_or(0);
        return i;
      }
    rest_ = before;
    return std::nullopt;
  }
  std::string_view take_while(bool (*wanted)(char))
  {
    std::size_t n = 0;
    while (n < rest_.size() && wanted(rest_[n])) ++n;
    const auto taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }
  std::string_view rest() const { return rest_; }
  void back_to(std::string_view rest) { rest_ = rest; }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_separator(char c) { return c == '-' || c == '_' || c == '.'; }
  static bool is_local(char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); }

private:
  std::string_view rest_;
};

std::string without_zeros(std::string_view text)
{
  if (!std::ranges::all_of(text, Scanner::is_digit)) return std::string(text);
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size() - 1));
  return std::string(text);
}

bool take_local(Scanner& scanner, Version& version)
{
  if (!scanner.take("+")) return true;
  for (;;) {
    const auto part = scanner.take_while(Scanner::is_local);
    if (part.empty()) return false;
    version.local.push_back(without_zeros(part));
    if (scanner.done() || !Scanner::is_separator(scanner.rest().front())) return true;
    scanner.take_separator();
  }
}

bool is_number(const std::string& part) { return Scanner::is_digit(part.front()) && std::ranges::all_of(part, Scanner::is_digit); }

/// Numbers are larger than words.
std::strong_ordering compare_local(const std::string& a, const std::string& b)
{
  if (is_number(a) != is_number(b)) return is_number(a) ? std::strong_ordering::greater : std::strong_ordering::less;
  if (is_number(a) && a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

/// Where a version without a pre-release stands among those with one: a bare dev release first, all others last.
std::tuple<int, std::uint64_t> pre_key(const Version& version)
{
  if (version.pre) return {static_cast<int>(version.pre->first), version.pre->second};
  return {!version.post && version.dev ? -1 : 3, 0};
}

}  // namespace

std::optional<Version> Version::parse(std::string_view text)
{
  const auto lower = to_lower(trim(text));
  Scanner scanner(lower);
  Version version;
  scanner.take("v");
  auto first = scanner.number();
  if (!first) return std::nullopt;
  if (scanner.take("!")) {
    version.epoch = *first;
    first = scanner.number();
    if (!first) return std::nullopt;
  }
  version.release.push_back(*first);
  for (;;) {
    const auto before = scanner.rest();
    if (!scanner.take(".")) break;
    const auto next = scanner.number();
    if (!next) {
      scanner.back_to(scanner.rest() == "?" ? "?" : before);
      break;
    }
    version.release.push_back(*next);
  }
  std::uint64_t count = 0;
  static constexpr std::array<std::string_view, 8> pre_words{"alpha", "a", "beta", "b", "preview", "pre", "c", "rc"};
  static constexpr std::array<Pre, 8> pre_kinds{Pre::a, Pre::a, Pre::b, Pre::b, Pre::rc, Pre::rc, Pre::rc, Pre::rc};
  if (const auto word = scanner.suffix(pre_words, count)) version.pre = {pre_kinds[*word], count};
  static constexpr std::array<std::string_view, 3> post_words{"post", "rev", "r"};
  const auto before_post = scanner.rest();
  if (scanner.suffix(post_words, count)) version.post = count;
  else if (scanner.take("-") && !(version.post = scanner.number())) scanner.back_to(scanner.rest() == "?" ? "?" : before_post);
  static constexpr std::array<std::string_view, 1> dev_words{"dev"};
  if (scanner.suffix(dev_words, count)) version.dev = count;
  if (!take_local(scanner, version) || !scanner.done()) return std::nullopt;
  return version;
}

std::string Version::str() const
{
  std::string text = epoch == 0 ? "" : fmt::format("{}!", epoch);
  text += fmt::format("{}", fmt::join(release, "."));
  static constexpr std::array<std::string_view, 3> pre_names{"a", "b", "rc"};
  if (pre) text += fmt::format("{}{}", pre_names[static_cast<std::size_t>(pre->first)], pre->second);
  if (post) text += fmt::format(".post{}", *post);
  if (dev) text += fmt::format(".dev{}", *dev);
  if (!local.empty()) text += fmt::format("+{}", fmt::join(local, "."));
  return text;
}

Version Version::without_local() const
{
  auto version = *this;
  version.local.clear();
  return version;
}

Version Version::base() const { return {epoch, release}; }

std::strong_ordering operator<=>(const Version& a, const Version& b)
{
  if (const auto order = a.epoch <=> b.epoch; order != 0) return order;
  for (std::size_t i = 0; i < std::max(a.release.size(), b.release.size()); ++i) {
    const auto at = [i](const Version& version) { return i < version.release.size() ? version.release[i] : 0; };
    if (const auto order = at(a) <=> at(b); order != 0) return order;
  }
  if (const auto order = pre_key(a) <=> pre_key(b); order != 0) return order;
  if (const auto order = a.post <=> b.post; order != 0) return order;  // nothing is less than any
  if (const auto order = a.dev.value_or(UINT64_MAX) <=> b.dev.value_or(UINT64_MAX); order != 0) return order;
  return std::lexicographical_compare_three_way(a.local.begin(), a.local.end(), b.local.begin(), b.local.end(), compare_local);
}

}  // namespace cairn::python
