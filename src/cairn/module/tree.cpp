// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/tree.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/module/directory.hpp>
#include <cairn/module/evaluation_cache.hpp>
#include <cairn/module/node.hpp>
#include <cairn/module/regular_path.hpp>
#include <cairn/module/spider_cache.hpp>
#include <cairn/module/tree_reader.hpp>
#include <cairn/os/parallel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <mutex>
#include <set>

namespace cairn::module {
namespace {

/// One MODULEPATH directory, evaluated.
struct Visited {
  std::string relative;
  std::string path;  ///< at the target
  bool is_root = false;
  Walked walked;
  std::map<std::string, Node> nodes;
};

/// As in a unit's scan: a change so shortly before could be followed by another that leaves the same times.
constexpr std::int64_t racy_window_ns = 2'000'000'000;

std::int64_t now_ns()
{
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

bool has_dots(std::string_view path) { return fmt::format("/{}/", path).find("/../") != std::string::npos; }

/// Follows MODULEPATH from the roots to what modulefiles add, in the order of Lmod's spider: a stack, last root first.
class Evaluation {
public:
  Evaluation(const Settings& settings, const TreeReader& tree, Evaluator& evaluator, EvaluationCache* cache, const Task& task)
      : settings_(settings), tree_(tree), evaluator_(evaluator), cache_(cache), task_(task)
  {
  }

  void run(const std::vector<std::string>& roots)
  {
    std::vector<std::string> stack = roots;
    const std::set<std::string> is_root(roots.begin(), roots.end());
    std::set<std::string> seen;
    while (!stack.empty()) {
      const auto relative = std::move(stack.back());
      stack.pop_back();
      if (!seen.insert(relative).second) continue;
      auto walked = walk(tree_, relative, evaluator_, task_);
      if (!walked) continue;
      auto& visited = visited_.emplace_back(Visited{relative, regular_path(joined(tree_.target(), relative)), is_root.contains(relative), *std::move(walked), {}});
      visited.nodes = group(visited.walked.top, [&](const std::string& name) {
        visited.walked.warnings.push_back(fmt::format("{}: a file and a directory have this name; Lmod sees the directory", printable(joined(relative, name))));
      });
      evaluate_all(visited);
      each_entry(visited.nodes, [&](const Entry& entry) {
        for (const auto& added : entry.record.modulepaths) follow(entry, added, stack);
      });
    }
  }

  [[nodiscard]] bool follows_the_tree() const { return follows_; }

  [[nodiscard]] Tree result(const std::vector<std::string>& roots)
  {
    Tree out;
    out.modulepath = roots;
    std::vector<ModulepathShards> shards;
    for (auto& visited : visited_) {
      shards.push_back({visited.path, visited.is_root,
                        make_shards(visited.nodes, tree_.target(), visited.path, [&](const std::string& added) { return tree_.at_target(added); }),
                        visited.walked.rc});
      each_entry(visited.nodes, [](Entry& entry) { entry.text = {}; });
      std::set<std::string> hidden;
      for (const auto& [name, yes] : visited.walked.rc.hidden) hidden.insert(resolved({&visited.walked.rc}, name));
      each_entry(visited.nodes, [&](const Entry& entry) { out.modulefiles.push_back(modulefile(entry, visited.relative, hidden)); });
      std::ranges::move(visited.walked.default_files, std::back_inserter(out.default_files));
      std::ranges::move(visited.walked.warnings, std::back_inserter(out.warnings));
      add_aliases(visited.walked.rc, out.aliases);
    }
    std::ranges::move(warnings_, std::back_inserter(out.warnings));
    std::ranges::sort(out.modulefiles, {}, [](const Modulefile& file) { return std::tie(file.path, file.modulepath); });
    std::ranges::sort(out.default_files, {}, &DefaultFile::path);
    std::ranges::sort(out.aliases, {}, [](const Alias& alias) { return std::tie(alias.name, alias.target); });
    const auto repeated = std::ranges::unique(out.aliases, {}, [](const Alias& alias) { return std::tie(alias.name, alias.target); });
    out.aliases.erase(repeated.begin(), repeated.end());
    out.spider_cache = merge(shards);
    return out;
  }

private:
  template <class Body>
  static void each_entry(std::map<std::string, Node>& nodes, const Body& body)
  {
    each_place(nodes, 0, [&](Entry& entry, const Node&, std::size_t) { body(entry); });
  }

  template <class Body>
  static void each_place(std::map<std::string, Node>& nodes, std::size_t level, const Body& body)
  {
    for (auto& [name, node] : nodes) {
      for (auto& [full_name, entry] : node.entries) body(entry, node, level);
      each_place(node.levels, level + 1, body);
    }
  }

  void evaluate_all(Visited& visited)
  {
    struct Placed {
      Entry* entry;
      EntryPlace place;
    };
    std::vector<Placed> entries;
    each_place(visited.nodes, 0, [&](Entry& entry, const Node& node, std::size_t level) {
      entries.push_back({&entry, {tree_.target(), visited.path, node.is_meta, level}});
    });
    std::mutex mutex;
    parallel_for(entries.size(), settings_.threads, [&](std::size_t i) {
      task_.check();
      auto& [entry, place] = entries[i];
      if (evaluate(*entry, place, visited.relative)) return;
      const std::scoped_lock lock(mutex);
      warnings_.push_back(fmt::format("{}: was changed, but has the size and the times that it had", printable(entry->file.path)));
    });
  }

  /// Fill in record and text, from the cache if it has them. False: what the cache had for these times was wrong.
  bool evaluate(Entry& entry, const EntryPlace& place, const std::string& modulepath)
  {
    const auto key = fmt::format("{}\n{}", modulepath, entry.file.path);
    auto known = cache_ != nullptr ? cache_->find(key) : std::nullopt;
    const bool same_stamp = known && known->stamp == entry.file.stamp;
    std::optional<Script> script;
    auto digest = known ? known->script : Digest();
    if (!same_stamp || settings_.full) {
      script = script_of(entry);
      digest = sha256(packed(*script));
    }
    const auto told_truth = !same_stamp || digest == known->script;
    const auto entry_key = entry_digest(entry, place, digest);
    if (known && !settings_.full && known->script == digest && known->entry == entry_key) {
      entry.record = std::move(known->record);
      entry.text = std::move(known->text);
      if (known->stamp == stamp_of(entry)) cache_->keep_found(key);
      else cache_->keep(key, {stamp_of(entry), digest, entry_key, entry.record, entry.text});
      return told_truth;
    }
    if (!script) {
      // The name has another place now; its other fields need the whole record.
      script = script_of(entry);
      digest = sha256(packed(*script));
    }
    if (script->text.size() > modulefile_limit_bytes) entry.record.error = fmt::format("larger than {} bytes", modulefile_limit_bytes);
    else entry.record = record_of(*script, evaluator_.run(*script, task_));
    entry.text = entry_text(entry, place);
    entry.record = reduced(std::move(entry.record));
    // An error may be one of time or memory, which come and go.
    if (cache_ != nullptr && !entry.record.error)
      cache_->keep(key, {stamp_of(entry), digest, entry_digest(entry, place, digest), entry.record, entry.text});
    return told_truth;
  }

  [[nodiscard]] Script script_of(const Entry& entry) const
  {
    return {Script::Kind::modulefile,
            entry.file.language,
            tree_.read_start(entry.file.real, modulefile_limit_bytes + 1),
            {entry.name, entry.version.value_or(""), entry.full_name, fmt::format("{}/{}", tree_.target(), entry.file.path)}};
  }

  /// Nothing when another change could follow that leaves the same stamp.
  [[nodiscard]] std::optional<FileStamp> stamp_of(const Entry& entry) const
  {
    if (entry.file.stamp.ctime_ns > racy_after_ns_) return std::nullopt;
    return entry.file.stamp;
  }

  void follow(const Entry& entry, const std::string& added, std::vector<std::string>& stack)
  {
    const auto relative = tree_.inside(added);
    if (!relative) {
      warnings_.push_back(fmt::format("{}: adds {} to MODULEPATH, which is outside of the tree; not followed", printable(entry.file.path), printable(added)));
    } else if (has_dots(*relative) || relative->ends_with('/')) {
      warnings_.push_back(fmt::format("{}: adds {} to MODULEPATH, which is not a plain path; not followed", printable(entry.file.path), printable(added)));
    } else {
      follows_ = true;
      stack.push_back(*relative);
    }
  }

  [[nodiscard]] Modulefile modulefile(const Entry& entry, const std::string& modulepath, const std::set<std::string>& hidden) const
  {
    const auto& record = entry.record;
    const auto field = [&](const char* key) { return string_at(record.cached, key).value_or(""); };
    Modulefile out;
    out.path = entry.file.path;
    out.modulepath = modulepath;
    out.full_name = entry.full_name;
    out.language = entry.file.language;
    out.hidden = fmt::format("/{}", entry.full_name).find("/.") != std::string::npos || hidden.contains(entry.full_name) ||
                 hidden.contains(fmt::format("{}/{}", tree_.target(), entry.file.path));
    out.description = field("Description");
    out.url = field("URL");
    out.category = field("Category");
    out.version = find(record.cached, "Version") ? field("Version") : entry.version.value_or("");
    out.family = field("family");
    out.extensions = record.extensions;
    out.dependencies = record.dependencies;
    for (const auto& [name, value] : record.variables)
      if (value.starts_with('/') && std::ranges::find(out.prefixes, value) == out.prefixes.end()) out.prefixes.push_back(value);
    out.root = record.root;
    out.modulepaths = record.modulepaths;
    out.impure = record.impure;
    out.error = record.error;
    return out;
  }

  static void add_aliases(const RcTables& rc, std::vector<Alias>& out)
  {
    for (const auto* table : {&rc.alias2mod, &rc.version2mod})
      for (const auto& [name, target] : *table) out.push_back({name, resolved({&rc}, target)});
  }

  const Settings& settings_;
  const TreeReader& tree_;
  Evaluator& evaluator_;
  EvaluationCache* cache_;  ///< may be null
  const Task& task_;
  const std::int64_t racy_after_ns_ = now_ns() - racy_window_ns;
  std::vector<Visited> visited_;
  std::vector<std::string> warnings_;
  bool follows_ = false;
};

bool is_directory(const TreeReader& tree, const std::string& path)
{
  const auto found = tree.find(path);
  return found && S_ISDIR(found->status.st_mode);
}

/// The roots' tree; without roots, by the rules of `evaluate`.
Tree evaluate_from(const std::vector<std::string>& roots, const Settings& settings, const TreeReader& tree, Evaluator& evaluator,
                   EvaluationCache* cache, const Task& task)
{
  const auto from = [&](const std::vector<std::string>& paths) {
    Evaluation evaluation(settings, tree, evaluator, cache, task);
    evaluation.run(paths);
    return evaluation.result(paths);
  };
  if (!roots.empty()) return from(roots);
  if (is_directory(tree, "modules/all/Core")) {
    Evaluation core(settings, tree, evaluator, cache, task);
    core.run({"modules/all/Core"});
    if (core.follows_the_tree()) return core.result({"modules/all/Core"});
  }
  for (const char* path : {"modules/all", "modules"})
    if (is_directory(tree, path)) return from({path});
  return from({});
}

}  // namespace

Tree evaluate(const Settings& settings, const Task& task)
{
  if (!settings.target.starts_with('/')) throw Error(Errc::bad_input, fmt::format("{}: the target of a module tree must be absolute", printable(settings.target)));
  const TreeReader tree(settings.tree, settings.target);
  std::vector<std::string> roots;
  for (const auto& path : settings.modulepath) {
    if (path.starts_with('/') || has_dots(path)) throw Error(Errc::bad_input, fmt::format("{}: MODULEPATH must be relative to the tree", printable(path)));
    const auto plain = regular_path(path);
    roots.push_back(plain == "." || plain == " " ? std::string() : plain);
    if (!is_directory(tree, roots.back())) throw Error(Errc::not_found, fmt::format("{}: no such directory in the module tree", printable(path)));
  }
  Evaluator evaluator(settings.threads);
  if (!settings.cache) return evaluate_from(roots, settings, tree, evaluator, nullptr, task);
  EvaluationCache cache(*settings.cache, settings.tree, settings.target);
  auto out = evaluate_from(roots, settings, tree, evaluator, &cache, task);
  cache.save();
  return out;
}

}  // namespace cairn::module
