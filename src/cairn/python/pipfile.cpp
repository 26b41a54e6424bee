// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/lock_formats.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/python/specifier.hpp>
#include <cairn/python/text.hpp>
#include <cairn/toml/toml.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace cairn::python {
namespace {

using oci::Json;

bool flag_of(const Json& object, std::string_view key)
{
  const auto value = object.find(key);
  return value && value->kind() == Json::Kind::boolean && value->boolean();
}

void read_version(Pin& pin, const Json& value)
{
  const auto text = trim(value.string());
  if (text == "*" || text.empty()) return;
  const auto specifier = Specifier::parse(text);
  const bool is_pin = specifier && (specifier->op() == Specifier::Operator::equal || specifier->op() == Specifier::Operator::arbitrary) &&
                      !specifier->is_prefix();
  if (is_pin) pin.version = Version::parse(specifier->text());
  if (!pin.version) value.fail(fmt::format("version {} is no pin; expected '==1.2.3'", printable(text)));
}

void read_hashes(Pin& pin, const Json& value)
{
  std::vector<Digest> hashes;
  for (const auto one : value.array()) {
    const auto text = one.string();
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) one.fail(fmt::format("hash {} names no algorithm", printable(text)));
    if (const auto digest = locked_hash(text.substr(0, colon), text.substr(colon + 1))) hashes.push_back(*digest);
  }
  set_hashes(pin, std::move(hashes));
}

void read_entry(Pin& pin, const Json& entry)
{
  if (entry.kind() == Json::Kind::string) return read_version(pin, entry);
  if (const auto version = entry.find("version")) read_version(pin, *version);
  if (const auto hashes = entry.find("hashes")) read_hashes(pin, *hashes);
  pin.marker = entry.text("markers");
  if (const auto legacy = entry.text("os_markers"); !legacy.empty())
    pin.marker = pin.marker.empty() ? legacy : fmt::format("({}) and ({})", pin.marker, legacy);
  pin.source = entry.text("index");
  for (const auto* vcs : {"git", "hg", "svn", "bzr"})
    if (const auto url = entry.find(vcs)) {
      const auto ref = entry.text("ref");
      const auto directory = entry.text("subdirectory");
      pin.needs_build = fmt::format("{} {}{}", vcs, url->string(), ref.empty() ? "" : " at " + ref);
      pin.build_from = fmt::format("{}+{}{}{}{}", vcs, url->string(), ref.empty() ? "" : "@", ref, directory.empty() ? "" : "#subdirectory=" + directory);
    }
  if (const auto path = entry.find("path")) {
    pin.needs_build = fmt::format("path {}", path->string());
    pin.build_from = path->string();
  }
  if (const auto file = entry.find("file")) {
    if (file->string().substr(0, file->string().find('#')).ends_with(".whl")) pin.direct_url = file->string();
    else pin.needs_build = fmt::format("file {}", pin.build_from = file->string());
  }
  if (flag_of(entry, "editable")) pin.needs_build = fmt::format("editable {}", pin.needs_build);
  if (flag_of(entry, "no_binary")) pin.needs_build = "no_binary";
}

void read_sources(Lock& lock, const Json& meta)
{
  const auto sources = meta.find("sources");
  if (!sources) return;
  for (const auto source : sources->array()) {
    PackageSource one;
    one.name = source.text("name");
    one.url = source.at("url").string();
    if (const auto verify = source.find("verify_ssl"); verify && verify->kind() == Json::Kind::boolean) one.verify_tls = verify->boolean();
    if (std::ranges::find(lock.sources, one.name, &PackageSource::name) != lock.sources.end())
      source.fail(fmt::format("two sources are named {}", printable(one.name)));
    lock.sources.push_back(std::move(one));
  }
}

/// Canonical JSON as Python's json.dumps makes it with ensure_ascii.
std::string in_ascii(std::string_view json)
{
  std::string out;
  for (std::size_t i = 0; i < json.size();) {
    const auto lead = static_cast<unsigned char>(json[i]);
    if (lead < 0x7F) {
      out += json[i++];
      continue;
    }
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::uint32_t code = length == 1 ? lead : lead & (0xFFu >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) code = code << 6 | (static_cast<unsigned char>(json[i + k]) & 0x3Fu);
    if (code >= 0x10000) out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + ((code - 0x10000) & 0x3FF));
    else out += fmt::format("\\u{:04x}", code);
    i += length;
  }
  return out;
}

