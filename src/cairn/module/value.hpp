// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cairn::module {

struct Value;
using List = std::vector<Value>;             ///< a Lua table with the keys 1 to n
using Table = std::map<std::string, Value>;  ///< a Lua table with string keys

/// A Lua value that is data: what sandboxed code said, or a part of a spider cache.
struct Value {
  std::variant<bool, std::int64_t, std::string, List, Table> data;

  Value(bool value) : data(value) {}
  Value(std::int64_t value) : data(value) {}
  Value(std::string value) : data(std::move(value)) {}
  Value(std::string_view value) : data(std::string(value)) {}
  Value(const char* value) : data(std::string(value)) {}
  Value(List value) : data(std::move(value)) {}
  Value(Table value) : data(std::move(value)) {}
};

/// Where `key = value` stands: alone in the file, or inside another table.
enum class Place { top, nested };

/// `key = value` as Lua source, laid out byte for byte as Lmod 8.6.19's serializeTbl does at a width of 80, `indent`
/// blanks in. Exceptions, so that the text always loads: a higher bracket level where Lmod's would close early, `\r` in
/// a quoted string, escapes in a key, and `goto` as a quoted key.
[[nodiscard]] std::string serialized(std::string_view key, const Value& value, std::size_t indent, Place place);

/// The opening and closing lines around nested text that was serialized before, `key = {` … `}`, and what `body` appends
/// between them.
void append_around(std::string& out, std::string_view key, std::size_t indent, Place place, const std::function<void(std::string&)>& body);

}  // namespace cairn::module
