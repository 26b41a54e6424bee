// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cli/base_options.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_result.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  std::vector<std::string> words;
  std::optional<std::string> tag;
  std::optional<std::string> output;
  RegistryFlags registry;
};

/// How many packages of `after` are not in `before` with this version.
std::size_t count_changed(const recipe::BaseLock& before, const recipe::BaseLock& after)
{
  return static_cast<std::size_t>(
      std::ranges::count_if(after.packages, [&](const auto& one) { return !std::ranges::binary_search(before.packages, one); }));
}

Exit lock(Program& program, const recipe::BaseFile& base)
{
  const auto before = recipe::BaseLock::read(base.directory);
  const auto after = build::lock_base(base, base_settings(program), program.task("lock " + base.directory.native()));
  after.write(base.directory);
  const auto path = (base.directory / recipe::base_lock_name).native();
  const auto changed = count_changed(before.value_or(recipe::BaseLock{}), after);
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("lock", path).member("packages", after.packages.size()).member("changed", changed).end_object();
    program.print(json);
    return Exit::done;
  }
  program.note(fmt::format("{}: {}, {} new or changed", printable(path), count_text(after.packages.size(), "package", "packages"), changed));
  return Exit::done;
}

Exit list(Program& program, const recipe::BaseFile& base)
{
  const auto lock = recipe::BaseLock::read(base.directory);
  if (!lock) throw Error(Errc::not_found, fmt::format("{}: there is no {}", printable(base.directory.native()), recipe::base_lock_name));
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("suite", lock->suite).member("architecture", lock->architecture).begin_array("packages");
    for (const auto& one : lock->packages)
      json.begin_object().member("name", one.name).member("version", one.version).member("sha256", one.sha256).member("size", one.size_bytes).end_object();
    json.end_array().end_object();
    program.print(json);
    return Exit::done;
  }
  Table table({{"PACKAGE"}, {"VERSION", Align::left, Shrink::yes}, {"ARCHITECTURE"}, {"SIZE", Align::right}});
  for (const auto& one : lock->packages) table.add({one.name, one.version, one.architecture, size_text(one.size_bytes)});
  program.print(table);
  return Exit::done;
}

Exit build(const Options& options, Program& program, const recipe::BaseFile& base)
{
  if (!options.tag) throw UsageError("'base build' needs --tag; see cairn base --help");
  const ResultOptions result{options.tag, options.output, options.registry};
  check_result_options(result);
  auto store = program.open_store(store::Access::write);
  const auto hold = store.hold(LockMode::shared, program.task("wait for the store"));
  const auto image = make_base(program, base, store, options.registry, program.task("build " + base.directory.native()));
  publish_result(program, store, image, [&](const oci::Descriptor&) -> const oci::BlobSource& { return store; }, result);
  return Exit::done;
}

Exit run(const Options& options, Program& program)
{
  const auto& words = options.words;
  if (words.size() != 2) throw UsageError(fmt::format("'base {}' needs a directory; see cairn base --help", fmt::join(words, " ")));
  const auto base = recipe::BaseFile::read(words[1]);
  if (words[0] == "lock") return lock(program, base);
  if (words[0] == "list") return list(program, base);
  if (words[0] == "build") return build(options, program, base);
  throw UsageError(fmt::format("'base {}': there are lock, list and build; see cairn base --help", printable(words[0])));
}

}  // namespace

void add_base(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "base",
          .summary = "Lock and build base images",
          .description =
              "  cairn base lock DIR               write DIR/base.lock: what is offered today\n"
              "  cairn base list DIR               show the lock's packages\n"
              "  cairn base build DIR --tag NAME   make the image of exactly these packages\n\n"
              "DIR has a base.yaml (docs/formats/base.md): Debian packages, a Containerfile, or an image with its digest. Packages come from "
              "the apt sources of this machine and are kept by their digests in `$CAIRN_CACHE/debs` (else in the user's cache directory), "
              "so a second build asks nobody. The same lock gives the same bytes on every machine; nothing of the machine is in them.\n\n"
              "Debian bases need root (or user namespaces) and the packages apt and mmdebstrap; Containerfiles need buildah.",
          .examples = {{"cairn base lock base-images/debian12", "Take what is newest today; commit the lock."},
                       {"cairn base build base-images/debian12 --tag debian12:2026.11", "Build it."}},
          .sections = {{"JSON",
                        "`lock`: `lock` (file), `packages` and `changed`, their numbers. `list`: `suite`, `architecture`, `packages` (`name`, "
                        "`version`, `sha256`, `size`). `build`: `manifest` (digest), `size_bytes`, `tag`, `layers`."}},
      },
      [options, &program] { return run(*options, program); });
  command.words("lock|list|build DIR", "see above", OptionSpec::Count::some, options->words, ValueKind::directory)
      .option("--tag", "NAME:TAG", "name of the result in the store", options->tag)
      .option("--output", "PLACE", "copy the result there too: `oci:DIR[:TAG]` or `oci-archive:FILE[:TAG]`", options->output);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
