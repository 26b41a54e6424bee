// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>
#include <cli/commands/commands.hpp>
#include <cli/python_options.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

constexpr std::uint64_t pipfile_limit_bytes = std::uint64_t{16} << 20;

struct Options {
  std::vector<std::string> words;
  bool pick = false;
  PythonOptions python;
};

/// What was found; no problems mean that the lock can be built from.
struct Report {
  std::vector<std::string> problems;
  std::optional<std::string> made_by;  ///< which hash matched
  std::vector<python::Chosen> picked;
  std::vector<python::Unbuilt> unbuilt;
};

/// Against the Pipfile beside it, if there is one.
void check_pipfile(const python::Lock& lock, Report& report)
{
  const auto pipfile = lock.file.parent_path() / "Pipfile";
  if (lock.kind != python::LockKind::pipfile || !std::filesystem::exists(pipfile)) return;
  const auto hashes = python::pipfile_hashes(read_small_file(pipfile, pipfile_limit_bytes), "Pipfile", lock.sources);
  if (lock.pipfile_hash == hashes.canonical) report.made_by = "pipenv 2026.4 or later";
  else if (lock.pipfile_hash == hashes.with_categories) report.made_by = "pipenv 2022.10 to 2026.3";
  else if (lock.pipfile_hash == hashes.legacy) report.made_by = "pipenv before 2022.10 or micropipenv";
  else
    report.problems.push_back(fmt::format(
        "Pipfile.lock is stale: it was made from a Pipfile with hash {}, this one has {} (pipenv 2026.4 and later), {} (2022.10 and later) "
        "or {} "
        "(before); run 'pipenv lock'",
        lock.pipfile_hash.empty() ? "?" : printable(lock.pipfile_hash), hashes.canonical, hashes.with_categories, hashes.legacy));
}

void check_pins(const stack::OpenLock& lock, Report& report)
{
  for (const auto& pin : lock.pins) {
    const auto name = pin.version ? fmt::format("{} {}", pin.name, pin.version->str()) : pin.name;
    if (!pin.needs_build.empty()) report.unbuilt.push_back({name, pin.needs_build});
    else if (pin.hashes.empty()) report.problems.push_back(fmt::format("{}: the lock has no sha256 for it; lock it anew", name));
  }
}

void pick(const stack::Request& request, const stack::OpenLock& lock, Program& program, Report& report)
{
  python::WheelCache cache(stack::wheel_cache_path());
  auto sources = stack::open_sources(request, lock, program.settings().jobs.value);
  sources.settings.fetch = python::Fetch::no;
  const auto task = program.task("find wheels");
  auto resolved = python::resolve(lock.lock, lock.pins, sources.settings, cache, task);
  report.picked = std::move(resolved.wheels);
  report.unbuilt = std::move(resolved.unbuilt);
}

oci::JsonWriter record(const Report& report, const stack::OpenLock& lock)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("lock", lock.lock.file.string()).member("python", lock.target.python()).member("pins", lock.pins.size());
  if (report.made_by) json.member("made_by", *report.made_by);
  json.member("problems", report.problems).begin_array("unbuilt");
  for (const auto& one : report.unbuilt) json.begin_object().member("name", one.name).member("why", one.why).end_object();
  json.end_array().begin_array("picked");
  for (const auto& one : report.picked)
    json.begin_object().member("name", one.pin.name).member("version", one.wheel.version.str()).member("file", one.wheel.file).end_object();
  json.end_array().end_object();
  return json;
}

Exit run(const Options& options, Program& program)
{
  if (options.words.front() != "check" || options.words.size() > 2)
    throw UsageError(fmt::format("'lock {}': there is 'lock check [DIR]'; see cairn lock --help", fmt::join(options.words, " ")));
  const auto request = request_of(options.python);
  const auto lock = stack::open_lock(request, options.words.size() == 2 ? options.words[1] : ".");
  Report report;
  check_pipfile(lock.lock, report);
  check_pins(lock, report);
  if (options.pick) pick(request, lock, program, report);
  if (!report.unbuilt.empty()) report.problems.push_back(stack::unbuilt_text(report.unbuilt));
  if (program.json()) {
    program.print(record(report, lock));
  } else if (!report.picked.empty()) {
    Table table({{"PACKAGE"}, {"VERSION"}, {"WHEEL", Align::left, Shrink::yes}});
    for (const auto& one : report.picked) table.add({one.pin.name, one.wheel.version.str(), one.wheel.file});
    program.print(table);
  }
  for (const auto& warning : lock.lock.warnings) program.warn(warning);
  for (const auto& problem : report.problems) program.error(problem);
  if (!report.problems.empty()) return Exit::found;
  program.note(fmt::format("{}: {} for Python {}{}", printable(lock.lock.file.filename().string()),
                           count_text(lock.pins.size(), "package", "packages"), lock.target.python(),
                           report.made_by ? fmt::format(", as its Pipfile says (hash of {})", *report.made_by) : ""));
  return Exit::done;
}

}  // namespace

void add_lock(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "lock",
          .summary = "Check a lock of Python packages",
          .description =
              "  cairn lock check [DIR]   the lock in DIR (or here), or DIR if it is a lock\n\n"
              "Checks that Pipfile.lock was made from the Pipfile beside it, by whichever version of pipenv or micropipenv: the three "
              "hashes "
              "that these give a Pipfile are all right. Checks the version of Python, markers, and that every package is pinned and "
              "hashed. `--pick` also chooses a wheel for each package and shows it, without fetching it.\n\n"
              "Exit code 3: the lock is stale, or something in it cannot be installed.",
          .examples = {{"cairn lock check", "Is the lock here what its Pipfile asks for?"},
                       {"cairn lock check --pick --wheels wheelhouse", "Which wheels would be taken?"}},
          .sections = {{"JSON",
                        "An object with `lock`, `python`, `pins` (a number), `made_by` (whose hash matched), `problems` (texts), `unbuilt` "
                        "(`name`, `why`), "
                        "`picked` (`name`, `version`, `file`)."}},
      },
      [options, &program] { return run(*options, program); });
  command.words("check [DIR]", "see above", OptionSpec::Count::some, options->words, ValueKind::directory)
      .flag("--pick", "choose a wheel for each package, and show it", options->pick);
  add_python_options(command, options->python);
}

}  // namespace cairn::cli
