// SPDX-License-Identifier: Apache-2.0
//
// requirements.txt as pip reads it (pip, "Requirements File Format"), as far as a lock needs it: every requirement pinned
// and hashed.
#include <cairn/python/lock_formats.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/python/specifier.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

namespace cairn::python {
namespace {

constexpr int depth_limit = 16;

struct Line {
  std::size_t number = 0;
  std::string text;
};

/// Continuations joined, comments removed.
std::vector<Line> logical_lines(std::string_view text)
{
  std::vector<Line> lines;
  bool continues = false;
  std::size_t number = 0;
  for (auto raw : split_lines(text)) {
    ++number;
    const bool is_comment = trim(raw).starts_with('#');
    const bool more = raw.ends_with('\\') && !is_comment;
    if (more) raw.remove_suffix(1);
    if (!continues) lines.push_back({number, ""});
    if (!is_comment) lines.back().text += (continues ? " " : "") + std::string(trim(raw));
    continues = more;
  }
  for (auto& line : lines)
    for (auto at = line.text.find('#'); at != std::string::npos; at = line.text.find('#', at + 1))
      if (at == 0 || line.text[at - 1] == ' ' || line.text[at - 1] == '\t') {
        line.text.resize(at);
        break;
      }
  std::erase_if(lines, [](const Line& line) { return trim(line.text).empty(); });
  return lines;
}

std::vector<std::string> words_of(std::string_view text)
{
  std::vector<std::string> words;
  for (const auto part : split(text, ' '))
    for (const auto word : split(part, '\t'))
      if (!word.empty()) words.emplace_back(word);
  return words;
}

class Reader {
public:
  explicit Reader(Lock& lock) : lock_(lock) {}

  void file(std::string_view text, const std::string& what, const std::filesystem::path& directory, int depth)
  {
    if (depth > depth_limit) throw Error(Errc::limit, fmt::format("{}: more than {} files include one another", what, depth_limit));
    for (const auto& line : logical_lines(text)) {
      const auto where = fmt::format("{}: line {}", what, line.number);
      if (line.text.starts_with('-')) option(line.text, where, directory, depth);
      else requirement(line.text, where);
    }
  }

  void finish()
  {
    for (auto& pin : lock_.pins)
      if (no_binary_.contains(pin.name) || (no_binary_.contains(":all:") && pin.needs_build.empty())) pin.needs_build = "no_binary";
    if (index_ || !extra_.empty()) {
      if (index_) lock_.sources.push_back({"index-url", *index_});
      for (std::size_t i = 0; i < extra_.size(); ++i) lock_.sources.push_back({fmt::format("extra-index-url-{}", i + 1), extra_[i]});
    }
  }

private:
  void option(const std::string& text, const std::string& where, const std::filesystem::path& directory, int depth)
  {
    auto words = words_of(text);
    auto name = words.front();
    std::string value;
    if (const auto equals = name.find('='); equals != std::string::npos && name.starts_with("--")) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (words.size() > 1) {
      value = words[1];
    } else if (name.size() > 2 && name[1] != '-') {
      value = name.substr(2);
      name.resize(2);
    }
    if (name == "-i" || name == "--index-url" || name == "--pypi-url") index_ = value;
    else if (name == "--extra-index-url") extra_.push_back(value);
    else if (name == "-f" || name == "--find-links") lock_.wheel_directories.emplace_back(value);
    else if (name == "--no-binary") add_names(value);
    else if (name == "-r" || name == "--requirement") {
      const auto path = directory / value;
      file(read_small_file(path, lock_limit_bytes), printable(path.filename().string()), path.parent_path(), depth + 1);
    } else if (name == "-e" || name == "--editable") {
      Pin pin;
      pin.written_name = pin.name = value;
      pin.needs_build = "editable " + value;
      pin.build_from = value;
      lock_.pins.push_back(std::move(pin));
    } else if (name == "-c" || name == "--constraint") {
      throw Error(Errc::unsupported, fmt::format("{}: a lock needs no constraints; leave '{}' out", where, text));
    } else if (name != "--require-hashes" && name != "--only-binary" && name != "--prefer-binary" && name != "--pre" &&
               name != "--trusted-host" && name != "--no-index" && name != "--use-feature") {
      throw Error(Errc::bad_input, fmt::format("{}: option {} is not known", where, printable(name)));
    }
  }

  void add_names(std::string_view names)
  {
    for (const auto name : split(names, ',')) {
      if (name == ":none:") no_binary_.clear();
      else no_binary_.insert(name == ":all:" ? std::string(name) : canonical_name(name));
    }
  }

  void requirement(const std::string& text, const std::string& where)
  {
    const auto bad = [&](std::string_view why) -> Error { return {Errc::bad_input, fmt::format("{}: {}", where, why)}; };
    std::string_view rest = text;
    std::vector<Digest> hashes;
    if (const auto options = text.find(" --"); options != std::string::npos) {
      for (const auto& word : words_of(rest.substr(options))) {
        if (!word.starts_with("--hash=")) throw bad(fmt::format("option {} is not known", printable(word)));
        const auto hash = std::string_view(word).substr(7);
        const auto colon = hash.find(':');
        if (colon == std::string_view::npos) throw bad(fmt::format("{} names no algorithm", printable(word)));
        if (const auto digest =
                in_context([&] { return where; }, [&] { return locked_hash(hash.substr(0, colon), hash.substr(colon + 1)); }))
          hashes.push_back(*digest);
      }
      rest = rest.substr(0, options);
    }
    Pin pin;
    set_hashes(pin, std::move(hashes));
    const auto at = rest.find('@');
    const bool is_direct = at != std::string_view::npos && rest.substr(0, at).find_first_of("=<>~!;") == std::string_view::npos;
    const auto semicolon = is_direct ? rest.find(" ;") : rest.find(';');
    if (semicolon != std::string_view::npos) {
      pin.marker = trim(rest.substr(rest.find(';', semicolon) + 1));
      rest = rest.substr(0, semicolon);
    }
    auto name = trim(rest.substr(0, rest.find_first_of("[=<>~!@ (")));
    if (name.empty()) throw bad(fmt::format("{} is no requirement", printable(text)));
    pin.written_name = name;
    pin.name = canonical_name(name);
    if (is_direct) {
      const auto url = trim(rest.substr(at + 1));
      if (url.substr(0, url.find('#')).ends_with(".whl")) pin.direct_url = url;
      else pin.needs_build = pin.build_from = url;
    } else {
      auto clause = rest.substr(name.size());
      if (const auto bracket = trim(clause); bracket.starts_with('['))
        clause = bracket.substr(std::min(bracket.size(), bracket.find(']') + 1));
      const auto specifier = Specifier::parse(clause);
      if (specifier && specifier->op() == Specifier::Operator::equal && !specifier->is_prefix())
        pin.version = Version::parse(specifier->text());
      if (!pin.version) throw bad(fmt::format("{} is not pinned; expected 'name==1.2.3 --hash=sha256:…'", printable(name)));
    }
    lock_.pins.push_back(std::move(pin));
  }

  Lock& lock_;
  std::optional<std::string> index_;
  std::vector<std::string> extra_;
  std::set<std::string> no_binary_;
};

}  // namespace

void read_requirements(Lock& lock, std::string_view text, const std::string& what)
{
  lock.kind = LockKind::requirements;
  Reader reader(lock);
  reader.file(text, what, lock.file.parent_path(), 0);
  reader.finish();
}

}  // namespace cairn::python
