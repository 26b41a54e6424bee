// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cli/command_line.hpp>
#include <cli/program.hpp>
#include <cli/settings.hpp>

/// All commands. Each has a file of its name here, a page docs/commands/<name>.md and a test tests/cli/<name>.bats.
namespace cairn::cli {

/// The program's command line. `flags` receives the options that all commands take. Both outlive the result.
[[nodiscard]] CommandLine make_command_line(Program& program, Flags& flags);

void add_annotate(CommandLine& line, Program& program);
void add_append(CommandLine& line, Program& program);
void add_bake(CommandLine& line, Program& program);
void add_base(CommandLine& line, Program& program);
void add_build(CommandLine& line, Program& program);
void add_check(CommandLine& line, Program& program);
void add_ci(CommandLine& line, Program& program);
void add_completion(CommandLine& line, Program& program);
void add_config(CommandLine& line, Program& program);
void add_copy(CommandLine& line, Program& program);
void add_delete(CommandLine& line, Program& program);
void add_deploy(CommandLine& line, Program& program);
void add_diff(CommandLine& line, Program& program);
void add_endpoints(CommandLine& line, Program& program);
void add_flatten(CommandLine& line, Program& program);
void add_gc(CommandLine& line, Program& program);
void add_help(CommandLine& line, Program& program);
void add_history(CommandLine& line, Program& program);
void add_images(CommandLine& line, Program& program);
void add_index(CommandLine& line, Program& program);
void add_inspect(CommandLine& line, Program& program);
void add_lease(CommandLine& line, Program& program);
void add_lint(CommandLine& line, Program& program);
void add_list_tags(CommandLine& line, Program& program);
void add_lock(CommandLine& line, Program& program);
void add_login(CommandLine& line, Program& program);
void add_logout(CommandLine& line, Program& program);
void add_man(CommandLine& line, Program& program);
void add_modules(CommandLine& line, Program& program);
void add_mutate(CommandLine& line, Program& program);
void add_plan(CommandLine& line, Program& program);
void add_populate(CommandLine& line, Program& program);
void add_pull(CommandLine& line, Program& program);
void add_push(CommandLine& line, Program& program);
void add_python(CommandLine& line, Program& program);
void add_rebase(CommandLine& line, Program& program);
void add_recipe(CommandLine& line, Program& program);
void add_release(CommandLine& line, Program& program);
void add_split(CommandLine& line, Program& program);
void add_tag(CommandLine& line, Program& program);
void add_unpack(CommandLine& line, Program& program);
void add_untag(CommandLine& line, Program& program);
void add_validate(CommandLine& line, Program& program);
void add_volume(CommandLine& line, Program& program);

}  // namespace cairn::cli
