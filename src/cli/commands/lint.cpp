// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/lint.hpp>
#include <cli/commands/commands.hpp>
#include <cli/render/text.hpp>
#include <cli/tree_options.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

using library::Severity;

struct Options {
  TreeOptions tree;
};

std::size_t count(const std::vector<library::LintFinding>& findings, Severity severity)
{
  return static_cast<std::size_t>(std::ranges::count(findings, severity, &library::LintFinding::severity));
}

oci::JsonWriter record(const std::vector<library::LintFinding>& findings)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("errors", count(findings, Severity::error)).member("warnings", count(findings, Severity::warning));
  json.member("notes", count(findings, Severity::note)).begin_array("findings");
  for (const auto& finding : findings) {
    json.begin_object().member("severity", name(finding.severity)).member("rule", finding.rule).member_unless_empty("unit", finding.unit);
    json.member_unless_empty("path", safe(finding.path))
        .member("what", finding.what)
        .member_unless_empty("advice", finding.advice)
        .end_object();
  }
  json.end_array().end_object();
  return json;
}

/// A block a rule, since advice is long and mostly the same: the rule with its advice, then each place.
std::string report(const std::vector<library::LintFinding>& findings, std::size_t columns)
{
  std::string out;
  const library::LintFinding* last = nullptr;
  for (const auto& finding : findings) {
    if (last == nullptr || last->severity != finding.severity || last->rule != finding.rule || last->advice != finding.advice) {
      if (last != nullptr) out += '\n';
      out += fmt::format("{}: {}\n", name(finding.severity), finding.rule);
      if (!finding.advice.empty()) out += "  " + wrap("advice: " + finding.advice, columns, 2) + '\n';
    }
    last = &finding;
    const auto where = !finding.path.empty() ? finding.path : !finding.unit.empty() ? finding.unit : ".";
    out += fmt::format("  {}: {}\n", safe(where), finding.what);
  }
  return out;
}

Exit run(const Options& options, Program& program)
{
  library::LintSettings settings;
  settings.tree = options.tree.tree;
  settings.mapping = read_mapping(options.tree);
  settings.threads = program.settings().jobs.value;
  const auto findings = [&] {
    const auto task = program.task(fmt::format("lint {}", options.tree.tree));
    return library::lint(settings, task);
  }();

  if (program.json()) {
    auto json = record(findings);
    program.print(json);
  } else {
    program.print(report(findings, program.columns()));
  }
  const auto errors = count(findings, Severity::error);
  program.note(fmt::format("{}, {}, {}", count_text(errors, "error", "errors"),
                           count_text(count(findings, Severity::warning), "warning", "warnings"),
                           count_text(count(findings, Severity::note), "note", "notes")));
  return errors == 0 ? Exit::done : Exit::found;
}

/// `  rule   warning to error   what`, one line each.
std::string rules()
{
  std::string out;
  for (const auto& rule : library::lint_rules()) {
    const auto severity =
        rule.least == rule.worst ? std::string(name(rule.least)) : fmt::format("{} to {}", name(rule.least), name(rule.worst));
    out += fmt::format("{}  {:<24}{:<18}{}", out.empty() ? "" : "\n", rule.id, severity, rule.what);
  }
  return out;
}

}  // namespace

void add_lint(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "lint",
          .summary = "Say what would go wrong when a module tree is used elsewhere",
          .description =
              "Reads a module tree as `split` would, writes nothing, and lists what would surprise its users: dependencies that are not in "
              "the tree, paths that lead out of it, files that anybody may change, bytecode that Python would not use, and what cannot be "
              "shipped at all. Each finding says what to do.\n\n"
              "Errors (exit code 3) are what `split` refuses or what cannot work; warnings work, but look; notes are only good to know.",
          .examples = {{"cairn lint easybuild", "Look before a release."},
                       {"cairn lint easybuild --json | jq '.findings | group_by(.rule) | map({(.[0].rule): length}) | add'",
                        "How many findings of each rule."}},
          .sections = {{"Rules", rules()},
                       {"JSON",
                        "One object: `errors`, `warnings`, `notes` (numbers) and `findings`, each with `severity`, `rule`, `unit`, `path` "
                        "(relative "
                        "to the tree), `what` and `advice`; empty ones are left out."}},
      },
      [options, &program] { return run(*options, program); });
  add_tree_options(command, options->tree);
}

}  // namespace cairn::cli
