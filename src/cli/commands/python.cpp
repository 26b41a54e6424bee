// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/build/wheel_build.hpp>
#include <cairn/image/copy.hpp>
#include <cairn/stack/interpreter.hpp>
#include <cairn/stack/make.hpp>
#include <cairn/stack/stack.hpp>
#include <cli/commands/commands.hpp>
#include <cli/compression_option.hpp>
#include <cli/image_argument.hpp>
#include <cli/python_options.hpp>
#include <cli/render/stack_report.hpp>
#include <cli/time.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  std::vector<std::string> words;
  PythonOptions python;
  std::optional<std::string> tag;
  std::optional<std::string> prefix;
  std::optional<std::string> interpreter;
  std::optional<std::string> base;
  std::optional<std::uint64_t> layers;
  std::optional<std::string> compression;
  std::optional<std::uint64_t> level;
  std::optional<std::string> conflict;
  bool strict_record = false;
  bool bytecode = false;
  std::optional<std::string> output;
};

stack::Stack stack_of(const image::Image& image, const std::string& argument)
{
  auto stack = stack::read_stack(image.manifest);
  if (!stack) throw Error(Errc::bad_input, fmt::format("{}: has no stack that 'cairn python' made", printable(argument)));
  return *stack;
}

Exit list(Program& program, const std::string& argument)
{
  const auto open = open_image(program, argument);
  const auto image = image::load(*open.blobs, open.manifest);
  const auto stack = stack_of(image, argument);
  if (program.json()) program.print(stack_record(stack, image));
  else program.print(stack_table(stack, image));
  return Exit::done;
}

Exit diff(Program& program, const std::string& before, const std::string& after)
{
  const auto a = open_image(program, before);
  const auto b = open_image(program, after);
  const auto difference = stack::compare(image::load(*a.blobs, a.manifest), image::load(*b.blobs, b.manifest));
  if (program.json()) {
    program.print(difference_record(difference));
  } else {
    if (!difference.changes.empty()) program.print(difference_table(difference));
    program.note(difference_summary(difference));
  }
  return Exit::done;
}

stack::MakeSettings make_settings(const Options& options, const stack::OpenLock& lock, const Settings& settings)
{
  stack::MakeSettings make;
  make.install.target = lock.target;
  make.install.pip = lock.pip;
  make.install.layout = python::Layout::venv(options.prefix.value_or("/opt/app-root"), lock.target);
  if (options.interpreter) make.install.layout.interpreter = *options.interpreter;
  make.layers = options.layers.value_or(stack::default_layers);
  make.compression = chosen_compression(options.compression, options.level, settings);
  make.on_conflict = options.conflict == "pip" ? stack::OnConflict::pip : stack::OnConflict::refuse;
  make.record = options.strict_record ? stack::RecordCheck::strict : stack::RecordCheck::warn;
  make.threads = settings.jobs.value;
  make.tag = *options.tag;
  make.created = created_time();
  return make;
}

/// The base's Python of the stack's version.
stack::BytecodeMaker bytecode_maker(const store::Store& store, const oci::BlobSource& blobs, const stack::MakeSettings& settings,
                                    const Task& task)
{
  return stack::find_interpreter(blobs, *settings.base, store.cache("interpreters"), task, settings.install.target.python())
      .bytecode_maker();
}

/// What of the stack the base has already. Those wheels are taken off the list: their layers would change nothing.
void put_on_base(Program& program, store::Store& store, const std::string& argument, const image::Image& image,
                 stack::MakeSettings& settings, std::vector<python::Chosen>& wheels, bool bytecode)
{
  settings.base = image;
  const auto task = program.task(fmt::format("read {}", argument));
  const auto base = stack::read_base(store, image, settings.install.layout, task);
  if (!base.has_python)
    program.warn(fmt::format("{}: has no {}/bin/python*; the stack is of use to an image that has", printable(argument),
                             settings.install.layout.prefix));
  const auto& target = settings.install.target;
  if (base.glibc && target.libc == python::Libc::glibc && std::pair(target.libc_major, target.libc_minor) > *base.glibc)
    program.warn(fmt::format("{}: has glibc {}.{}, wheels were chosen for {}.{}; give --glibc", printable(argument), base.glibc->first,
                             base.glibc->second, target.libc_major, target.libc_minor));
  settings.replaced = stack::replace(base, stack::leave_to_base(base, wheels));
  if (bytecode) settings.bytecode = bytecode_maker(store, store, settings, task);
}

