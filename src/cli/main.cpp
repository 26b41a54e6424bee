// SPDX-License-Identifier: Apache-2.0
//
// The program `cairn`. Everything it does is in src/cairn; here are words, settings and exit codes.
#include <cairn/base/error.hpp>
#include <cli/command_line.hpp>
#include <cli/commands/commands.hpp>
#include <cli/interrupt.hpp>
#include <cli/program.hpp>
#include <cli/render/manual.hpp>

#include <exception>
#include <new>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

Exit run(Program& program, const std::vector<std::string>& arguments)
{
  Flags flags;
  const auto line = make_command_line(program, flags);
  const auto parsed = line.parse(arguments);
  if (parsed.version) {
    program.print("cairn " CAIRN_VERSION "\n");
    return Exit::done;
  }
  if (parsed.help || parsed.command == nullptr) {
    const auto text = parsed.command == nullptr ? help_text(line) : help_text(line, *parsed.command);
    if (parsed.help || arguments.empty()) {
      program.print(text);
      return Exit::done;
    }
    throw UsageError("no command given; see cairn --help");
  }
  program.begin(merge_settings(flags));
  return parsed.command->run();
}

Exit run_and_report(Program& program, const std::vector<std::string>& arguments)
{
  try {
    return run(program, arguments);
  } catch (const UsageError& error) {
    program.error(error.what());
    return Exit::usage;
  } catch (const Error& error) {
    program.error(error.what());
    return Exit::failed;
  } catch (const Cancelled&) {
    program.error("interrupted");
    return Exit::interrupted;
  } catch (const std::bad_alloc&) {
    program.error("out of memory");
    return Exit::failed;
  } catch (const std::exception& error) {
    program.error(error.what());
    return Exit::failed;
  }
}

}  // namespace
}  // namespace cairn::cli

int main(int argc, char** argv)
{
  using namespace cairn::cli;
  Interrupt interrupt;
  Program program{interrupt};
  return static_cast<int>(run_and_report(program, {argv + (argc > 0 ? 1 : 0), argv + argc}));
}
