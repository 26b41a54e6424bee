// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/directory.hpp>

#include <cairn/base/error.hpp>
#include <cairn/module/regular_path.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include <dirent.h>

namespace cairn::module {
namespace {

constexpr std::size_t depth_limit = 64;  // the cache nests two tables a level; Lua reads 200
constexpr std::size_t name_limit = 1'000'000;
constexpr std::string_view tcl_magic = "#%Module";

int mark_index(std::string_view name)
{
  if (name == "default") return 1;
  if (name == ".modulerc.lua") return 2;
  if (name == ".modulerc") return 3;
  if (name == ".version") return 4;
  return 0;
}

bool is_ignored(std::string_view name)
{
  static const std::set<std::string_view> names = {".git", ".gitignore", ".svn", ".lua", ".DS_Store"};
  return names.contains(name) || name.ends_with('~') || name.ends_with('#') || name.starts_with('#') || name.starts_with(".#") ||
         name.starts_with("__") || (name.starts_with('.') && name.ends_with(".swp"));
}

std::string without_lua(std::string name)
{
  if (name.ends_with(".lua")) name.resize(name.size() - 4);
  return name;
}

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

FileStamp stamp_of(const struct stat& status)
{
  return {status.st_ino, static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

class Walk {
public:
  Walk(const TreeReader& tree, const std::string& modulepath, Evaluator& evaluator, const Task& task, Walked& out)
      : tree_(tree), modulepath_(modulepath), evaluator_(evaluator), task_(task), out_(out)
  {
  }

  /// `path` below MODULEPATH leads to the real directory `real`.
  Directory directory(const std::string& path, const std::string& real)
  {
    Directory out;
    if (above_.size() >= depth_limit) {
      warn(path, fmt::format("more than {} levels of directories; left out", depth_limit));
      return out;
    }
    std::vector<std::pair<std::string, std::string>> below;  // path, real
    above_.push_back(real);
    const auto fd = tree_.open_directory(real);
    for (const auto& entry : list_directory(fd.get(), tree_.shown(real))) {
      if (++names_ > name_limit) throw Error(Errc::limit, fmt::format("more than {} names below MODULEPATH", name_limit));
      if (is_ignored(entry.name)) continue;
      const auto child = joined(path, entry.name);
      const auto found = look(fd.get(), entry.name, child, real);
      if (!found) continue;
      if (S_ISDIR(found->status.st_mode)) below.emplace_back(child, found->real);
      else if (S_ISREG(found->status.st_mode) || S_ISLNK(found->status.st_mode)) file(out, entry.name, child, *found);
    }
    value_marks(out, path, fd.get(), real);
    for (const auto& [child, child_real] : below) {
      if (std::ranges::find(above_, child_real) != above_.end()) {
        warn(child, "leads back into itself; left out");
        continue;
      }
      auto inner = directory(child, child_real);
      if (!inner.files.empty() || !inner.directories.empty()) out.directories[without_lua(child)] = std::move(inner);
    }
    above_.pop_back();
    return out;
  }

private:
  [[nodiscard]] std::string in_tree(const std::string& path) const { return joined(modulepath_, path); }
  void warn(const std::string& path, std::string_view what)
  {
    out_.warnings.push_back(fmt::format("{}: {}", printable(in_tree(path)), what));
  }

  /// The entry as Lmod's walk sees it: links followed, except for `default`; nothing when Lmod passes over it.
  std::optional<TreeReader::Found> look(int directory, const std::string& name, const std::string& path, const std::string& real)
  {
    if (trimmed(name) != name) {
      warn(path, "white space at an end of the name; Lmod does not see it");
      return std::nullopt;
    }
    TreeReader::Found found{joined(real, name), stat_at(directory, name, tree_.shown(in_tree(path)))};
    if (S_ISLNK(found.status.st_mode) && name != "default") {
      auto end = tree_.find(found.real);
      if (!end) {
        const auto link = read_link_at(directory, name, tree_.shown(in_tree(path)));
        if (link.starts_with('/') && !tree_.inside(link)) warn(path, "a link out of the tree; left out");
        return std::nullopt;
      }
      found = *std::move(end);
    }
    if ((found.status.st_mode & S_IROTH) == 0) {
      warn(path, "not readable by others; left out");
      return std::nullopt;
    }
    if (!is_utf8(name)) warn(path, "a name that is not UTF-8");
    return found;
  }

  void file(Directory& out, const std::string& name, const std::string& path, const TreeReader::Found& found)
  {
    const auto full_name = without_lua(path);
    File entry{in_tree(path), found.real, name, Language::lua, false, stamp_of(found.status)};
    if (const int index = mark_index(name); index != 0) {
      out.marks.push_back({index, name, in_tree(path), full_name, std::nullopt});
      if (index == 1 && S_ISREG(found.status.st_mode)) {
        entry.language = Language::tcl;
        entry.is_default = true;
        out.files[full_name] = std::move(entry);
      }
      return;
    }
    // A link is only left for the name `default`.
    if (const auto there = out.files.find(full_name); there != out.files.end() && there->second.has_lua_suffix()) return;
    if (!entry.has_lua_suffix()) {
      if (tree_.read_start(found.real, tcl_magic.size()) != tcl_magic) return;
      entry.language = Language::tcl;
    }
    out.files[full_name] = std::move(entry);
  }

  void value_marks(Directory& out, const std::string& path, int directory, const std::string& real)
  {
    std::ranges::stable_sort(out.marks, {}, &DefaultMark::base);
    for (auto& mark : out.marks) {
      DefaultFile report{mark.path, std::nullopt};
      if (mark.index == 1) {
        mark.value = default_value(directory, path, real);
      } else {
        rc_mark(mark, path, report);
        if (report.error) warn(joined(path, mark.base), *report.error);
      }
      out_.default_files.push_back(std::move(report));
    }
    std::ranges::stable_sort(out.marks, {}, &DefaultMark::index);
  }

  /// The name that `default` points at: the last component of its text, joined to the directory as Lmod joins.
  std::string default_value(int directory, const std::string& path, const std::string& real) const
  {
    const auto shown = tree_.shown(joined(real, "default"));
    if (!S_ISLNK(stat_at(directory, "default", shown).st_mode)) return "default";
    std::string text(trimmed(read_link_at(directory, "default", shown)));
    const auto whole = regular_path(fmt::format("/{}/{}", in_tree(path), text));
    return without_lua(std::string(base_name(whole)));
  }

  void rc_mark(DefaultMark& mark, const std::string& path, DefaultFile& report)
  {
    const auto found = tree_.find(mark.path);
    if (!found) return;
    const auto text = tree_.read_start(found->real, modulefile_limit_bytes + 1);
    if (text.size() > modulefile_limit_bytes) {
      report.error = fmt::format("larger than {} bytes", modulefile_limit_bytes);
      return;
    }
    const auto language = mark.base.ends_with(".lua") ? Language::lua : Language::tcl;
    const auto rc = rc_file_of(language, evaluator_.run({Script::Kind::rc, language, text, {}}, task_), mark.path);
    report.error = rc.error;
    for (const auto& question : rc.impure) warn(joined(path, mark.base), fmt::format("asks the host ({}); answered empty", question));
    try {
      mark.value = apply(rc.directives, path.empty() ? std::nullopt : std::optional(path), out_.rc, [&](const std::string& name) {
        warn(joined(path, mark.base), fmt::format("gives {} a second meaning; the last in order of names counts", printable(name)));
      });
    } catch (const Error& error) {
      report.error = error.what();
    }
  }

  const TreeReader& tree_;
  const std::string& modulepath_;
  Evaluator& evaluator_;
  const Task& task_;
  Walked& out_;
  std::vector<std::string> above_;  ///< real paths of the directories being walked
  std::size_t names_ = 0;
};

}  // namespace

std::optional<Walked> walk(const TreeReader& tree, const std::string& modulepath, Evaluator& evaluator, const Task& task)
{
  const auto found = tree.find(modulepath);
  if (!found || !S_ISDIR(found->status.st_mode)) return std::nullopt;
  Walked out;
  out.top = Walk(tree, modulepath, evaluator, task, out).directory("", found->real);
  return out;
}

}  // namespace cairn::module
