// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/image/image.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_argument.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  bool names = false;
};

struct Row {
  std::string name;
  Digest digest;
  std::optional<std::uint64_t> size_bytes;  ///< nothing: it cannot be read
  std::optional<std::size_t> units;         ///< nothing: it is no library
  std::string created;
};

Row read(const OpenImage& open, const std::string& name)
{
  Row row{name, open.manifest.digest, {}, {}, {}};
  try {
    const auto image = image::load(*open.blobs, open.manifest);
    row.size_bytes = total_bytes(image);
    row.created = image.config.created;
    if (const auto library = load_library(open, image)) row.units = library->document.units.size();
  } catch (const Error& error) {
    log::warn("{}: {}", name, error.what());  // the other images are still worth a line
  }
  return row;
}

std::vector<Row> list(Program& program)
{
  std::vector<Row> rows;
  for (const auto& tag : program.open_store(store::Access::read).tags()) rows.push_back(read(open_image(program, tag.name), tag.name));
  return rows;
}

Exit run(const Options& options, Program& program)
{
  const auto there = std::filesystem::exists(program.store_path());
  if (options.names) {
    if (!there) return Exit::done;
    for (const auto& tag : program.open_store(store::Access::read).tags()) program.print(tag.name + '\n');
    return Exit::done;
  }
  if (!there)
    program.note(fmt::format("there is no store {} yet; cairn split TREE --tag NAME:TAG makes it", program.store_path().string()));
  const auto rows = there ? list(program) : std::vector<Row>{};
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("store", program.store_path().string()).begin_array("images");
    for (const auto& row : rows) {
      json.begin_object().member("name", row.name).member("manifest", row.digest);
      if (row.size_bytes) json.member("size_bytes", *row.size_bytes);
      if (row.units) json.member("units", *row.units);
      json.member_unless_empty("created", row.created).end_object();
    }
    json.end_array().end_object();
    program.print(json);
    return Exit::done;
  }
  if (rows.empty()) return Exit::done;
  Table table({{"NAME", Align::left, Shrink::yes}, {"DIGEST"}, {"SIZE", Align::right}, {"UNITS", Align::right}, {"CREATED"}});
  for (const auto& row : rows) {
    table.add({row.name, short_digest(row.digest), row.size_bytes ? size_text(*row.size_bytes) : "unreadable",
               row.units ? fmt::format("{}", *row.units) : "-", row.created.empty() ? "-" : row.created.substr(0, 10)});
  }
  program.print(table);
  return Exit::done;
}

}  // namespace

void add_images(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  line.add(
          {
              .name = "images",
              .summary = "List the images of the store",
              .description =
                  "One line for each name. SIZE is what a registry would hold: manifest, config and layers, compressed. UNITS is the "
                  "number of parts that a library ships alone, and `-` for images that are no libraries.\n\n"
                  "Two names of one digest are one image, and layers that several images share are stored once.",
              .examples = {{"cairn images", "List them."},
                           {"cairn images --json | jq -r '.images[] | select(.units > 100) | .name'", "The large libraries."}},
              .sections = {{"JSON",
                            "One object: `store` (its path) and `images`, each with `name`, `manifest` (digest), `size_bytes`, `units` (of "
                            "libraries) and `created`; `size_bytes` is missing when the image cannot be read."}},
          },
          [options, &program] { return run(*options, program); })
      .flag("--names", "only print the names", options->names);
}

}  // namespace cairn::cli
