// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Values as manifests have them, and their YAML. Members stay in the order in which they were given.
///
///     const Value claim = Map{{"kind", "PersistentVolumeClaim"}, {"metadata", Map{{"name", "modules"}}}};
///     const auto text = yaml(claim);
namespace cairn::deploy {

struct Value;
using List = std::vector<Value>;
using Map = std::vector<std::pair<std::string, Value>>;

struct Value {
  std::variant<bool, std::int64_t, std::string, List, Map> what;

  Value(const char* text) : what(std::string(text)) {}           // NOLINT(google-explicit-constructor): makes manifests readable
  Value(std::string_view text) : what(std::string(text)) {}      // NOLINT(google-explicit-constructor)
  Value(std::string text) : what(std::move(text)) {}             // NOLINT(google-explicit-constructor)
  Value(List list) : what(std::move(list)) {}                    // NOLINT(google-explicit-constructor)
  Value(Map map) : what(std::move(map)) {}                       // NOLINT(google-explicit-constructor)
  template <std::same_as<bool> Bool>
  Value(Bool flag) : what(flag)
  {
  }                               // NOLINT(google-explicit-constructor)
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>)
  Value(Integer number) : what(static_cast<std::int64_t>(number))
  {
  }  // NOLINT(google-explicit-constructor)

  friend bool operator==(const Value&, const Value&) = default;
};

/// The member `key` of a map, made when missing.
[[nodiscard]] Value& member(Map& map, std::string_view key);

/// Block style, two spaces a level; text of several lines as a literal block. Text is quoted where a YAML 1.1 or 1.2 reader could take it
/// for something else. Empty maps and lists are `{}` and `[]`. Ends in a newline.
[[nodiscard]] std::string yaml(const Value& value);

}  // namespace cairn::deploy
