// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/lint_unit.hpp>

#include <cairn/base/error.hpp>
#include <cairn/layer/contents.hpp>
#include <cairn/library/elf.hpp>
#include <cairn/os/beneath.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/xattr.h>

namespace cairn::library {
namespace {

/// How much of a script's first line Linux looks at: 128 bytes before 5.1, 256 since (BINPRM_BUF_SIZE, binfmts.h).
constexpr std::size_t old_shebang_bytes = 127;
constexpr std::size_t shebang_bytes = 255;

std::string_view directory_of(std::string_view path)
{
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  return slash == 0 ? std::string_view("/") : path.substr(0, slash);
}

/// `libz.so`, `libz.so.1.3`.
bool is_library_name(std::string_view name)
{
  const auto at = name.rfind(".so");
  return at != std::string_view::npos && (at + 3 == name.size() || name[at + 3] == '.');
}

class UnitLint {
public:
  UnitLint(const LintPlace& place, const Unit& unit, const Task& task) : place_(place), unit_(unit), task_(task), found_(unit.name) {}

  UnitFindings run(const std::vector<std::string>& all_roots)
  {
    auto scan = layer::scan(place_.tree, unit_.roots, {place_.excludes, &all_roots, place_.target.substr(1)}, task_);
    for (const auto& problem : scan.problems) found_.add(Severity::error, "unshippable", problem.path, problem.what, "cairn split stops here");
    for (const auto& path : scan.outside_links)
      found_.add_alike(Severity::note, "hard-link", path, "is hard-linked to a file outside the unit: shipped as a copy",
                       "name a directory that holds both under 'shared' in library.yaml if the size matters");
    bytecode(scan.contents);
    roots(scan.contents);
    for (const auto& item : scan.contents.items) {
      if ((&item - scan.contents.items.data()) % 1024 == 0) task_.check();
      look_at(scan.contents, item);
    }
    task_.advance(scan.counts.content_bytes);
    return {found_.take(), std::move(scan.dropped)};
  }

private:
  void bytecode(layer::Contents& contents)
  {
    const auto stale = layer::mark_bytecode(place_.tree, contents, task_);
    if (!stale.empty())
      found_.add(Severity::warning, "stale-bytecode", stale.front(),
                 stale.size() == 1 ? std::string("does not have its source's time or size: Python ignores it, it is not shipped")
                                   : fmt::format("{} .pyc files do not have their sources' times or sizes: Python ignores them, they are not shipped", stale.size()),
                 fmt::format("compile them anew: python3 -m compileall -f {}", printable(fmt::format("{}/{}", place_.target, std::string(directory_of(directory_of(stale.front())))))));
    if (layer::binds_to_mtimes(contents))
      found_.add(Severity::note, "mtime-bound", {}, "has caches that are valid only with their files' times (Julia before 1.11, GHC): its times are kept",
                 "nothing; but the unit's bytes change whenever it is installed anew");
  }

  void roots(const layer::Contents& contents)
  {
    std::vector<bool> filled(contents.roots.size());
    for (const auto& item : contents.items) filled[item.root] = true;
    for (std::size_t i = 0; i < filled.size(); ++i)
      if (!filled[i] && contents.roots[i].is_directory && unit_.kind == UnitKind::software)
        found_.add(Severity::warning, "partial-install", contents.roots[i].path, "is empty", "remove it if an installation failed here");
  }

  void look_at(const layer::Contents& contents, const layer::Item& item)
  {
    using layer::Kind;
    if (item.kind == Kind::symlink) {
      link(contents, item);
      return;
    }
    constexpr unsigned set_id = 06000;
    if (item.kind != Kind::directory && (item.mode & set_id) != 0)
      found_.add(Severity::warning, "set-id", contents.path(item), fmt::format("has mode {:04o}: the set-id bit is not shipped", unsigned{item.mode}),
                 "chmod ug-s, and use it without; who needs it must install it in the image itself");
    if ((item.mode & 0002) != 0)
      found_.add_alike(Severity::warning, "world-writable", contents.path(item), "anyone may write to it", "chmod o-w: users could change what others run");
    if (item.kind != Kind::file) return;
    const bool executable = (item.mode & 0111) != 0;
    if (item.size_bytes < 2 || (!executable && !is_library_name(contents.name(item)))) return;
    program(contents.path(item), executable);
  }

  // Links.

  void link(const layer::Contents& contents, const layer::Item& item)
  {
    const auto path = contents.path(item);
    const std::string text(contents.link(item));
    const auto end = follow(place_, contents.directory(item), text);
    if (end.kind == LinkEnd::Kind::outside && end.directly) {
      leaving_link(path, text, end.path);
    } else if (end.kind == LinkEnd::Kind::missing) {
      found_.add(Severity::note, "dangling-link", path, fmt::format("links to {}, where nothing is", printable(text)), "remove it, or mend it if somebody needs it");
    } else if (end.kind == LinkEnd::Kind::endless) {
      found_.add(Severity::warning, "dangling-link", path, fmt::format("links to {}, which leads back to it without end", printable(text)), "remove it");
    } else if (end.kind == LinkEnd::Kind::inside) {
      if (const auto* pattern = place_.excluded(end.path))
        found_.add(Severity::note, "dangling-link", path, fmt::format("links to {}, which the pattern {} leaves out", printable(text), printable(*pattern)),
                   "exclude the link too, or include what it links to");
    }
  }

