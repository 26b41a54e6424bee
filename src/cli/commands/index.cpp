// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/image/copy.hpp>
#include <cairn/image/image_index.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_result.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  RegistryFlags registry;
  std::vector<std::string> words;
  std::vector<std::string> annotations;
  std::optional<std::string> tag;
};

Exit run(const Options& options, Program& program)
{
  if (options.words.front() != "create" || options.words.size() < 2)
    throw UsageError("'index' needs create and IMAGE…; see cairn index --help");
  store::check_tag_name(*options.tag);
  auto changes = name_changes("--annotation", options.annotations, {});
  auto store = program.open_store(store::Access::write);
  const auto task = program.task("index " + *options.tag);
  const auto hold = store.hold(LockMode::shared, task);
  std::vector<oci::Descriptor> entries;
  for (std::size_t i = 1; i < options.words.size(); ++i) {
    const auto open = open_image(program, options.words[i], options.registry);
    in_context([&] { return printable(options.words[i]); },
               [&] {
                 for (auto& entry : image::index_entries(*open.blobs, open.manifest)) {
                   image::copy_image(*open.blobs, image::load_manifest(*open.blobs, entry), store, task);
                   entries.push_back(std::move(entry));
                 }
               });
  }
  const auto index = image::make_index(std::move(entries), std::move(changes.set));
  const auto descriptor = store.put(index.json(), std::string(oci::media_type::index));
  store.tag(*options.tag, descriptor, task);
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object()
        .member("index", descriptor.digest)
        .member("tag", *options.tag)
        .member("manifests", index.manifests.size())
        .end_object();
    program.print(json);
  } else {
    program.print(descriptor.digest.str() + '\n');
  }
  return Exit::done;
}

}  // namespace

void add_index(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command =
      line.add(
              {
                  .name = "index",
                  .summary = "Make a multi-platform image of images",
                  .description = "  cairn index create IMAGE…      an index of these, one a platform\n\n"
                                 "The platform of each is read from its config. An IMAGE that is an index itself gives its entries, so "
                                 "that indexes can "
                                 "be put "
                                 "together. Two images for one platform are refused. cairn inspect shows an index; other commands take the "
                                 "image of it "
                                 "that is for this machine.",
                  .examples = {{"cairn index create library:2026.11 --tag library:any", "An index of one; more images follow the first."}},
                  .sections = {{"JSON", "One object: `index` (digest), `tag`, and `manifests`, their number."}},
              },
              [options, &program] { return run(*options, program); })
          .words("create IMAGE…", "see above", OptionSpec::Count::some, options->words, ValueKind::image)
          .option("--annotation", "KEY=VALUE", "an annotation of the index", options->annotations)
          .option("--tag", "NAME:TAG", "name of the index in the store", options->tag)
          .required();
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