Exit layers(const Options& options, Program& program, const std::string& lock_file, const std::optional<std::string>& base)
{
  if (!options.tag) throw UsageError(fmt::format("'python {}' needs --tag; see cairn python --help", options.words.front()));
  store::check_tag_name(*options.tag);
  if (options.base && base) throw UsageError("--base: 'python add' builds on its IMAGE");
  if (options.bytecode && !base)
    throw UsageError("--bytecode: the Python of a base compiles it; 'python layers' has none, 'python add' has");
  std::optional<image::Reference> output;
  if (options.output) output = parse_output(*options.output);  // refuse it now, not at the end
  const auto request = request_of(options.python);
  const auto lock = stack::open_lock(request, lock_file);
  auto settings = make_settings(options, lock, program.settings());
  python::WheelCache cache(stack::wheel_cache_path());
  auto resolved = [&] {
    const auto task = program.task("find wheels");
    const auto sources = stack::open_sources(request, lock, program.settings().jobs.value);
    return python::resolve(lock.lock, lock.pins, sources.settings, cache, task);
  }();
  const auto built_on = base ? base : options.base;
  if (!resolved.unbuilt.empty() && !built_on)
    throw Error(Errc::unsupported, fmt::format("{}; or --base IMAGE, on which cairn builds them", stack::unbuilt_text(resolved.unbuilt)));
  auto store = program.open_store(store::Access::write);
  if (built_on) {
    const auto open = open_image(program, *built_on);
    const auto image = image::load(*open.blobs, open.manifest);
    const bool builds = !resolved.unbuilt.empty();
    if (base || builds) image::copy_image(*open.blobs, image, store, program.task(fmt::format("read {}", *built_on)));
    if (builds) {
      const auto task = program.task(fmt::format("build wheels on {}", *built_on));
      const build::WheelBuild build{.base = image, .prefix = settings.install.layout.prefix, .request = request, .lock = lock};
      build::add_built(resolved, build::build_wheels(resolved.unbuilt, build, cache, store, task));
    }
    if (base) put_on_base(program, store, *base, image, settings, resolved.wheels, options.bytecode);
  }
  const auto made = [&] {
    const auto task = program.task(fmt::format("make {}", *options.tag));
    return stack::make(resolved.wheels, settings, store, task);
  }();
  for (const auto& warning : lock.lock.warnings) program.warn(warning);
  for (const auto& warning : resolved.warnings) program.warn(warning);
  if (program.verbose())
    for (const auto& warning : made.warnings) program.warn(warning);
  for (const auto& line : made.settled) program.warn(line);
  if (output) export_image(program, store, image::load(store, made.manifest), settings.tag, *output);
  for (const auto& line : made_summary(made, resolved)) program.note(line);
  if (program.json()) program.print(made_record(made, resolved, settings.tag));
  else program.print(made.manifest.digest.str() + '\n');
  return Exit::done;
}

Exit run(const Options& options, Program& program)
{
  const auto& words = options.words;
  const auto& action = words.front();
  const auto expect = [&](std::size_t count, std::string_view what) {
    if (words.size() != count + 1) throw UsageError(fmt::format("'python {}' needs {}; see cairn python --help", action, what));
  };
  if (action == "layers") {
    expect(1, "LOCK");
    return layers(options, program, words[1], std::nullopt);
  }
  if (action == "add") {
    expect(2, "IMAGE and LOCK");
    return layers(options, program, words[2], words[1]);
  }
  if (action == "list") {
    expect(1, "IMAGE");
    return list(program, words[1]);
  }
  if (action == "diff") {
    expect(2, "two images");
    return diff(program, words[1], words[2]);
  }
  throw UsageError(fmt::format("'python {}': there are layers, add, list and diff; see cairn python --help", printable(action)));
}

}  // namespace