  void leaving_link(const std::string& path, const std::string& text, const std::string& end)
  {
    const bool absolute = text.starts_with('/');
    const auto to = printable(std::string(directory_of(end)));
    if (is_private_path(end)) {
      found_.add_alike(Severity::error, "link-out-of-tree", path, fmt::format("links into {}, which others do not have", to),
                       "put what it links to into the tree, or remove the link");
    } else if (is_system_path(end)) {
      found_.add_alike(Severity::note, "link-out-of-tree", path, fmt::format("links into {}, the system's", to),
                       "have the same files in every image that uses the module");
    } else {
      found_.add_alike(Severity::warning, "link-out-of-tree", path, fmt::format("links {}into {}, outside the tree", absolute ? "" : "upwards ", to),
                       "put what it links to into the tree, or have that path wherever the module is used");
    }
  }

  // Programs and libraries.

  void program(const std::string& path, bool executable)
  {
    try {
      const auto fd = open_beneath(place_.tree, path, O_RDONLY | O_NONBLOCK, path);
      std::array<char, shebang_bytes + 1> buffer{};
      const std::string_view head(buffer.data(), read_full_at(fd.get(), std::as_writable_bytes(std::span(buffer)), 0, printable(path)));
      if (executable) capability(fd.get(), path);
      if (head.starts_with("\x7f" "ELF")) elf(fd.get(), path);
      else if (executable && head.starts_with("#!")) script(path, head);
    } catch (const Error& error) {
      found_.add(Severity::error, "unshippable", path, error.what(), "cairn split stops here");
    }
  }

  void capability(int fd, const std::string& path)
  {
    if (::fgetxattr(fd, "security.capability", nullptr, 0) > 0)
      found_.add(Severity::warning, "file-capability", path, "has capabilities (setcap), which are not shipped",
                 "use it without; who needs them must install it in the image itself");
  }

  void elf(int fd, const std::string& path)
  {
    const auto paths = read_elf_paths(fd, printable(path));
    if (!paths) return;
    for (const auto& entry : paths->search) rpath(path, paths->tag, entry);
    const auto& loader = paths->interpreter;
    if (loader.starts_with('/') && !is_system_path(loader) && !place_.in_tree(loader))
      found_.add_alike(Severity::warning, "foreign-loader", path, fmt::format("is started by {}, outside the tree", printable(loader)),
                       "link it with the system's loader, or set one in the tree with patchelf --set-interpreter");
  }

  void rpath(const std::string& path, std::string_view tag, const std::string& entry)
  {
    constexpr std::string_view mend = "relink, or correct it with patchelf --set-rpath";
    if (entry.empty() || (entry[0] != '/' && entry[0] != '$')) {
      found_.add_alike(Severity::warning, "foreign-rpath", path,
                       fmt::format("{} has the entry {}: libraries of whatever directory a user is in are loaded", tag, printable(entry)), mend);
      return;
    }
    auto absolute = entry;
    for (const std::string_view origin : {"$ORIGIN", "${ORIGIN}"})
      if (entry.starts_with(origin)) absolute = fmt::format("{}/{}/{}", place_.target, std::string(directory_of(path)), entry.substr(origin.size()));
    if (!absolute.starts_with('/')) return;  // $LIB, $PLATFORM
    absolute = plain_path(absolute);
    if (is_system_path(absolute) || place_.in_tree(absolute)) return;
    found_.add_alike(Severity::warning, "foreign-rpath", path, fmt::format("{} names {}, outside the tree", tag, printable(entry)), mend);
  }

  void script(const std::string& path, std::string_view head)
  {
    const auto end = head.find('\n');
    const auto line = head.substr(0, end);
    if (line.size() > old_shebang_bytes) {
      const bool cut = line.size() > shebang_bytes;
      found_.add(Severity::warning, "long-shebang", path,
                 cut ? fmt::format("its first line has more than {} bytes, which Linux does not read", shebang_bytes)
                     : fmt::format("its first line has {} bytes, and Linux before 5.1 reads {}", line.size(), old_shebang_bytes),
                 "use a shorter target, or '#!/usr/bin/env' with the program's name");
    }
    const auto begin = std::min(line.find_first_not_of(" \t", 2), line.size());
    const auto interpreter = std::string(line.substr(begin, line.find_first_of(" \t\r", begin) - begin));
    if (interpreter.empty() || (end == std::string_view::npos && line.size() > shebang_bytes)) return;
    if (!interpreter.starts_with('/')) {
      found_.add_alike(Severity::warning, "foreign-shebang", path, fmt::format("is run by {}, searched for in whatever directory a user is in", printable(interpreter)),
                       "write the whole path, or '#!/usr/bin/env' with the program's name");
      return;
    }
    if (const auto inside = place_.in_tree(interpreter)) {
      if (follow(place_, {}, *inside).kind == LinkEnd::Kind::missing)
        found_.add_alike(Severity::warning, "missing-interpreter", path, fmt::format("is run by {}, where nothing is", printable(interpreter)),
                         "install what it names, or correct the first line");
      return;
    }
    if (!is_system_path(interpreter))
      found_.add_alike(Severity::warning, "foreign-shebang", path, fmt::format("is run by {}, outside the tree", printable(interpreter)),
                       "correct the first line: a program of the tree, or '#!/usr/bin/env' with its name");
  }

  const LintPlace& place_;
  const Unit& unit_;
  const Task& task_;
  Findings found_;
};

}  // namespace

UnitFindings lint_unit(const LintPlace& place, const Unit& unit, const std::vector<std::string>& all_roots, const Task& task)
{
  constexpr int most_attempts = 3;
  for (int attempt = 1;; ++attempt) {
    try {
      return UnitLint(place, unit, task).run(all_roots);
    } catch (const Error& error) {
      const bool moving = error.code() == Errc::changed || error.code() == Errc::not_found;
      if (moving && attempt < most_attempts) continue;
      Findings found(unit.name);
      found.add(Severity::error, "unshippable", {}, error.what(), moving ? "lint again when nobody changes the tree" : "cairn split stops here");
      return {found.take(), {}};
    }
  }
}

}  // namespace cairn::library
