// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Reading and writing JSON (RFC 8259) for every room: the JSON library itself stays behind this header.
///
///     const auto document = JsonDocument::parse(text, "library.json");
///     const Json root = document.root();
///     root.check_keys({"format", "units"}, UnknownKeys::refuse);
///     for (const Json unit : root.at("units").array()) add(unit.at("name").string(), unit.at("size").uint64());
///
///     JsonWriter json;
///     json.begin_object().member("format", 1).begin_array("units");
///     for (const auto& unit : units) json.begin_object().member("name", unit.name).end_object();
///     json.end_array().end_object();
///     const std::string text = json.finish();
namespace cairn::oci {

/// Integers over this lose digits in readers that keep numbers as doubles (RFC 7493 2.2).
inline constexpr std::uint64_t json_safe_integer = (std::uint64_t{1} << 53) - 1;
/// Arrays and objects may lie this deep in one another.
inline constexpr std::size_t json_depth_limit = 64;

enum class UnknownKeys { accept, refuse };

class JsonItems;

/// One value of a document. A small view: copy it freely, but not beyond its document. What a getter does not find as
/// it should be is Error{bad_input} that names the document and the path (`library.json: 'units[3].size': …`).
/// Any thread.
class Json {
public:
  enum class Kind { null, boolean, integer, number, string, array, object };

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] std::string path() const;     ///< `units[3].size`; empty for the root
  [[nodiscard]] std::string_view key() const;  ///< a member's own name; empty for other values

  [[nodiscard]] std::string_view string() const;
  [[nodiscard]] bool boolean() const;
  /// A number without sign, fraction or exponent, at most `most`.
  [[nodiscard]] std::uint64_t uint64(std::uint64_t most = json_safe_integer) const;
  /// A number without fraction or exponent.
  [[nodiscard]] std::int64_t int64() const;
  /// A string `sha256:<64 hex>`. Also Error{unsupported} for other algorithms.
  [[nodiscard]] Digest digest() const;
  /// An array of strings.
  [[nodiscard]] std::vector<std::string> strings() const;

  [[nodiscard]] JsonItems array() const;   ///< the elements, in order
  [[nodiscard]] JsonItems object() const;  ///< the members, sorted by `key()`
  /// A member that must be there and not be null.
  [[nodiscard]] Json at(std::string_view key) const;
  /// A member; null counts as absent, since Go programs write it for what is empty.
  [[nodiscard]] std::optional<Json> find(std::string_view key) const;

  /// A member that is a string; empty when there is none.
  [[nodiscard]] std::string text(std::string_view key) const;

  /// Refuse members whose key differs from one of `known` in letter case alone (Go would read them, others not), and,
  /// if asked, all others that are not `known`.
  void check_keys(std::initializer_list<std::string_view> known, UnknownKeys unknown) const;
  /// Throw Error{bad_input} that says where this value is, then `problem`.
  [[noreturn]] void fail(const std::string& problem) const;

private:
  friend class JsonDocument;
  friend class JsonItems;
  friend class JsonWriter;
  struct Data;
  struct Reading;
  Json(const Data& data, std::uint32_t node) : data_(&data), node_(node) {}
  [[nodiscard]] std::string_view number_text() const;

  const Data* data_;
  std::uint32_t node_;
};

/// The elements of an array or the members of an object.
class JsonItems {
public:
  class Iterator {
  public:
    using value_type = Json;
    using difference_type = std::ptrdiff_t;
    Iterator(const Json::Data& data, const std::uint32_t* at) : data_(&data), at_(at) {}
    Json operator*() const { return {*data_, *at_}; }
    Iterator& operator++()
    {
      ++at_;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

  private:
    const Json::Data* data_;
    const std::uint32_t* at_;
  };

  [[nodiscard]] Iterator begin() const { return {*data_, first_}; }
  [[nodiscard]] Iterator end() const { return {*data_, first_ + size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] Json operator[](std::size_t index) const { return {*data_, first_[index]}; }

private:
  friend class Json;
  JsonItems(const Json::Data& data, const std::uint32_t* first, std::size_t size) : data_(&data), first_(first), size_(size) {}

  const Json::Data* data_;
  const std::uint32_t* first_;
  std::size_t size_;
};

/// Owns what was read. About 32 bytes a value. Any thread.
class JsonDocument {
public:
  /// Strict: UTF-8 without byte order mark, no duplicate keys, nothing after the value, at most json_depth_limit deep.
  /// Throws Error{bad_input}, and Error{limit} for 4 GiB or more, naming `what`.
  [[nodiscard]] static JsonDocument parse(std::string_view text, std::string what);
  ~JsonDocument();
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;

  [[nodiscard]] Json root() const;

private:
  explicit JsonDocument(std::unique_ptr<Json::Data> data);
  std::unique_ptr<Json::Data> data_;
};

enum class JsonStyle {
  canonical,  ///< members sorted by key, no white space: equal values give equal bytes
  readable,   ///< members in the order given, two spaces a level
};

/// Writes one JSON value piece by piece. Misuse (an end too many, two members of one key) is a bug and asserts. Strings that are
/// not UTF-8 are Error{bad_input}. One thread at a time.
class JsonWriter {
public:
  explicit JsonWriter(JsonStyle style = JsonStyle::canonical) : style_(style) {}

  JsonWriter& begin_object();
  JsonWriter& begin_object(std::string_view key) { return this->key(key).begin_object(); }
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& begin_array(std::string_view key) { return this->key(key).begin_array(); }
  JsonWriter& end_array();

  /// The name of the member whose value comes next.
  JsonWriter& key(std::string_view key);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(std::nullptr_t);
  JsonWriter& value(const Json& copied);  ///< all of it, from another document
  JsonWriter& value(const Digest& digest) { return value(std::string_view(digest.str())); }
  template <std::same_as<bool> Bool>
  JsonWriter& value(Bool flag)
  {
    return write_token(flag ? "true" : "false");
  }
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>)
  JsonWriter& value(Integer number)
  {
    return write_token(std::to_string(number));
  }
  JsonWriter& value(double number);  ///< the shortest text that reads back the same; must be finite
  /// An array of strings, digests, numbers.
  template <class Value>
  JsonWriter& value(const std::vector<Value>& values)
  {
    begin_array();
    for (const auto& one : values) value(one);
    return end_array();
  }

  template <class Value>
  JsonWriter& member(std::string_view key, const Value& value)
  {
    this->key(key);
    return this->value(value);
  }
  /// A member unless `value` is empty (a string, a vector).
  template <class Value>
  JsonWriter& member_unless_empty(std::string_view key, const Value& value)
  {
    return value.empty() ? *this : member(key, value);
  }

  /// The text; every array and object must have ended. No newline at the end. The writer starts anew.
  [[nodiscard]] std::string finish();

private:
  struct Member {
    std::string key;
    std::size_t begin;  ///< where in out_ its text (with key) starts
    std::size_t end;
  };
  struct Level {
    bool object;
    std::size_t begin = 0;  ///< behind the opening bracket
    std::size_t items = 0;
    std::vector<Member> members;
  };
  JsonWriter& write_token(std::string_view token);
  JsonWriter& open(bool object);
  JsonWriter& close(bool object);
  void before_value();
  void after_value();
  void separate(const Level& level);
  void newline();
  void quote(std::string_view text);
  static void sort_members(std::string& out, Level& level);

  JsonStyle style_;
  std::string out_;
  std::vector<Level> levels_;
  bool keyed_ = false;  ///< a key was written, its value comes next
};

}  // namespace cairn::oci