enum class Names { as_written, canonical };

void write_section(oci::JsonWriter& json, std::string_view key, const std::optional<Json>& section, Names names)
{
  json.begin_object(key);
  std::map<std::string, Json> members;
  if (section)
    for (const auto member : section->object())
      members.insert_or_assign(names == Names::canonical ? canonical_name(member.key()) : std::string(member.key()), member);
  for (const auto& [name, value] : members) json.member(name, value);
  json.end_object();
}

std::string pipfile_hash(const Json& root, const std::vector<PackageSource>& default_sources, bool categories, Names names)
{
  static constexpr std::array<std::string_view, 9> no_categories{"source",  "packages", "dev-packages", "requires", "scripts",
                                                                 "pipfile", "pipenv",   "default",      "develop"};
  oci::JsonWriter json;
  json.begin_object().begin_object("_meta");
  json.key("requires");
  if (const auto requires_table = root.find("requires")) json.value(*requires_table);
  else json.begin_object().end_object();
  json.key("sources");
  if (const auto sources = root.find("source")) {
    json.value(*sources);
  } else {
    json.begin_array();
    for (const auto& source : default_sources)
      json.begin_object().member("name", source.name).member("url", source.url).member("verify_ssl", source.verify_tls).end_object();
    json.end_array();
  }
  json.end_object();
  write_section(json, "default", root.find("packages"), names);
  write_section(json, "develop", root.find("dev-packages"), names);
  if (categories)
    for (const auto member : root.object())
      if (member.kind() == Json::Kind::object && std::ranges::find(no_categories, member.key()) == no_categories.end())
        write_section(json, member.key(), member, names);
  json.end_object();
  return sha256(in_ascii(json.finish())).hex();
}

}  // namespace

std::optional<Digest> locked_hash(std::string_view algorithm, std::string_view hex)
{
  if (algorithm != "sha256") return std::nullopt;
  return Digest::parse("sha256:" + to_lower(hex));
}

void set_hashes(Pin& pin, std::vector<Digest> hashes)
{
  std::ranges::sort(hashes);
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  pin.hashes = std::move(hashes);
}

void read_pipfile_lock(Lock& lock, std::string_view text, const std::string& what, const LockOptions& options)
{
  const auto document = oci::JsonDocument::parse(text, what);
  const auto root = document.root();
  lock.kind = LockKind::pipfile;
  if (const auto meta = root.find("_meta")) {
    if (const auto spec = meta->find("pipfile-spec"); spec && spec->uint64() != 6)
      lock.warnings.push_back(fmt::format("{}: pipfile-spec {} instead of 6", what, spec->uint64()));
    if (const auto hash = meta->find("hash")) lock.pipfile_hash = hash->text("sha256");
    if (const auto wanted = meta->find("requires")) {
      lock.python = wanted->text("python_full_version");
      if (lock.python.empty()) lock.python = wanted->text("python_version");
    }
    read_sources(lock, *meta);
  }
  auto groups = options.groups;
  if (groups.empty()) groups.emplace_back("default");
  for (const auto& group : groups) {
    const auto section = root.find(group);
    if (!section) {
      if (group == "default" || group == "develop") continue;
      throw Error(Errc::bad_input, fmt::format("{}: has no section {}", what, printable(group)));
    }
    std::set<std::string> seen;
    for (const auto entry : section->object()) {
      Pin pin;
      pin.written_name = entry.key();
      pin.name = canonical_name(entry.key());
      if (!seen.insert(pin.name).second) entry.fail(fmt::format("a second entry for {}", pin.name));
      in_context([&] { return what; }, [&] { read_entry(pin, entry); });
      if (!pin.source.empty() && std::ranges::find(lock.sources, pin.source, &PackageSource::name) == lock.sources.end())
        entry.fail(fmt::format("its index {} is none of the lock's sources", printable(pin.source)));
      lock.pins.push_back(std::move(pin));
    }
  }
}

PipfileHashes pipfile_hashes(std::string_view pipfile, const std::string& what, const std::vector<PackageSource>& default_sources)
{
  const auto document = oci::JsonDocument::parse(toml::as_json(pipfile, what), what);
  const auto root = document.root();
  return {pipfile_hash(root, default_sources, false, Names::as_written), pipfile_hash(root, default_sources, true, Names::as_written),
          pipfile_hash(root, default_sources, true, Names::canonical)};
}

}  // namespace cairn::python
