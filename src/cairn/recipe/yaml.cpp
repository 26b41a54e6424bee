// SPDX-License-Identifier: Apache-2.0
// The YAML library is used as a stream of events only: its node tree accepts duplicate keys and guesses types.
#include <cairn/recipe/yaml.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <set>
#include <sstream>

namespace cairn::recipe {
namespace {

constexpr std::uint32_t no_node = UINT32_MAX;
constexpr std::string_view no_alias = "aliases ('*name') are not supported; put text that begins with '*' in quotes";
constexpr std::string_view no_anchor = "anchors ('&name') are not supported; put text that begins with '&' in quotes";
constexpr std::string_view no_tag = "tags ('!name') are not supported; put text that begins with '!' in quotes";

struct Element {
  Yaml::Kind kind = Yaml::Kind::null;
  bool plain = false;  ///< a scalar without quotes
  std::uint32_t parent = no_node;
  std::size_t offset = 0;               ///< where it begins in the text
  std::string text;                     ///< a scalar's
  std::vector<std::uint32_t> keys;      ///< a map's, as nodes
  std::vector<std::uint32_t> children;  ///< values of a map, elements of a list
};

std::string_view described(Yaml::Kind kind)
{
  switch (kind) {
    case Yaml::Kind::null: return "nothing";
    case Yaml::Kind::scalar: return "text";
    case Yaml::Kind::list: return "a list";
    case Yaml::Kind::map: return "a map";
  }
  return "";
}

/// What the library's own messages mean to somebody who writes a file.
std::string explained(const std::string& message)
{
  struct Explanation {
    std::string_view message;
    std::string_view meaning;
  };
  static constexpr std::array explanations{
      Explanation{"end of map not found", "expected 'key: value' or the end of this map; check the indentation"},
      Explanation{"end of sequence not found", "expected '- item' or the end of this list; check the indentation"},
      Explanation{"end of map flow not found", "'{' without its '}'"},
      Explanation{"end of sequence flow not found", "'[' without its ']'"},
      Explanation{"illegal map value", "unexpected ': '; put text that holds it in quotes"},
      Explanation{"illegal block entry", "unexpected '- '; start the list on a line of its own"},
      Explanation{"illegal EOF in scalar", "a quote is never closed"},
      Explanation{"illegal tab when looking for indentation", "a tab; indent with spaces"},
      Explanation{"alias not found after *", no_alias},
      Explanation{"illegal character found while scanning alias", no_alias},
      Explanation{"the referenced anchor is not defined", no_alias},
      Explanation{"anchor not found after &", no_anchor},
      Explanation{"illegal character found while scanning anchor", no_anchor},
      Explanation{"unknown token", "unexpected character; put text that begins with it in quotes"},
  };
  for (const auto& one : explanations)
    if (message == one.message) return std::string(one.meaning);
  return message;
}

}  // namespace

struct Yaml::Data {
  std::string what;
  std::string text;
  std::vector<std::size_t> lines;  ///< where each begins
  std::vector<Element> nodes;       ///< the root first

  [[nodiscard]] std::size_t line(std::size_t offset) const
  {
    return static_cast<std::size_t>(std::ranges::upper_bound(lines, offset) - lines.begin());
  }
  [[nodiscard]] std::size_t column(std::size_t offset) const
  {
    const auto begin = lines[line(offset) - 1];
    const auto before = std::string_view(text).substr(begin, offset - begin);
    return 1 +
           static_cast<std::size_t>(std::ranges::count_if(before, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  }
  [[nodiscard]] std::string place(std::size_t offset) const { return fmt::format("{}:{}:{}", what, line(offset), column(offset)); }
  [[noreturn]] void fail(std::size_t offset, const std::string& problem) const
  {
    throw Error(Errc::bad_input, fmt::format("{}: {}", place(offset), problem));
  }

  /// What YAML 1.2 (5.1) calls printable, in UTF-8.
  void check_characters() const
  {
    if (!is_utf8(text)) {
      // The longest prefix that is well-formed ends where the trouble is; characters have at most four bytes.
      std::size_t good = 0;
      while (good < text.size()) {
        std::size_t size = 1;
        while (size <= 4 && !is_utf8(std::string_view(text).substr(good, size))) ++size;
        if (size > 4) break;
        good += size;
      }
      fail(good, "not UTF-8");
    }
    for (std::size_t at = 0; at < text.size(); ++at) {
      const auto c = static_cast<unsigned char>(text[at]);
      if (c == '\r' && at + 1 < text.size() && text[at + 1] == '\n') continue;
      if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f) fail(at, fmt::format("control character 0x{:02x}", c));
    }
  }
};

/// Builds the nodes from events, and refuses what the subset leaves out.
struct YamlReading : YAML::EventHandler {
  explicit YamlReading(Yaml::Data& into) : data(into) {}

