// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/install.hpp>

#include <cairn/base/error.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace cairn::python {
namespace {

constexpr std::uint64_t script_limit_bytes = std::uint64_t{16} << 20;

/// `path` as seen from the directory `from`; both absolute and plain.
std::string relative(std::string_view path, std::string_view from)
{
  const auto parts = split(path, '/');
  const auto base = split(from, '/');
  std::size_t common = 0;
  while (common < base.size() && common + 1 < parts.size() && parts[common] == base[common]) ++common;
  std::string text;
  for (auto i = common; i < base.size(); ++i) text += "../";
  for (auto i = common; i < parts.size(); ++i) text += fmt::format("{}{}", i > common ? "/" : "", parts[i]);
  return text;
}

class Installer {
public:
  Installer(const Wheel& wheel, const std::string& project, const std::string& direct_url, const InstallSettings& settings)
      : wheel_(wheel), project_(project), direct_url_(direct_url), settings_(settings), layout_(settings.layout)
  {
    library_ = wheel.is_pure ? layout_.purelib : layout_.platlib;
  }

  Installed run()
  {
    check_python();
    scripts_ = script_entry_points(wheel_.entry_points, settings_.target, what("entry_points.txt"));
    for (const auto& script : scripts_) script_names_.insert(script.name);
    const auto& entries = wheel_.archive.entries();
    for (std::uint32_t i = 0; i < entries.size(); ++i)
      if (!entries[i].is_directory) place(entries[i], i);
    for (const auto& script : scripts_)
      generate(layout_.scripts + "/" + script.name, script_text(script, layout_.interpreter, settings_.pip), true);
    const auto info = library_ + "/" + wheel_.info + "/";
    generate(info + "INSTALLER", "pip\n", false);
    if (!direct_url_.empty()) generate(info + "direct_url.json", direct_url_, false);
    generate(info + "REQUESTED", "", false);
    put(info + "RECORD", file(record(), false));
    Installed installed;
    for (auto& [path, one] : files_) {
      one.path = path.substr(1);
      installed.files.push_back(std::move(one));
    }
    return installed;
  }

private:
  [[nodiscard]] std::string what(std::string_view part) const { return fmt::format("wheel {}: {}", printable(wheel_.name.file), part); }
  [[noreturn]] void bad(std::string_view why) const { throw Error(Errc::bad_input, what(why)); }

  void check_python() const
  {
    if (wheel_.requires_python.empty()) return;
    const auto wanted = parse_specifiers(wheel_.requires_python);
    const auto& target = settings_.target;
    // A minor version alone stands for its latest: `>=3.11.4` is met by 3.11.
    auto version = *Version::parse(target.full_version.empty() ? target.python() + ".9999" : target.full_version);
    if (wanted && !contains(*wanted, version))
      bad(fmt::format("requires Python {}, this stack is for {}", printable(wheel_.requires_python),
                      target.full_version.empty() ? target.python() : target.full_version));
  }

  static InstalledFile file(std::string content, bool is_executable)
  {
    InstalledFile made;
    made.is_executable = is_executable;
    made.size_bytes = content.size();
    made.content = std::move(content);
    return made;
  }

  /// A later file of the same path replaces an earlier one, as pip writes them one after another.
  void put(const std::string& path, InstalledFile one) { files_.insert_or_assign(path, std::move(one)); }

  void generate(const std::string& path, std::string content, bool is_executable)
  {
    generated_.push_back({relative(path, library_), record_hash(content), std::to_string(content.size())});
    auto made = file(std::move(content), is_executable);
    made.is_generated = true;
    put(path, std::move(made));
  }

