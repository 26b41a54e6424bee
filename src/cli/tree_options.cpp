// SPDX-License-Identifier: Apache-2.0
#include <cli/tree_options.hpp>

#include <cairn/recipe/library_file.hpp>

#include <filesystem>
#include <utility>

namespace cairn::cli {

void add_tree_options(Command& command, TreeOptions& options)
{
  command.word("TREE", "the directory that holds `software` and `modules`", options.tree, ValueKind::directory);
  add_mapping_options(command, options);
}

void add_mapping_options(Command& command, TreeOptions& options)
{
  command
      .option("--target", "PREFIX", "absolute path at which users will see the tree; if not given, where its modulefiles say that it is",
              options.target, ValueKind::directory)
      .option("--mapping", "FILE", "what else there is to say about the tree; `TREE/library.yaml` is found by itself", options.mapping,
              ValueKind::file)
      .option("--exclude", "PATTERN", "leave out what matches, as `*.log`; `*` also matches slashes", options.exclude);
}

library::Mapping read_mapping(const TreeOptions& options)
{
  namespace fs = std::filesystem;
  recipe::LibraryFile file;
  const auto found = fs::path(options.tree) / "library.yaml";
  std::error_code absent;
  if (options.mapping) file = recipe::LibraryFile::read(*options.mapping);
  else if (fs::exists(found, absent)) file = recipe::LibraryFile::read(found);

  library::Mapping mapping;
  mapping.target = options.target ? options.target : file.target;
  mapping.modulepath = std::move(file.modulepath);
  mapping.prefixes = std::move(file.prefixes);
  mapping.shared = std::move(file.shared);
  mapping.includes = std::move(file.includes);
  mapping.excludes = std::move(file.excludes);
  mapping.excludes.insert(mapping.excludes.end(), options.exclude.begin(), options.exclude.end());
  mapping.featured = std::move(file.featured);
  mapping.descriptions = std::move(file.descriptions);
  for (const auto& [module, need] : file.requirements) mapping.requirements[module] = {need.cpu, need.gpu};
  mapping.layers = file.layers;
  return mapping;
}

}  // namespace cairn::cli
