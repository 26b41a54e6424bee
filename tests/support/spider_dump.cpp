// SPDX-License-Identifier: Apache-2.0
// spider_dump TREE TARGET [MODULEPATH…]: the spider cache of a module tree on stdout; errors and warnings on stderr.
#include <cairn/base/error.hpp>
#include <cairn/module/tree.hpp>
#include <cairn/os/parallel.hpp>

#include <cstdio>
#include <string>

int main(int argc, char** argv)
{
  if (argc < 3) {
    std::fputs("usage: spider_dump TREE TARGET [MODULEPATH…]\n", stderr);
    return 2;
  }
  try {
    cairn::module::Settings settings{argv[1], argv[2], {}, cairn::thread_count(0)};
    for (int i = 3; i < argc; ++i) settings.modulepath.emplace_back(argv[i]);
    const auto tree = cairn::module::evaluate(settings, cairn::Task());
    for (const auto& warning : tree.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
    for (const auto& file : tree.modulefiles)
      if (file.error) std::fprintf(stderr, "error: %s: %s\n", file.path.c_str(), file.error->c_str());
    std::fwrite(tree.spider_cache.data(), 1, tree.spider_cache.size(), stdout);
    return 0;
  } catch (const cairn::Error& error) {
    std::fprintf(stderr, "spider_dump: %s\n", error.what());
    return 1;
  }
}