  void place(const ZipEntry& entry, std::uint32_t index)
  {
    auto path = library_ + "/" + entry.name;
    bool is_script = false;
    if (const auto first = entry.name.substr(0, entry.name.find('/')); first.ends_with(".data")) {
      const auto parts = split(entry.name, '/');
      if (parts.size() < 3)
        bad(fmt::format("{} lies directly in a .data directory; expected a scheme's name between", printable(entry.name)));
      const auto below = entry.name.substr(parts[0].size() + parts[1].size() + 2);
      is_script = parts[1] == "scripts";
      if (is_script && is_entry_point(below)) return;
      path = scheme(parts[1], entry.name) + "/" + below;
    }
    if (files_.contains(path)) bad(fmt::format("two of its files go to {}", printable(path)));
    InstalledFile one;
    one.is_executable = entry.is_executable();
    one.size_bytes = entry.plain_bytes;
    one.entry = index;
    const auto row_path = relative(path, library_);
    if (is_script) rewrite(entry, one, row_path);
    placed_.emplace(entry.name, row_path);
    put(path, std::move(one));
  }

  [[nodiscard]] std::string scheme(std::string_view key, const std::string& entry) const
  {
    if (key == "purelib") return layout_.purelib;
    if (key == "platlib") return layout_.platlib;
    if (key == "scripts") return layout_.scripts;
    if (key == "headers") return layout_.headers + "/" + project_;
    if (key == "data") return layout_.prefix;
    bad(fmt::format("{}: {} is no scheme; known are purelib, platlib, headers, scripts, data", printable(entry), printable(key)));
  }

  /// Scripts that setuptools made for an entry point are replaced by ours.
  [[nodiscard]] bool is_entry_point(std::string_view below) const
  {
    auto name = std::string(below.substr(below.rfind('/') + 1));
    const auto lower = to_lower(name);
    if (lower.ends_with(".exe") || lower.ends_with(".pya")) name.resize(name.size() - 4);
    else if (lower.ends_with("-script.py")) name.resize(name.size() - 10);
    return script_names_.contains(name);
  }

  void rewrite(const ZipEntry& entry, InstalledFile& one, const std::string& row_path)
  {
    static constexpr std::string_view placeholder = "#!python";
    std::array<std::byte, placeholder.size()> start{};
    const auto source = wheel_.archive.open(entry);
    if (read_full(*source, start) != start.size() || as_text(start) != placeholder) return;
    auto content = wheel_.archive.read(entry, script_limit_bytes);
    const auto newline = content.find('\n');
    content = "#!" + layout_.interpreter + "\n" + (newline == std::string::npos ? "" : content.substr(newline + 1));
    changed_.emplace(row_path, RecordRow{row_path, record_hash(content), std::to_string(content.size())});
    one.entry.reset();
    one.size_bytes = content.size();
    one.content = std::move(content);
  }

  std::string record()
  {
    std::vector<RecordRow> rows;
    for (auto row : wheel_.record) {
      if (const auto found = placed_.find(row.path); found != placed_.end()) {
        row.path = found->second;
        placed_.erase(found);
      }
      if (const auto found = changed_.find(row.path); found != changed_.end()) row = found->second;
      rows.push_back(std::move(row));
    }
    rows.insert(rows.end(), generated_.begin(), generated_.end());
    for (const auto& [entry, path] : placed_) rows.push_back({path, "", ""});
    return record_text(std::move(rows));
  }

  const Wheel& wheel_;
  const std::string& project_;
  const std::string& direct_url_;
  const InstallSettings& settings_;
  const Layout& layout_;
  std::string library_;
  std::vector<EntryPoint> scripts_;
  std::set<std::string> script_names_;
  std::map<std::string, InstalledFile> files_;  ///< by absolute path
  std::map<std::string, std::string> placed_;   ///< name in the archive to path in RECORD
  std::map<std::string, RecordRow> changed_;    ///< by path in RECORD
  std::vector<RecordRow> generated_;
};

}  // namespace

Layout Layout::venv(const std::string& prefix, const Target& target)
{
  const auto python = "python" + target.python();
  const auto library = prefix + "/lib/" + python + "/site-packages";
  return {prefix, library, library, prefix + "/bin", prefix + "/include/site/" + python, prefix + "/bin/python"};
}

Installed plan_install(const Wheel& wheel, const std::string& project, const std::string& direct_url, const InstallSettings& settings)
{
  return Installer(wheel, project, direct_url, settings).run();
}

}  // namespace cairn::python
