// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// Module trees: which modulefiles a tree holds and what each says, found by evaluating every file alone, with nothing
/// of the host (Lua in a sandbox, Tcl in a safe interpreter).
namespace cairn::module {

enum class Language { lua, tcl };

struct Dependency {
  enum class Kind { depends_on, load, try_load, prereq, conflict };
  Kind kind = Kind::depends_on;
  std::string name;  ///< as written: `zlib/1.3.1-GCCcore-12.2.0`, or a name without version
};

/// One modulefile. Paths are relative to the tree's root unless they say otherwise.
struct Modulefile {
  std::string path;        ///< `modules/all/zlib/1.3.1.lua`
  std::string modulepath;  ///< the MODULEPATH directory it was found under: `modules/all`
  std::string full_name;   ///< as Lmod names it: `zlib/1.3.1`
  Language language = Language::lua;
  bool hidden = false;     ///< a component of the name starts with a dot
  std::string description;
  std::string url;
  std::string category;
  std::string version;     ///< Lmod's `Version`
  std::string family;
  std::vector<std::string> extensions;      ///< `numpy/1.26.4`
  std::vector<Dependency> dependencies;     ///< in the order written
  std::vector<std::string> prefixes;        ///< absolute paths that it sets in the environment, in order, as written
                                            ///< (EBROOT…, PATH and other path variables): where its software is
  std::optional<std::string> root;          ///< value of a setenv of EBROOT<NAME>, else of `local root`/`set root`
  std::vector<std::string> modulepaths;     ///< absolute paths it adds to MODULEPATH
  std::vector<std::string> impure;          ///< what it asked of the host (`capture`, `os.getenv HOME`), answered empty
  std::optional<std::string> error;         ///< one line, when evaluation failed; what was recorded before it is kept
};

/// A name that is not a modulefile but decides what users see: the `default` link, `.modulerc(.lua)`, `.version`.
struct DefaultFile {
  std::string path;
  std::optional<std::string> error;  ///< when an rc file could not be evaluated
};

struct Alias {
  std::string name;    ///< `uv/0.4`
  std::string target;  ///< `uv/0.4.30`
};

struct Settings {
  std::filesystem::path tree;           ///< where the files are now
  std::string target;                   ///< absolute path at which they will be seen: keys of the spider cache
  std::vector<std::string> modulepath;  ///< MODULEPATH directories relative to the tree; empty: found by the rules below
  std::size_t threads = 1;
  std::optional<std::filesystem::path> cache = std::nullopt;  ///< directory that remembers evaluations between runs; nothing: none
  bool full = false;  ///< read and evaluate everything all the same; what the cache had wrong becomes a warning
};

struct Tree {
  std::vector<std::string> modulepath;     ///< roots, relative: `modules/all`, or `modules/all/Core` for a hierarchy
  std::vector<Modulefile> modulefiles;     ///< sorted by path; from roots and from what they add to MODULEPATH
  std::vector<DefaultFile> default_files;  ///< sorted by path
  std::vector<Alias> aliases;
  std::vector<std::string> warnings;       ///< e.g. two units define one alias
  std::string spider_cache;                ///< text of spiderT.lua for `target`
};

/// Evaluate a module tree. Without `modulepath`: `modules/all` when it is there (its sub-directory `Core` alone when
/// modulefiles there add MODULEPATH directories of this tree), else `modules`, else none.
/// Broken modulefiles do not stop it: see `Modulefile::error`. Throws Error for what the system refuses.
/// The result is a function of names, contents and link texts below the tree and of `target`.
[[nodiscard]] Tree evaluate(const Settings& settings, const Task& task);

}  // namespace cairn::module