void add_python(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "python",
          .summary = "Make layers of a locked stack of Python packages, and show them",
          .description =
              "  cairn python layers LOCK --tag NAME:TAG     an image of the stack's layers\n"
              "  cairn python add IMAGE LOCK --tag NAME:TAG  these layers on an image\n"
              "  cairn python list IMAGE                     its packages\n"
              "  cairn python diff IMAGE IMAGE               what differs, what a pull costs\n\n"
              "LOCK is a Pipfile.lock, pylock.toml or requirements.txt with hashes, or a directory that has one. Each package comes as "
              "a wheel whose sha256 the lock has; nothing else is ever installed. Neither Python nor a container is needed: the image "
              "holds what `pip install --no-deps --no-compile` would write, and the same lock gives the same bytes on every machine.\n\n"
              "The largest packages get a layer each, the others share sixteen by a hash of their names, so that one changed package "
              "changes one layer. What has no wheel is built on IMAGE, or on `layers`' --base, by buildah, once. `add` leaves packages alone that the image has at the same version, and hides what it has of others. If "
              "NAME:TAG is such an image already, its plan is kept where sizes leave a choice.",
          .examples =
              {
                  {"cairn python layers Pipfile.lock --wheels wheelhouse --tag stack:1", "Layers of a lock, from wheels in a directory."},
                  {"cairn python list stack:1", "The packages, and the layer of each."},
                  {"cairn python diff stack:1 stack:1 --json", "What differs between two stacks."},
              },
          .sections =
              {
                  {"JSON",
                   "`layers`: an object with `manifest`, `tag`, `packages`, `unchanged`, `layers` (`new`, `kept`), `new_bytes`, "
                   "`kept_bytes`, "
                   "`fetched`, `asked`, `conflicts`, `warnings`. `list`: `python`, `platform`, `prefix`, `packages` (each `name`, "
                   "`version`, "
                   "`layer`), `layers` (each `digest`, `size_bytes`). `diff`: `changes` (each `name`, `before`, `after`), "
                   "`layers_to_fetch`, "
                   "`bytes_to_fetch`, `bytes`."},
                  {"Environment",
                   "`CAIRN_WHEEL_CACHE` is where wheels are kept. `PIP_INDEX_URL`, `PIP_EXTRA_INDEX_URL` and pip's configuration files say "
                   "where "
                   "wheels come from when neither the lock nor `--index` does. Variables in the lock's sources (`${NAME}`) are filled in. "
                   "`SOURCE_DATE_EPOCH` is the image's time of creation."},
              },
      },
      [options, &program] { return run(*options, program); });
  command.words("layers|add|list|diff IMAGE|LOCK…", "see above", OptionSpec::Count::some, options->words, ValueKind::file)
      .option("--tag", "NAME:TAG", "name of the image in the store", options->tag)
      .option("--prefix", "DIR", "of the virtual environment in the image: /opt/app-root", options->prefix)
      .option("--interpreter", "PATH", "of scripts' first lines: PREFIX/bin/python", options->interpreter)
      .option("--base", "IMAGE", "`layers`: build on it what has no wheel", options->base, ValueKind::image);
  add_python_options(command, options->python);
  command.number("--layers", "K", "at most this many layers: 40", stack::least_layers, stack::most_layers, options->layers)
      .choice("--compression", {"zstd", "gzip", "none"}, "how layers are compressed; zstd unless settings say otherwise",
              options->compression)
      .number("--level", "N", "compression level: zstd 1 to 19 (3), gzip 1 to 12 (3)", 0, 19, options->level)
      .choice("--conflict", {"refuse", "pip"}, "when two packages have one path with different content: an error, or pip's order",
              options->conflict)
      .flag("--strict-record", "refuse wheels whose RECORD is not what they hold", options->strict_record)
      .flag("--bytecode", "compile with IMAGE's Python what `add` installs", options->bytecode)
      .option("--output", "PLACE", "copy the image there too: `oci:DIR[:TAG]` or `oci-archive:FILE[:TAG]`", options->output);
}

}  // namespace cairn::cli
