// SPDX-License-Identifier: Apache-2.0
#include <cairn/oci/json.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

// A document is three flat tables, so that a library of a hundred thousand files costs megabytes, not hundreds of
// them: nodes, the characters of all strings one after another, and the children of all arrays and objects. A node
// knows its parent: paths are put together only when an error needs one.
namespace cairn::oci {
namespace {

constexpr std::uint32_t no_node = std::numeric_limits<std::uint32_t>::max();

struct Slice {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
};

struct Node {
  Json::Kind kind = Json::Kind::null;
  bool negative = false;       ///< integer: `integer` is the two's complement of an int64
  std::uint32_t parent = no_node;
  Slice key;
  union {
    std::uint64_t integer;
    Slice slice;  ///< string, number: characters; array, object: children
  };
  Node() : integer(0) {}
};

std::string_view kind_name(Json::Kind kind)
{
  switch (kind) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return "a boolean";
    case Json::Kind::integer: return "an integer";
    case Json::Kind::number: return "a number with fraction or exponent";
    case Json::Kind::string: return "a string";
    case Json::Kind::array: return "an array";
    case Json::Kind::object: return "an object";
  }
  return "null";
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_but_for_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

}  // namespace

struct Json::Data {
  std::string what;
  std::string characters;
  std::vector<Node> nodes;
  std::vector<std::uint32_t> children;

  [[nodiscard]] std::string_view text(Slice slice) const { return std::string_view(characters).substr(slice.begin, slice.size); }
  [[nodiscard]] std::span<const std::uint32_t> below(const Node& node) const
  {
    return std::span(children).subspan(node.slice.begin, node.slice.size);
  }
};

/// What nlohmann's SAX parser calls. The parser itself is not recursive, so that depth costs no stack.
struct Json::Reading {
  using json = nlohmann::json;

  Data& data;
  std::vector<std::uint32_t> open{};      ///< arrays and objects not yet ended
  std::vector<std::uint32_t> waiting{};   ///< children of those, the outermost's first
  std::vector<std::size_t> first{};       ///< for each of `open`: where its children begin in `waiting`
  Slice key{};

  Slice keep(std::string_view text)
  {
    const Slice slice{static_cast<std::uint32_t>(data.characters.size()), static_cast<std::uint32_t>(text.size())};
    data.characters += text;
    return slice;
  }
  Node& add(Kind kind)
  {
    const auto id = static_cast<std::uint32_t>(data.nodes.size());
    auto& node = data.nodes.emplace_back();
    node.kind = kind;
    node.key = std::exchange(key, {});
    if (!open.empty()) {
      node.parent = open.back();
      waiting.push_back(id);
    }
    return node;
  }
  bool begin(Kind kind)
  {
    if (open.size() == json_depth_limit)
      throw Error(Errc::bad_input, fmt::format("{}: arrays and objects lie more than {} deep in one another", data.what, json_depth_limit));
    add(kind);
    open.push_back(static_cast<std::uint32_t>(data.nodes.size() - 1));
    first.push_back(waiting.size());
    return true;
  }
  std::uint32_t end()
  {
    const auto id = open.back();
    const auto begin = waiting.begin() + static_cast<std::ptrdiff_t>(first.back());
    data.nodes[id].slice = {static_cast<std::uint32_t>(data.children.size()), static_cast<std::uint32_t>(waiting.end() - begin)};
    data.children.insert(data.children.end(), begin, waiting.end());
    waiting.erase(begin, waiting.end());
    open.pop_back();
    first.pop_back();
    return id;
  }