  void OnDocumentStart(const YAML::Mark& mark) override
  {
    if (documents++ > 0) data.fail(offset(mark), "something follows the document; a file holds one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(mark, anchor, Yaml::Kind::null, {}, false); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { data.fail(offset(mark), std::string(no_alias)); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override
  {
    check_tag(mark, tag);
    check_closed(offset(mark));
    leaf(mark, anchor, Yaml::Kind::scalar, value, tag == "?");
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override
  {
    begin(mark, tag, anchor, Yaml::Kind::list);
  }
  void OnSequenceEnd() override { open.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override
  {
    begin(mark, tag, anchor, Yaml::Kind::map);
  }
  void OnMapEnd() override { open.pop_back(); }

private:
  struct Level {
    std::uint32_t node;
    std::set<std::string> keys;
  };

  [[nodiscard]] std::size_t offset(const YAML::Mark& mark) const
  {
    return std::min(data.text.size(), static_cast<std::size_t>(std::max(mark.pos, 0)));
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) const
  {
    if (tag != "?" && tag != "!" && !tag.empty()) data.fail(offset(mark), std::string(no_tag));
  }

  /// The library takes a quote that is open at the end of the file for closed.
  void check_closed(std::size_t begin) const
  {
    if (begin >= data.text.size()) return;
    const char quote = data.text[begin];
    if (quote != '\'' && quote != '"') return;
    for (auto at = begin + 1; at < data.text.size(); ++at) {
      const bool escape = quote == '"' ? data.text[at] == '\\' : data.text.compare(at, 2, "''") == 0;
      if (escape) ++at;
      else if (data.text[at] == quote) return;
    }
    data.fail(begin, "a quote is never closed");
  }

  void begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Yaml::Kind kind)
  {
    check_tag(mark, tag);
    if (open.size() >= yaml_depth_limit)
      data.fail(offset(mark), fmt::format("more than {} lists and maps in one another", yaml_depth_limit));
    open.push_back({add(mark, anchor, kind, {}, false), {}});
  }

  void leaf(const YAML::Mark& mark, YAML::anchor_t anchor, Yaml::Kind kind, std::string text, bool plain)
  {
    add(mark, anchor, kind, std::move(text), plain);
  }

  std::uint32_t add(const YAML::Mark& mark, YAML::anchor_t anchor, Yaml::Kind kind, std::string text, bool plain)
  {
    if (anchor != YAML::NullAnchor) data.fail(offset(mark), std::string(no_anchor));
    const auto index = static_cast<std::uint32_t>(data.nodes.size());
    data.nodes.push_back({kind, plain, no_node, offset(mark), std::move(text), {}, {}});
    if (open.empty()) return index;
    auto& node = data.nodes.back();
    auto& level = open.back();
    auto& parent = data.nodes[level.node];
    node.parent = level.node;
    const bool is_key = parent.kind == Yaml::Kind::map && parent.keys.size() == parent.children.size();
    if (!is_key) {
      parent.children.push_back(index);
      return index;
    }
    if (kind != Yaml::Kind::scalar) data.fail(node.offset, "a key must be text; put null and what looks like a list or map in quotes");
    if (!level.keys.insert(node.text).second) data.fail(node.offset, fmt::format("key {} is here twice", printable(node.text)));
    parent.keys.push_back(index);
    return index;
  }

  Yaml::Data& data;
  std::vector<Level> open;
  std::size_t documents = 0;
};

YamlDocument::YamlDocument(std::unique_ptr<Yaml::Data> data) : data_(std::move(data)) {}
YamlDocument::~YamlDocument() = default;
YamlDocument::YamlDocument(YamlDocument&&) noexcept = default;
YamlDocument& YamlDocument::operator=(YamlDocument&&) noexcept = default;

YamlDocument YamlDocument::parse(std::string_view text, std::string what)
{
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (text.size() > yaml_limit_bytes)
    throw Error(Errc::limit, fmt::format("{}: has {} bytes, the limit is {}", what, text.size(), yaml_limit_bytes));
  auto data = std::make_unique<Yaml::Data>();
  data->what = std::move(what);
  data->text = text;
  data->lines.push_back(0);
  for (std::size_t at = 0; at < text.size(); ++at)
    if (text[at] == '\n') data->lines.push_back(at + 1);
  data->check_characters();

  YamlReading reading(*data);
  try {
    std::istringstream stream(data->text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(reading)) {}
  } catch (const YAML::Exception& error) {
    const auto at = std::min(data->text.size(), static_cast<std::size_t>(std::max(error.mark.pos, 0)));
    data->fail(at, explained(error.msg));
  }
  if (data->nodes.empty()) data->nodes.emplace_back();
  return YamlDocument(std::move(data));
}

YamlDocument YamlDocument::read(const std::filesystem::path& path)
{
  return parse(read_small_file(path, yaml_limit_bytes + 3), path.native());
}

Yaml YamlDocument::root() const { return {*data_, 0}; }

Yaml::Kind Yaml::kind() const { return data_->nodes[node_].kind; }
std::size_t Yaml::line() const { return data_->line(data_->nodes[node_].offset); }
std::size_t Yaml::column() const { return data_->column(data_->nodes[node_].offset); }
std::string Yaml::place() const { return data_->place(data_->nodes[node_].offset); }

bool Yaml::is_plain() const { return data_->nodes[node_].kind == Kind::scalar && data_->nodes[node_].plain; }

std::string Yaml::path() const
{
  std::string out;
  for (auto at = node_; data_->nodes[at].parent != no_node; at = data_->nodes[at].parent) {
    const auto& parent = data_->nodes[data_->nodes[at].parent];
    const auto index = static_cast<std::size_t>(std::ranges::find(parent.children, at) - parent.children.begin());
    auto step = parent.kind == Kind::list ? fmt::format("[{}]", index) : data_->nodes[parent.keys[index]].text;
    if (!out.empty() && !out.starts_with('[')) step += '.';
    out.insert(0, step);
  }
  return out;
}

void Yaml::fail(const std::string& problem) const
{
  const auto name = path();
  data_->fail(data_->nodes[node_].offset, name.empty() ? problem : fmt::format("{}: {}", printable(name), problem));
}

void Yaml::unexpected(std::string_view wanted) const
{
  const auto& node = data_->nodes[node_];
  const auto found = node.kind == Kind::scalar ? printable(node.text.substr(0, 60)) : std::string(described(node.kind));
  fail(fmt::format("expected {}, found {}", wanted, found));
}

const std::string& Yaml::string() const
{
  const auto& node = data_->nodes[node_];
  if (node.kind != Kind::scalar) unexpected("text");
  return node.text;
}

const std::string& Yaml::word() const
{
  const auto& text = string();
  if (text.empty()) fail("is empty");
  return text;
}

bool Yaml::boolean() const
{
  const auto& node = data_->nodes[node_];
  if (node.kind == Kind::scalar && node.plain) {
    if (node.text == "true") return true;
    if (node.text == "false") return false;
  }
  unexpected("true or false (without quotes)");
}

std::uint64_t Yaml::uint64(std::uint64_t least, std::uint64_t most) const
{
  const auto& node = data_->nodes[node_];
  const auto wanted = most == std::numeric_limits<std::uint64_t>::max() ? fmt::format("a whole number of at least {}", least)
                                                                        : fmt::format("a whole number from {} to {}", least, most);
  std::uint64_t value = 0;
  const auto* end = node.text.data() + node.text.size();
  const bool digits = node.kind == Kind::scalar && node.plain && !node.text.empty() && (node.text == "0" || node.text[0] != '0') &&
                      std::ranges::all_of(node.text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || std::from_chars(node.text.data(), end, value).ec != std::errc{} || value < least || value > most) unexpected(wanted);
  return value;
}

std::vector<std::string> Yaml::strings() const
{
  std::vector<std::string> out;
  for (const auto& one : list()) out.push_back(one.word());
  return out;
}

std::map<std::string, std::string> Yaml::string_map() const
{
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : map()) out.emplace(key, value.string());
  return out;
}

std::vector<Yaml> Yaml::list() const
{
  const auto& node = data_->nodes[node_];
  if (node.kind == Kind::scalar) unexpected("a list ('- item' lines, or [item, …])");
  if (node.kind == Kind::map) unexpected("a list");
  std::vector<Yaml> out;
  out.reserve(node.children.size());
  for (const auto child : node.children) out.push_back({*data_, child});
  return out;
}

std::vector<std::pair<std::string, Yaml>> Yaml::map() const
{
  const auto& node = data_->nodes[node_];
  if (node.kind != Kind::map && node.kind != Kind::null) unexpected("a map ('key: value' lines)");
  std::vector<std::pair<std::string, Yaml>> out;
  out.reserve(node.children.size());
  for (std::size_t i = 0; i < node.children.size(); ++i) out.emplace_back(data_->nodes[node.keys[i]].text, Yaml(*data_, node.children[i]));
  return out;
}

Yaml Yaml::at(std::string_view key) const
{
  if (auto found = find(key)) return *found;
  fail(fmt::format("misses {}", printable(key)));
}

std::optional<Yaml> Yaml::find(std::string_view key) const
{
  const auto& node = data_->nodes[node_];
  if (node.kind != Kind::map && node.kind != Kind::null) unexpected("a map ('key: value' lines)");
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (data_->nodes[node.keys[i]].text != key) continue;
    const Yaml found(*data_, node.children[i]);
    if (found.kind() == Kind::null) return std::nullopt;
    return found;
  }
  return std::nullopt;
}

void Yaml::check_keys(std::initializer_list<std::string_view> known) const
{
  const auto& node = data_->nodes[node_];
  if (node.kind != Kind::map && node.kind != Kind::null) unexpected("a map ('key: value' lines)");
  for (const auto key : node.keys) {
    const auto& text = data_->nodes[key].text;
    if (std::ranges::find(known, text) != known.end()) continue;
    const auto meant = near_miss(text, known);
    const auto help = meant ? fmt::format("did you mean {}?", printable(*meant)) : fmt::format("known are {}", fmt::join(known, ", "));
    const auto name = path();
    data_->fail(data_->nodes[key].offset,
                fmt::format("unknown key {}{}; {}", printable(text), name.empty() ? "" : fmt::format(" in {}", printable(name)), help));
  }
}

std::optional<std::string_view> near_miss(std::string_view word, const std::vector<std::string_view>& known)
{
  // Levenshtein's distance where two swapped letters count as one change (optimal string alignment), letters of either
  // case alike.
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  constexpr std::size_t longest_word = 100;
  if (word.size() > longest_word) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t best_distance = 0;
  for (const auto candidate : known) {
    const auto alike = [&](std::size_t i, std::size_t j) { return lower(word[i]) == lower(candidate[j]); };
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    std::vector<std::size_t> above, above_that;
    for (std::size_t i = 0; i < word.size(); ++i) {
      above_that = std::move(above);
      above = std::exchange(row, std::vector<std::size_t>(candidate.size() + 1));
      row[0] = i + 1;
      for (std::size_t j = 0; j < candidate.size(); ++j) {
        row[j + 1] = std::min({above[j] + (alike(i, j) ? 0 : 1), row[j] + 1, above[j + 1] + 1});
        if (i > 0 && j > 0 && alike(i, j - 1) && alike(i - 1, j)) row[j + 1] = std::min(row[j + 1], above_that[j - 1] + 1);
      }
    }
    const auto distance = row.back();
    if (3 * distance > std::max(word.size(), candidate.size())) continue;
    if (!best || distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace cairn::recipe
