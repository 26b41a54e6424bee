// SPDX-License-Identifier: Apache-2.0
#include <cli/commands/commands.hpp>

namespace cairn::cli {
namespace {

Exit run(Program& program)
{
  const auto rows = list_settings(program.settings());
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().begin_array("settings");
    for (const auto& row : rows)
      json.begin_object().member("key", row.key).member("value", row.value).member("origin", row.origin).end_object();
    json.end_array().end_object();
    program.print(json);
    return Exit::done;
  }
  Table table({{"SETTING"}, {"VALUE"}, {"FROM"}, {"MEANING", Align::left, Shrink::yes}});
  for (const auto& row : rows) table.add({row.key, row.value.empty() ? "-" : row.value, row.origin, row.help});
  program.print(table);
  return Exit::done;
}

}  // namespace

void add_config(CommandLine& line, Program& program)
{
  line.add(
      {
          .name = "config",
          .summary = "Show every setting and where its value comes from",
          .description =
              "The first of these that names a setting decides: a flag; the variable `CAIRN_` and the setting's name in capitals, as "
              "`CAIRN_STORE`; `settings:` in ./cairn.yaml; the user's file; the default.",
          .examples = {{"cairn config", "Show them."},
                       {"CAIRN_JOBS=3 cairn config --json", "For programs; here one is set by a variable."}},
          .sections =
              {
                  {"Files",
                   "The user's file is `$XDG_CONFIG_HOME/cairn/config.yaml` (`~/.config/cairn/config.yaml`):\n\n"
                   "  store: /srv/cairn\n  jobs: 8\n\n"
                   "In a project's `cairn.yaml` settings lie under a key of their own:\n\n"
                   "  settings:\n    compression: gzip\n\n"
                   "A relative `store` is taken from the file's directory. Unknown keys are errors."},
                  {"JSON",
                   "One object: `settings`, each with `key`, `value` (a string) and `origin`: a flag, a variable, `FILE:LINE:COLUMN`, or "
                   "`default`."},
              },
      },
      [&program] { return run(program); });
}

}  // namespace cairn::cli