  bool null()
  {
    add(Kind::null);
    return true;
  }
  bool boolean(bool flag)
  {
    add(Kind::boolean).integer = flag ? 1 : 0;
    return true;
  }
  bool number_integer(std::int64_t number)
  {
    auto& node = add(Kind::integer);
    node.integer = static_cast<std::uint64_t>(number);
    node.negative = number < 0;
    return true;
  }
  bool number_unsigned(std::uint64_t number)
  {
    add(Kind::integer).integer = number;
    return true;
  }
  bool number_float(double, const std::string& text)
  {
    const auto slice = keep(text);
    add(Kind::number).slice = slice;
    return true;
  }
  bool string(const std::string& text)
  {
    const auto slice = keep(text);
    add(Kind::string).slice = slice;
    return true;
  }
  bool binary(json::binary_t&) { return false; }
  bool start_object(std::size_t) { return begin(Kind::object); }
  bool start_array(std::size_t) { return begin(Kind::array); }
  bool end_array()
  {
    end();
    return true;
  }
  bool key_text(std::string_view text)
  {
    key = keep(text);
    return true;
  }
  bool end_object()
  {
    const auto id = end();
    const auto& node = data.nodes[id];
    const std::span members(data.children.data() + node.slice.begin, node.slice.size);
    const auto name = [&](std::uint32_t member) { return data.text(data.nodes[member].key); };
    std::ranges::sort(members, {}, name);
    const auto twice = std::ranges::adjacent_find(members, {}, name);
    if (twice != members.end()) Json(data, *twice).fail("the key is there twice");
    return true;
  }
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& error)
  {
    // nlohmann: "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while … - reason; …"
    std::string_view reason = error.what();
    if (const auto dash = reason.find(" - "); dash != std::string_view::npos) reason.remove_prefix(dash + 3);
    else if (const auto colon = reason.find(": "); colon != std::string_view::npos) reason.remove_prefix(colon + 2);
    reason = reason.substr(0, reason.find("; last read"));
    constexpr std::size_t shown_bytes = 40;
    const auto shown = token.size() > shown_bytes ? token.substr(token.size() - shown_bytes) : token;
    throw Error(Errc::bad_input, fmt::format("{}: not JSON at byte {}, near {}: {}", data.what, position, printable(shown), reason));
  }
};

namespace {

/// The names nlohmann wants, where `Reading` cannot have them (a member `key` is data there).
template <class Reading>
struct Sax {
  Reading& reading;
  bool null() { return reading.null(); }
  bool boolean(bool flag) { return reading.boolean(flag); }
  bool number_integer(std::int64_t number) { return reading.number_integer(number); }
  bool number_unsigned(std::uint64_t number) { return reading.number_unsigned(number); }
  bool number_float(double number, const std::string& text) { return reading.number_float(number, text); }
  bool string(const std::string& text) { return reading.string(text); }
  bool binary(nlohmann::json::binary_t& bytes) { return reading.binary(bytes); }
  bool start_object(std::size_t size) { return reading.start_object(size); }
  bool key(const std::string& text) { return reading.key_text(text); }
  bool end_object() { return reading.end_object(); }
  bool start_array(std::size_t size) { return reading.start_array(size); }
  bool end_array() { return reading.end_array(); }
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& error)
  {
    return reading.parse_error(position, token, error);
  }
};

}  // namespace

JsonDocument JsonDocument::parse(std::string_view text, std::string what)
{
  if (text.size() >= std::numeric_limits<std::uint32_t>::max())
    throw Error(Errc::limit, fmt::format("{}: {} bytes of JSON, the limit is 4 GiB", what, text.size()));
  // nlohmann would skip a byte order mark; RFC 8259 8.1: "MUST NOT add".
  if (text.starts_with("\xef\xbb\xbf")) throw Error(Errc::bad_input, fmt::format("{}: starts with a byte order mark", what));
  // … and would end at a NUL as if the text did.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    throw Error(Errc::bad_input, fmt::format("{}: not JSON at byte {}: a NUL", what, nul));
  auto data = std::make_unique<Json::Data>();
  data->what = std::move(what);
  Json::Reading reading{*data};
  Sax<Json::Reading> sax{reading};
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &sax)) throw Error(Errc::bad_input, fmt::format("{}: not JSON", data->what));
  return JsonDocument(std::move(data));
}

JsonDocument::JsonDocument(std::unique_ptr<Json::Data> data) : data_(std::move(data)) {}
JsonDocument::~JsonDocument() = default;
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;

Json JsonDocument::root() const { return {*data_, 0}; }

Json::Kind Json::kind() const { return data_->nodes[node_].kind; }

std::string_view Json::key() const { return data_->text(data_->nodes[node_].key); }

std::string Json::path() const
{
  std::string path;
  for (auto id = node_; data_->nodes[id].parent != no_node; id = data_->nodes[id].parent) {
    const auto& parent = data_->nodes[data_->nodes[id].parent];
    const std::string_view dot = path.empty() || path.front() == '[' ? "" : ".";
    if (parent.kind == Kind::object) {
      path = fmt::format("{}{}{}", data_->text(data_->nodes[id].key), dot, path);
    } else {
      const auto siblings = data_->below(parent);
      const auto at = std::ranges::find(siblings, id);
      // An array that is still being read does not know its elements yet.
      const auto index = at == siblings.end() ? std::string() : std::to_string(at - siblings.begin());
      path = fmt::format("[{}]{}{}", index, dot, path);
    }
  }
  return path;
}

