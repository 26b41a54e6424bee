// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/library/split.hpp>
#include <cli/commands/commands.hpp>
#include <cli/compression_option.hpp>
#include <cli/image_argument.hpp>
#include <cli/release_options.hpp>
#include <cli/render/split_report.hpp>
#include <cli/render/text.hpp>
#include <cli/time.hpp>
#include <cli/tree_options.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  TreeOptions tree;
  std::optional<std::string> tag;
  ReleaseOptions release;
  std::optional<std::string> compression;
  std::optional<std::uint64_t> level;
  bool full = false;
  std::optional<std::string> output;
};

/// Where the bytes are that the image refers to and the store lacks.
std::string absent_text(const library::SplitResult& result)
{
  std::uint64_t bytes = 0;
  for (const auto& layer : result.absent) bytes += layer.size_bytes;
  return fmt::format("{} ({}) {} only referred to: neither the store nor the previous release's place has {}; push to where {} already",
                     count_text(result.absent.size(), "kept layer", "kept layers"), size_text(bytes),
                     result.absent.size() == 1 ? "is" : "are", result.absent.size() == 1 ? "it" : "them",
                     result.absent.size() == 1 ? "it is" : "they are");
}

Exit run(const Options& options, Program& program)
{
  const auto& settings = program.settings();
  library::SplitSettings split;
  apply(options.tree, options.release, settings, split);
  split.tag = *options.tag;
  split.compression = chosen_compression(options.compression, options.level, settings);
  split.created = created_time();
  split.full = options.full;
  store::check_tag_name(split.tag);
  std::optional<image::Reference> output;
  if (options.output) output = parse_output(*options.output);  // refuse it now, not after an hour

  auto store = program.open_store(store::Access::write);
  const auto since = open_since(program, options.release, split);
  const auto result = [&] {
    const auto task = program.task(fmt::format("split {}", options.tree.tree));
    return library::split(split, store, task);
  }();

  for (const auto& problem : result.problems) program.error(fmt::format("{}: {}", printable(problem.path), problem.what));
  for (const auto& unit : result.lied)
    program.warn(
        fmt::format("unit {}: its content changed and its sizes, times and inodes did not; earlier releases may have the old content",
                    printable(unit)));
  if (!result.problems.empty()) {
    program.error(fmt::format("nothing was published: {} in the way", count_text(result.problems.size(), "problem is", "problems are")));
    if (program.json()) program.print(split_record(result, split));
    return Exit::failed;
  }
  if (output) export_image(program, store, image::load(store, result.manifest), split.tag, *output);
  if (!result.absent.empty()) program.note(absent_text(result));
  for (const auto& line : split_summary(result, split, program.verbose() || settings.times.value ? Times::yes : Times::no))
    program.note(line);
  if (program.verbose()) {
    for (const auto& warning : result.warnings) program.warn(warning);
  } else if (!result.warnings.empty()) {
    program.note(fmt::format("{}; cairn lint {} shows them", count_text(result.warnings.size(), "warning", "warnings"), options.tree.tree));
  }
  if (program.json()) program.print(split_record(result, split));
  else program.print(result.manifest.digest.str() + '\n');
  return Exit::done;
}

}  // namespace

void add_split(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "split",
          .summary = "Make a library, an image of many small layers, from a module tree",
          .description =
              "Finds the units of a module tree (an installed prefix with its modulefiles), packs each into a fragment that depends on "
              "its content alone, and puts the fragments into layers. The image is written to the store and its manifest digest printed. "
              "The same tree gives the same digest on every machine.\n\n"
              "If NAME:TAG, or what `--since` names, is a library already, its layers are kept where their modules are unchanged: "
              "only what is new becomes new bytes, and only what is new is read. `--full` reads everything all the same.\n\n"
              "What cannot be shipped (a socket, a name that is not UTF-8, a broken modulefile) is listed, all of it, and nothing is "
              "published then.",
          .examples =
              {
                  {"cairn split easybuild --tag library:2026.11", "Make a library from what EasyBuild installed."},
                  {"cairn split easybuild --tag library:2026.12 --since library:2026.11",
                   "The next release, with as many layers of the last one as possible."},
                  {"cairn split easybuild --tag library:opt --target /opt/easybuild", "Say at which path users will see the tree."},
                  {"cairn split easybuild --tag library:gzip --compression gzip --layers 100 --json",
                   "For readers without zstd, with more and smaller layers, and all about it as JSON."},
              },
          .sections =
              {
                  {"JSON",
                   "One object: `manifest` (digest), `size_bytes` (of the manifest), `tag`, `target`, `units` (`added`, `changed`, "
                   "`removed`: names; `kept`: a number), `layers` (`new`, `kept`, `absent`: kept ones that the store lacks), `new_bytes`, "
                   "`kept_bytes`, `rest` (paths that belong to "
                   "no unit), `dropped` (paths left out), `warnings`, `lied` (units whose fingerprint `--full` found wrong), `seconds` (by "
                   "step; `pack` is processor time), and `problems` "
                   "(`path`, `what`), with no `manifest`, when nothing was published."},
                  {"Environment",
                   "`SOURCE_DATE_EPOCH` (seconds since 1970) is the image's time of creation; without it the time is 1970, so "
                   "that the digest depends on the tree alone. `CAIRN_TIMES=1` prints where the time went."},
              },
      },
      [options, &program] { return run(*options, program); });
  add_tree_options(command, options->tree);
  command.option("--tag", "NAME:TAG", "name of the image in the store", options->tag).required();
  add_release_options(command, options->release);
  command
      .choice("--compression", {"zstd", "gzip", "none"}, "how layers are compressed; zstd unless settings say otherwise",
              options->compression)
      .number("--level", "N", "compression level: zstd 1 to 19 (3), gzip 1 to 12 (3)", 0, 19, options->level)
      .flag("--full", "read every file again, whatever is known of it", options->full)
      .option("--output", "PLACE", "copy the image there too: `oci:DIR[:TAG]` or `oci-archive:FILE[:TAG]`", options->output);
}

}  // namespace cairn::cli
