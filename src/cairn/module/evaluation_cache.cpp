// SPDX-License-Identifier: Apache-2.0
//
// Two files: the base, and the changes to one base, so that a release that changes little writes little. Each is a line
// that names format, build (and base), and the digest of what follows: `key, value` pairs. Numbers are eight bytes, little
// end first, texts a number of bytes and these.
#include <cairn/module/evaluation_cache.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/os/build_id.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace cairn::module {
namespace {

constexpr std::uint64_t file_limit_bytes = std::uint64_t{256} << 20;
constexpr std::array<std::string_view, 5> used_fields = {"Category", "Description", "URL", "Version", "family"};

constexpr std::string_view file_word = "cairn evaluations ";
/// Changes of more than this part of the base are written into it.
constexpr std::size_t largest_changes = 4;

std::string base_heading(const std::string& build) { return fmt::format("{}1 {} ", file_word, build); }

/// `base` begins with a line that holds its digest.
std::string changes_heading(const std::string& build, const std::string& base)
{
  const auto line = base.substr(0, base.find('\n'));
  return fmt::format("{}1 {} changes {} ", file_word, build, line.substr(line.rfind(' ') + 1));
}

std::filesystem::path changes_path(const std::filesystem::path& base) { return base.native() + ".changes"; }

class Writer {
public:
  Writer& number(std::uint64_t value)
  {
    for (int shift = 0; shift < 64; shift += 8) bytes_ += static_cast<char>(value >> shift & 0xff);
    return *this;
  }
  Writer& text(std::string_view value) { return number(value.size()).raw(value); }
  Writer& raw(std::string_view bytes)
  {
    bytes_ += bytes;
    return *this;
  }
  Writer& optional(const std::optional<std::string>& value) { return value ? number(1).text(*value) : number(0); }
  Writer& texts(const std::vector<std::string>& values)
  {
    number(values.size());
    for (const auto& value : values) text(value);
    return *this;
  }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

private:
  std::string bytes_;
};

/// A file: its digest is filled in at the end, so that there is only one copy of all this.
std::string file_text(const std::string& heading, const std::map<std::string_view, std::string_view>& pairs)
{
  Writer out;
  out.raw(heading).raw(Digest().str()).raw("\n");
  for (const auto& [key, value] : pairs) out.text(key).text(value);
  auto text = out.take();
  const auto digest = Digest().str().size();
  text.replace(heading.size(), digest, sha256(std::string_view(text).substr(heading.size() + digest + 1)).str());
  return text;
}

/// Throws Error{corrupt} at the end of its bytes.
class Reader {
public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }
  std::uint64_t number()
  {
    const auto bytes = take(8);
    std::uint64_t value = 0;
    for (std::size_t i = 8; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }
  std::string_view text() { return take(number()); }
  std::optional<std::string> optional()
  {
    if (number() == 0) return std::nullopt;
    return std::string(text());
  }
  std::vector<std::string> texts()
  {
    std::vector<std::string> values;
    for (auto left = number(); left > 0; --left) values.emplace_back(text());
    return values;
  }

private:
  std::string_view take(std::uint64_t size)
  {
    if (size > bytes_.size()) throw Error(Errc::corrupt, "ends too early");
    const auto taken = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view bytes_;
};

std::string packed(const Evaluated& evaluated)
{
  const auto& record = evaluated.record;
  Writer out;
  const auto stamp = evaluated.stamp.value_or(FileStamp{});
  out.number(evaluated.stamp ? 1 : 0).number(stamp.inode).number(stamp.size_bytes);
  out.number(static_cast<std::uint64_t>(stamp.mtime_ns)).number(static_cast<std::uint64_t>(stamp.ctime_ns));
  out.text(evaluated.script.str()).text(evaluated.entry.str()).text(evaluated.text);
  for (const auto name : used_fields) {
    const std::string field(name);
    const auto* value = find(record.cached, field);
    out.number(value != nullptr ? 1 : 0).optional(string_at(record.cached, field));
  }
  out.texts(record.modulepaths).number(record.dependencies.size());
  for (const auto& dependency : record.dependencies) out.number(static_cast<std::uint64_t>(dependency.kind)).text(dependency.name);
  out.number(record.variables.size());
  for (const auto& [name, value] : record.variables) out.text(name).text(value);
  out.texts(record.extensions).optional(record.root).texts(record.impure);
  return out.take();
}

Evaluated unpacked(std::string_view bytes)
{
  Reader in(bytes);
  Evaluated out;
  auto& record = out.record;
  const bool stamped = in.number() != 0;
  FileStamp stamp;
  stamp.inode = in.number();
  stamp.size_bytes = in.number();
  stamp.mtime_ns = static_cast<std::int64_t>(in.number());
  stamp.ctime_ns = static_cast<std::int64_t>(in.number());
  if (stamped) out.stamp = stamp;
  out.script = Digest::parse(in.text());
  out.entry = Digest::parse(in.text());
  out.text = in.text();
  for (const auto field : used_fields) {
    const bool there = in.number() != 0;
    auto value = in.optional();
    if (value) record.cached.emplace(std::string(field), *std::move(value));
    else if (there) record.cached.emplace(std::string(field), false);
  }
  record.modulepaths = in.texts();
  for (auto left = in.number(); left > 0; --left) {
    const auto kind = static_cast<Dependency::Kind>(in.number());
    record.dependencies.push_back({kind, std::string(in.text())});
  }
  for (auto left = in.number(); left > 0; --left) {
    std::string name(in.text());
    record.variables.emplace_back(std::move(name), in.text());
  }
  record.extensions = in.texts();
  record.root = in.optional();
  record.impure = in.texts();
  return out;
}

std::string hex(std::string_view bytes)
{
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

EvaluationCache::EvaluationCache(const std::filesystem::path& directory, const std::filesystem::path& tree, const std::string& target)
    : path_(directory / sha256(fmt::format("{}\n{}\n", tree.native(), target)).hex()), build_(hex(build_id()))
{
  if (build_.empty()) return;
  read(path_, base_heading(build_), base_, false);
  if (!base_.empty()) read(changes_path(path_), changes_heading(build_, base_), changes_, true);
}

void EvaluationCache::read(const std::filesystem::path& path, std::string_view heading, std::string& bytes, bool changed)
{
  try {
    auto content = read_small_file(path, file_limit_bytes);
    const auto end = content.find('\n');
    if (end == std::string::npos || !content.starts_with(file_word)) throw Error(Errc::corrupt, "its first line is wrong");
    if (!content.starts_with(heading)) return;
    const auto pairs = std::string_view(content).substr(end + 1);
    if (content.substr(heading.size(), end - heading.size()) != sha256(pairs).str()) throw Error(Errc::corrupt, "its digest is wrong");
    bytes = std::move(content);
    Reader in(std::string_view(bytes).substr(end + 1));
    while (!in.at_end()) {
      std::string key(in.text());
      read_.insert_or_assign(read_.end(), std::move(key), Known{in.text(), changed, false});
    }
  } catch (const Error& error) {
    if (error.code() != Errc::not_found) log::warn("the record of evaluated modulefiles is damaged and made again ({})", error.what());
  }
}

std::optional<Evaluated> EvaluationCache::find(const std::string& key) const
{
  const auto found = read_.find(key);
  if (found == read_.end()) return std::nullopt;
  return unpacked(found->second.bytes);
}

void EvaluationCache::keep(const std::string& key, const Evaluated& evaluated)
{
  auto bytes = packed(evaluated);
  const std::scoped_lock lock(mutex_);
  new_.insert_or_assign(key, std::move(bytes));
}

void EvaluationCache::keep_found(const std::string& key)
{
  const std::scoped_lock lock(mutex_);
  if (const auto found = read_.find(key); found != read_.end()) found->second.kept = true;
}

void EvaluationCache::save() const
{
  if (build_.empty()) return;
  std::size_t changed = 0;
  std::size_t gone = 0;
  for (const auto& [key, known] : read_) {
    if (!known.kept && !new_.contains(key)) ++gone;
    else if (known.changed && !new_.contains(key)) changed += known.bytes.size();
  }
  for (const auto& [key, value] : new_) changed += value.size();
  if (base_.empty() || changed > base_.size() / largest_changes || gone > read_.size() / largest_changes) write_base();
  else if (!new_.empty()) write_changes();
}

void EvaluationCache::write_base() const
{
  if (read_.empty() && new_.empty()) return;
  std::map<std::string_view, std::string_view> all(new_.begin(), new_.end());
  for (const auto& [key, known] : read_)
    if (known.kept) all.emplace(key, known.bytes);
  write_file_atomically(path_, file_text(base_heading(build_), all), Flush::no);
  std::filesystem::remove(changes_path(path_));  // of the base that was
}

void EvaluationCache::write_changes() const
{
  std::map<std::string_view, std::string_view> all(new_.begin(), new_.end());
  for (const auto& [key, known] : read_)
    if (known.changed && known.kept) all.emplace(key, known.bytes);
  write_file_atomically(changes_path(path_), file_text(changes_heading(build_, base_), all), Flush::no);
}

Record reduced(Record record)
{
  std::erase_if(record.cached, [](const auto& field) { return std::ranges::find(used_fields, field.first) == used_fields.end(); });
  return record;
}

}  // namespace cairn::module
