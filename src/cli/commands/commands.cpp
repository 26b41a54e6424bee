// SPDX-License-Identifier: Apache-2.0
#include <cli/commands/commands.hpp>

namespace cairn::cli {

CommandLine make_command_line(Program& program, Flags& flags)
{
  CommandLine line({
      .name = "cairn",
      .summary = "Make container images of environment modules",
      .description =
          "Splits the tree of software that EasyBuild installs and Lmod loads into an OCI image of small layers: a *library*. "
          "A changed module changes one layer, the same tree always gives the same bytes, and any container tool reads the result.\n\n"
          "Images are kept in a store, an OCI image layout that needs no daemon and no registry. Where a command takes an IMAGE, it is the "
          "name of one in the store (`library:2026.11`), its digest (`sha256:…`), or one elsewhere: `oci:DIR[:TAG]`, "
          "`oci-archive:FILE[:TAG]`, `docker-archive:FILE[:NAME]`, `docker://HOST/REPOSITORY[:TAG][@DIGEST]`, `containers-storage:NAME`.",
      .examples =
          {
              {"cairn split easybuild --tag library:2026.11", "Make an image of a module tree."},
              {"cairn images", "See what the store holds."},
              {"cairn modules library:2026.11", "See which modules the image carries."},
          },
      .sections =
          {
              {"Output",
               "The result goes to standard output: a digest, a table, or one JSON record with `--json`. Progress, messages and errors go "
               "to standard error: bars on a terminal, a line an event otherwise.\n\n"
               "With `--progress json` each line on standard error is a JSON object: `{\"event\": \"begin\"|\"advance\"|\"end\", "
               "\"step\": N, \"title\": …, \"bytes\": N, \"total_bytes\": N}` (`total_bytes` where it is known, `seconds` at the end), or "
               "`{\"event\": "
               "\"message\", \"level\": \"note\"|\"info\"|\"debug\"|\"warning\"|\"error\", \"text\": …}`."},
              {"Settings",
               "What a flag does not say is taken from variables (`CAIRN_STORE`), from `settings:` in ./cairn.yaml, and from the "
               "user's own file; `cairn config` shows each value and where it comes from."},
              {"Exit codes", "0 done, 1 failed, 2 wrong usage, 3 a check found problems, 130 interrupted."},
          },
  });

  line.global()
      .option("--store", "DIR", "the store to use", flags.store, ValueKind::directory)
      .number("--jobs", "N", "threads that read, hash and compress", 1, 1024, flags.jobs)
      .letter('j')
      .flag("--json", "print the result as a JSON record", flags.json)
      .choice("--progress", {"auto", "bar", "plain", "json", "none"}, "how progress is shown on stderr", flags.progress)
      .flag("--quiet", "say nothing but errors on stderr", flags.quiet)
      .letter('q')
      .flag("--verbose", "say more on stderr", flags.verbose)
      .letter('v');

  // In the order of `cairn --help`.
  add_split(line, program);
  add_plan(line, program);
  add_lint(line, program);
  add_build(line, program);
  add_check(line, program);
  add_release(line, program);
  add_recipe(line, program);
  add_bake(line, program);
  add_images(line, program);
  add_modules(line, program);
  add_python(line, program);
  add_lock(line, program);
  add_base(line, program);
  add_inspect(line, program);
  add_diff(line, program);
  add_history(line, program);
  add_validate(line, program);
  add_unpack(line, program);
  add_append(line, program);
  add_rebase(line, program);
  add_mutate(line, program);
  add_annotate(line, program);
  add_flatten(line, program);
  add_index(line, program);
  add_populate(line, program);
  add_volume(line, program);
  add_lease(line, program);
  add_tag(line, program);
  add_untag(line, program);
  add_push(line, program);
  add_pull(line, program);
  add_copy(line, program);
  add_list_tags(line, program);
  add_delete(line, program);
  add_deploy(line, program);
  add_endpoints(line, program);
  add_ci(line, program);
  add_login(line, program);
  add_logout(line, program);
  add_gc(line, program);
  add_config(line, program);
  add_completion(line, program);
  add_man(line, program);
  add_help(line, program);
  return line;
}

}  // namespace cairn::cli
