// SPDX-License-Identifier: Apache-2.0
// Reads with the YAML reader, for places, and changes the text at those places: what is written back is the user's own file.
// Each function makes one change; the text is read anew for the next.
#include <cairn/deploy/image_stream_edit.hpp>

#include <cairn/base/error.hpp>
#include <cairn/deploy/value.hpp>
#include <cairn/deploy/yaml_documents.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

namespace cairn::deploy {
namespace {

using recipe::Yaml;

struct Found {
  std::vector<recipe::YamlDocument> documents;
  std::size_t number = 0;
  [[nodiscard]] Yaml stream() const { return documents[number].root(); }
  [[nodiscard]] std::vector<Yaml> tags() const { return stream().at("spec").at("tags").list(); }
};

bool is_map(const std::optional<Yaml>& value) { return value && value->kind() == Yaml::Kind::map; }

Found find_stream(std::string_view text, const std::string& what, const std::string& name)
{
  Found out{yaml_documents(text, what)};
  std::vector<std::string> others;
  for (out.number = 0; out.number < out.documents.size(); ++out.number) {
    const auto root = out.stream();
    if (root.kind() != Yaml::Kind::map) continue;
    const auto kind = root.find("kind");
    if (!kind || kind->string() != "ImageStream" || !is_map(root.find("metadata"))) continue;
    const auto& found = root.at("metadata").at("name").word();
    if (found == name) return out;
    others.push_back(found);
  }
  throw Error(Errc::not_found, fmt::format("{}: no ImageStream {}; {}", what, printable(name),
                                           others.empty() ? "it has none at all" : fmt::format("it has {}", fmt::join(others, ", "))));
}

std::optional<Yaml> find_tag(const Found& found, const std::string& name)
{
  for (const auto& tag : found.tags())
    if (tag.at("name").string() == name) return tag;
  return std::nullopt;
}

std::size_t line_begin(std::string_view text, std::size_t line)
{
  std::size_t at = 0;
  for (; line > 1; --line) at = text.find('\n', at) + 1;
  return at;
}

/// Behind the line's end.
std::size_t line_end(std::string_view text, std::size_t at) { return std::min(text.find('\n', at), text.size() - 1) + 1; }

std::size_t offset_of(std::string_view text, const Yaml& value)
{
  auto at = line_begin(text, value.line());
  for (auto column = value.column(); column > 1; --column) {
    do ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
  }
  return at;
}

std::string_view line_break(std::string_view text)
{
  const auto end = text.find('\n');
  return end != std::string_view::npos && end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
}

std::size_t indent_of(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

bool is_blank_or_comment(std::string_view line)
{
  const auto first = line.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos || line[first] == '#';
}

struct Span {
  std::size_t begin;
  std::size_t end;
};

Span quoted_span(std::string_view text, std::size_t begin)
{
  const char quote = text[begin];
  for (auto at = begin + 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') ++at;
    else if (quote == '\'' && text.substr(at, 2) == "''") ++at;
    else if (text[at] == quote) return {begin, at + 1};
  }
  return {begin, text.size()};
}

/// The lines below `key: |`.
Span block_body(std::string_view text, std::size_t begin)
{
  const auto key_indent = indent_of(text.substr(text.rfind('\n', begin) + 1));
  const auto body = line_end(text, begin);
  auto end = body;
  for (auto at = body; at < text.size(); at = line_end(text, at)) {
    const auto line = text.substr(at, line_end(text, at) - at);
    if (line.find_first_not_of(" \r\n") == std::string_view::npos) continue;
    if (indent_of(line) <= key_indent) break;
    end = line_end(text, at);
  }
  return {body, end};
}

std::string quoted_like(char quote, const std::string& value)
{
  std::string out(1, quote);
  for (const char c : value) {
    if (quote == '"' && (c == '"' || c == '\\')) out += '\\';
    if (quote == '\'' && c == '\'') out += '\'';
    out += c;
  }
  return out + quote;
}

std::string as_scalar(const std::string& value)
{
  auto out = yaml(Value(value));
  out.pop_back();
  return out;
}

/// `text` with the scalar `value` saying `wanted`, quoted as it was.
std::string with_scalar(std::string_view text, const Yaml& value, const std::string& wanted)
{
  const auto begin = offset_of(text, value);
  const auto replaced = [&](Span span, const std::string& by) {
    return std::string(text.substr(0, span.begin)) + by + std::string(text.substr(span.end));
  };
  const char first = text[begin];
  if (first == '"' || first == '\'') return replaced(quoted_span(text, begin), quoted_like(first, wanted));
  if (first == '|' || first == '>') {
    const auto body = block_body(text, begin);
    const auto indent = indent_of(text.substr(body.begin));
    return replaced(body, std::string(indent, ' ') + wanted + std::string(line_break(text)));
  }
  const auto& old = value.string();
  if (text.substr(begin, old.size()) != old) value.fail("goes over several lines; put it on one");
  return replaced({begin, begin + old.size()}, as_scalar(wanted));
}

/// Whether `value` says so already; the line end of a block does not count.
bool says(const Yaml& value, const std::string& wanted)
{
  auto text = value.string();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text == wanted;
}

void refuse_flow(std::string_view text, const Yaml& value, std::string_view why)
{
  const char first = text[offset_of(text, value)];
  if (first == '{' || first == '[') value.fail(fmt::format("is written in brackets; write it as lines of its own, {}", why));
}

/// Where an entry of a list begins and ends: whole lines, without what stands between it and the next.
Span entry_lines(std::string_view text, const Yaml& entry)
{
  const auto begin = line_begin(text, entry.line());
  const auto dash = indent_of(text.substr(begin));
  if (text[begin + dash] != '-') entry.fail("does not begin on the line of its '-'; write '- name: …'");
  auto end = line_end(text, begin);
  for (auto at = end; at < text.size(); at = line_end(text, at)) {
    const auto line = text.substr(at, line_end(text, at) - at);
    if (is_blank_or_comment(line)) continue;
    if (indent_of(line) <= dash) break;
    end = line_end(text, at);
  }
  return {begin, end};
}

/// A copy of the first entry, above it.
std::string with_copied_entry(std::string_view text, const Found& found)
{
  const auto tags = found.stream().at("spec").at("tags");
  if (tags.list().empty()) tags.fail("is empty; write a first tag, which others are then made like");
  refuse_flow(text, tags, "so that another can be added");
  const auto first = tags.list().front();
  refuse_flow(text, first, "so that another can be made like it");
  const auto span = entry_lines(text, first);
  std::string copy;
  for (auto at = span.begin; at < span.end; at = line_end(text, at)) {
    const auto line = text.substr(at, line_end(text, at) - at);
    if (!is_blank_or_comment(line)) copy += line;
  }
  if (!copy.ends_with('\n')) copy += line_break(text);
  return std::string(text.substr(0, span.begin)) + copy + std::string(text.substr(span.begin));
}

/// What a new tag does not take over from the one it is a copy of.
constexpr std::array personal_annotations{"opendatahub.io/workbench-image-recommended", "opendatahub.io/notebook-image-recommended",
                                          "opendatahub.io/default-image", "opendatahub.io/image-tag-outdated",
                                          "opendatahub.io/notebook-build-commit"};

std::string without_personal_annotations(std::string text, const std::string& what, const std::string& stream)
{
  for (const auto* key : personal_annotations) {
    const auto found = find_stream(text, what, stream);
    const auto tag = found.tags().front();
    const auto annotations = tag.find("annotations");
    if (!annotations) break;
    const auto value = annotations->find(key);
    if (!value) continue;
    refuse_flow(text, *annotations, "so that one can be left out");
    auto begin = line_begin(text, value->line());
    const auto end = line_end(text, begin);
    // The last one takes the line of `annotations:` along.
    if (annotations->map().size() == 1)
      while (text.substr(begin, end - begin).find("annotations:") == std::string::npos && begin > 0) begin = text.rfind('\n', begin - 2) + 1;
    text.erase(begin, end - begin);
  }
  return text;
}

std::string with_line(std::string_view text, std::size_t at, std::size_t indent, const std::string& line)
{
  std::string out(text.substr(0, at));
  if (!out.empty() && out.back() != '\n') out += line_break(text);
  return out + std::string(indent, ' ') + line + std::string(line_break(text)) + std::string(text.substr(at));
}

std::string with_annotation(std::string_view text, const Yaml& tag, const std::string& key, const std::string& wanted)
{
  const auto line = fmt::format("{}: {}", key, as_scalar(wanted));
  if (const auto annotations = tag.find("annotations");
      annotations && annotations->kind() == Yaml::Kind::map && !annotations->map().empty()) {
    if (const auto value = annotations->find(key)) return says(*value, wanted) ? std::string(text) : with_scalar(text, *value, wanted);
    refuse_flow(text, *annotations, "so that one can be added");
    return with_line(text, line_begin(text, annotations->line()), annotations->column() - 1, line);
  }
  refuse_flow(text, tag, "so that annotations can be added");
  for (const auto& [name, value] : tag.map())
    if (name == "annotations") value.fail("is empty; remove the line");
  const auto indent = tag.column() - 1;
  const auto name_end = line_end(text, offset_of(text, tag.at("name")));
  return with_line(text, name_end, indent, fmt::format("annotations:{}{}{}", line_break(text), std::string(indent + 2, ' '), line));
}

}  // namespace

std::string edit_image_stream(std::string_view original, const std::string& what, const ImageStreamEdit& edit)
{
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  const std::string mark(original.starts_with(byte_order_mark) ? byte_order_mark : "");
  std::string text(original.substr(mark.size()));
  const auto find = [&] { return find_stream(text, what, edit.stream); };
  if (!find_tag(find(), edit.tag)) {
    text = without_personal_annotations(with_copied_entry(text, find()), what, edit.stream);
    text = with_scalar(text, find().tags().front().at("name"), edit.tag);
  }
  const auto found = find();
  if (const auto from = find_tag(found, edit.tag)->at("from").at("name"); !says(from, edit.from)) text = with_scalar(text, from, edit.from);
  for (const auto& [key, value] : edit.annotations) {
    const auto now = find();
    text = with_annotation(text, *find_tag(now, edit.tag), key, value);
  }
  return mark + text;
}

}  // namespace cairn::deploy