void Json::fail(const std::string& problem) const
{
  const auto where = path();
  throw Error(Errc::bad_input, where.empty() ? fmt::format("{}: {}", data_->what, problem)
                                             : fmt::format("{}: {}: {}", data_->what, printable(where), problem));
}

std::string_view Json::string() const
{
  const auto& node = data_->nodes[node_];
  if (node.kind != Kind::string) fail(fmt::format("is {}, expected a string", kind_name(node.kind)));
  return data_->text(node.slice);
}

std::string_view Json::number_text() const { return data_->text(data_->nodes[node_].slice); }

bool Json::boolean() const
{
  const auto& node = data_->nodes[node_];
  if (node.kind != Kind::boolean) fail(fmt::format("is {}, expected true or false", kind_name(node.kind)));
  return node.integer != 0;
}

std::uint64_t Json::uint64(std::uint64_t most) const
{
  const auto& node = data_->nodes[node_];
  if (node.kind != Kind::integer) fail(fmt::format("is {}, expected an integer", kind_name(node.kind)));
  if (node.negative) fail("is negative");
  if (node.integer > most) fail(fmt::format("is {}, the limit is {}", node.integer, most));
  return node.integer;
}

std::int64_t Json::int64() const
{
  const auto& node = data_->nodes[node_];
  if (node.kind != Kind::integer) fail(fmt::format("is {}, expected an integer", kind_name(node.kind)));
  if (!node.negative && node.integer > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    fail(fmt::format("is {}, the limit is {}", node.integer, std::numeric_limits<std::int64_t>::max()));
  return static_cast<std::int64_t>(node.integer);
}

Digest Json::digest() const
{
  return in_context([&] { return fmt::format("{}: {}", data_->what, printable(path())); }, [&] { return Digest::parse(string()); });
}

std::vector<std::string> Json::strings() const
{
  std::vector<std::string> all;
  const auto items = array();
  all.reserve(items.size());
  for (const Json item : items) all.emplace_back(item.string());
  return all;
}

JsonItems Json::array() const
{
  const auto& node = data_->nodes[node_];
  if (node.kind != Kind::array) fail(fmt::format("is {}, expected an array", kind_name(node.kind)));
  return {*data_, data_->children.data() + node.slice.begin, node.slice.size};
}

JsonItems Json::object() const
{
  const auto& node = data_->nodes[node_];
  if (node.kind != Kind::object) fail(fmt::format("is {}, expected an object", kind_name(node.kind)));
  return {*data_, data_->children.data() + node.slice.begin, node.slice.size};
}

Json Json::at(std::string_view key) const
{
  const auto found = find(key);
  if (!found) fail(fmt::format("{} is missing", printable(key)));
  return *found;
}

std::optional<Json> Json::find(std::string_view key) const
{
  (void)object();
  const auto members = data_->below(data_->nodes[node_]);
  const auto name = [&](std::uint32_t member) { return data_->text(data_->nodes[member].key); };
  const auto found = std::ranges::lower_bound(members, key, {}, name);
  if (found == members.end() || name(*found) != key || data_->nodes[*found].kind == Kind::null) return std::nullopt;
  return Json(*data_, *found);
}

std::string Json::text(std::string_view key) const
{
  const auto value = find(key);
  return value ? std::string(value->string()) : std::string();
}

void Json::check_keys(std::initializer_list<std::string_view> known, UnknownKeys unknown) const
{
  for (const Json member : object()) {
    const auto key = member.key();
    if (std::ranges::find(known, key) != known.end()) continue;
    for (const auto name : known)
      if (equal_but_for_case(key, name)) member.fail(fmt::format("differs from the key {} in case alone", printable(name)));
    if (unknown == UnknownKeys::refuse) member.fail("unknown key");
  }
}

// ---------------------------------------------------------------------------------------------------------------

void JsonWriter::newline()
{
  out_ += '\n';
  out_.append(2 * levels_.size(), ' ');
}

void JsonWriter::separate(const Level& level)
{
  if (level.items != 0) out_ += ',';
  if (style_ == JsonStyle::readable) newline();
}

JsonWriter& JsonWriter::key(std::string_view key)
{
  assert(!levels_.empty() && levels_.back().object && !keyed_);
  auto& level = levels_.back();
  separate(level);
  level.members.push_back({std::string(key), out_.size(), 0});
  quote(key);
  out_ += style_ == JsonStyle::readable ? ": " : ":";
  ++level.items;
  keyed_ = true;
  return *this;
}

void JsonWriter::before_value()
{
  if (levels_.empty()) {
    assert(out_.empty());
    return;
  }
  auto& level = levels_.back();
  assert(level.object == keyed_);
  keyed_ = false;
  if (level.object) return;
  separate(level);
  ++level.items;
}

void JsonWriter::after_value()
{
  if (!levels_.empty() && levels_.back().object) levels_.back().members.back().end = out_.size();
}

JsonWriter& JsonWriter::write_token(std::string_view token)
{
  before_value();
  out_ += token;
  after_value();
  return *this;
}

JsonWriter& JsonWriter::open(bool object)
{
  before_value();
  out_ += object ? '{' : '[';
  levels_.push_back({object, out_.size(), 0, {}});
  return *this;
}

JsonWriter& JsonWriter::close(bool object)
{
  assert(!levels_.empty() && levels_.back().object == object && !keyed_);
  if (object) {
    auto& level = levels_.back();
    if (style_ == JsonStyle::canonical) sort_members(out_, level);
    if (style_ == JsonStyle::readable) std::ranges::sort(level.members, {}, &Member::key);  // only to compare them
    assert(std::ranges::adjacent_find(level.members, {}, &Member::key) == level.members.end());
  }
  const bool empty = levels_.back().items == 0;
  levels_.pop_back();
  if (style_ == JsonStyle::readable && !empty) newline();
  out_ += object ? '}' : ']';
  after_value();
  return *this;
}

void JsonWriter::sort_members(std::string& out, Level& level)
{
  if (std::ranges::is_sorted(level.members, {}, &Member::key)) return;
  std::ranges::sort(level.members, {}, &Member::key);
  std::string sorted;
  sorted.reserve(out.size() - level.begin);
  for (const auto& member : level.members) {
    if (!sorted.empty()) sorted += ',';
    sorted.append(out, member.begin, member.end - member.begin);
  }
  out.replace(level.begin, std::string::npos, sorted);
}

JsonWriter& JsonWriter::begin_object() { return open(true); }
JsonWriter& JsonWriter::end_object() { return close(true); }
JsonWriter& JsonWriter::begin_array() { return open(false); }
JsonWriter& JsonWriter::end_array() { return close(false); }

JsonWriter& JsonWriter::value(std::string_view text)
{
  before_value();
  quote(text);
  after_value();
  return *this;
}

JsonWriter& JsonWriter::value(std::nullptr_t) { return write_token("null"); }

JsonWriter& JsonWriter::value(double number)
{
  assert(std::isfinite(number));
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  assert(error == std::errc());
  return write_token(std::string_view(text.data(), static_cast<std::size_t>(end - text.data())));
}

JsonWriter& JsonWriter::value(const Json& copied)
{
  switch (copied.kind()) {
    case Json::Kind::null: return value(nullptr);
    case Json::Kind::boolean: return value(copied.boolean());
    case Json::Kind::integer:
      return copied.data_->nodes[copied.node_].negative ? value(copied.int64()) : value(copied.data_->nodes[copied.node_].integer);
    case Json::Kind::number: return write_token(copied.number_text());
    case Json::Kind::string: return value(copied.string());
    case Json::Kind::array:
      begin_array();
      for (const Json item : copied.array()) value(item);
      return end_array();
    case Json::Kind::object:
      begin_object();
      for (const Json member : copied.object()) key(member.key()).value(member);
      return end_object();
  }
  return *this;
}

void JsonWriter::quote(std::string_view text)
{
  if (!is_utf8(text)) throw Error(Errc::bad_input, fmt::format("{}: not UTF-8, JSON cannot hold it", printable(text)));
  out_ += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out_ += "\\\""; break;
      case '\\': out_ += "\\\\"; break;
      case '\b': out_ += "\\b"; break;
      case '\f': out_ += "\\f"; break;
      case '\n': out_ += "\\n"; break;
      case '\r': out_ += "\\r"; break;
      case '\t': out_ += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else out_ += c;
    }
  }
  out_ += '"';
}

std::string JsonWriter::finish()
{
  assert(levels_.empty() && !out_.empty());
  return std::exchange(out_, {});
}

}  // namespace cairn::oci
