// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/specifier.hpp>

#include <cairn/python/text.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace cairn::python {
namespace {

using Operator = Specifier::Operator;

constexpr std::array<std::pair<std::string_view, Operator>, 8> operators{{{"===", Operator::arbitrary},
                                                                          {"~=", Operator::compatible},
                                                                          {"==", Operator::equal},
                                                                          {"!=", Operator::not_equal},
                                                                          {"<=", Operator::at_most},
                                                                          {">=", Operator::at_least},
                                                                          {"<", Operator::below},
                                                                          {">", Operator::above}}};

/// Whether epoch and the first `size` numbers of the release are those of `prefix`; missing ones are 0.
bool has_prefix(const Version& version, const Version& prefix, std::size_t size)
{
  if (version.epoch != prefix.epoch) return false;
  for (std::size_t i = 0; i < size; ++i)
    if ((i < version.release.size() ? version.release[i] : 0) != prefix.release[i]) return false;
  return true;
}

bool is_arbitrary_text(std::string_view text) { return text.find_first_of(" \t\n\r\v\f;)") == std::string_view::npos; }

}  // namespace

std::optional<Specifier> Specifier::parse(std::string_view text)
{
  text = trim(text);
  const auto found = std::ranges::find_if(operators, [&](const auto& one) { return text.starts_with(one.first); });
  if (found == operators.end()) return std::nullopt;
  Specifier specifier;
  specifier.op_ = found->second;
  auto rest = trim(text.substr(found->first.size()));
  specifier.text_ = rest;
  if (specifier.op_ == Operator::arbitrary) return is_arbitrary_text(rest) ? std::optional(specifier) : std::nullopt;
  const bool is_equality = specifier.op_ == Operator::equal || specifier.op_ == Operator::not_equal;
  if (rest.ends_with(".*")) {
    rest.remove_suffix(2);
    specifier.is_prefix_ = true;
  }
  auto version = Version::parse(rest);
  if (!version || rest != trim(rest)) return std::nullopt;
  if (specifier.is_prefix_ && (!is_equality || version->pre || version->post || version->dev || !version->local.empty()))
    return std::nullopt;
  if (!is_equality && !version->local.empty()) return std::nullopt;
  if (specifier.op_ == Operator::compatible && version->release.size() < 2) return std::nullopt;
  // The grammar for versions in clauses has no separator alone behind a number: `1.0a.` is none.
  if (rest.find_last_of("-_.") == rest.size() - 1 && specifier.is_prefix_) return std::nullopt;
  specifier.version_ = std::move(*version);
  return specifier;
}

bool Specifier::contains(std::string_view version) const
{
  if (op_ == Operator::arbitrary) return to_lower(version) == to_lower(text_);
  const auto parsed = Version::parse(version);
  return parsed && contains(*parsed);
}

bool Specifier::contains(const Version& version) const
{
  const auto is_equal = [&] {
    if (is_prefix_) return has_prefix(version, version_, version_.release.size());
    return version_.local.empty() ? version.without_local() == version_ : version == version_;
  };
  switch (op_) {
    case Operator::arbitrary: return to_lower(version.str()) == to_lower(text_);
    case Operator::equal: return is_equal();
    case Operator::not_equal: return !is_equal();
    case Operator::at_most: return version.without_local() <= version_;
    case Operator::at_least: return version.without_local() >= version_;
    case Operator::compatible: return version.without_local() >= version_ && has_prefix(version, version_, version_.release.size() - 1);
    case Operator::below: {
      auto bound = version_;  // its own pre-releases are not below it
      if (!bound.is_prerelease()) bound.dev = 0;
      return version < bound;
    }
    case Operator::above: {
      auto bound = version_;  // neither are its own post-releases and local versions above it
      if (bound.dev) ++*bound.dev;
      else if (bound.post) ++*bound.post, bound.dev = 0;
      if (bound != version_) return version >= bound;
      return version > version_ && (version.epoch != version_.epoch || version.pre != version_.pre || version.base() != version_.base());
    }
  }
  return false;
}

std::optional<std::vector<Specifier>> parse_specifiers(std::string_view text)
{
  std::vector<Specifier> specifiers;
  for (const auto part : split(text, ',')) {
    if (trim(part).empty()) continue;
    auto specifier = Specifier::parse(part);
    if (!specifier) return std::nullopt;
    specifiers.push_back(std::move(*specifier));
  }
  return specifiers;
}

bool contains(const std::vector<Specifier>& specifiers, const Version& version)
{
  return std::ranges::all_of(specifiers, [&](const Specifier& specifier) { return specifier.contains(version); });
}

}  // namespace cairn::python
