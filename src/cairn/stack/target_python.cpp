// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/target_python.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

namespace cairn::stack {
namespace {

struct Machine {
  std::string_view loader;
  std::string_view triplet;  ///< Debian's directory of libraries
};
constexpr std::array machines{Machine{"lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu"},
                              Machine{"lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu"}};

/// Variables of a user that change what Python does. Python and the loader take an empty one for none.
constexpr std::array unset{"PYTHONPATH",          "PYTHONSTARTUP",  "PYTHONOPTIMIZE",   "PYTHONDEBUG",         "PYTHONINSPECT",
                           "PYTHONVERBOSE",       "PYTHONWARNINGS", "PYTHONPLATLIBDIR", "PYTHONNODEBUGRANGES", "PYTHONINTMAXSTRDIGITS",
                           "PYTHONUTF8",          "PYTHONDEVMODE",  "PYTHONMALLOC",     "PYTHONTRACEMALLOC",   "PYTHONPROFILEIMPORTTIME",
                           "PYTHONPYCACHEPREFIX", "LD_PRELOAD",     "LD_AUDIT"};

}  // namespace

Program target_python(const std::filesystem::path& root, const std::string& python)
{
  for (const auto& machine : machines) {
    const auto loader = root / machine.loader;
    if (!std::filesystem::exists(loader)) continue;
    std::string libraries;
    for (const auto& directory : {fmt::format("lib/{}", machine.triplet), fmt::format("usr/lib/{}", machine.triplet), std::string("lib64"),
                                  std::string("usr/lib64"), std::string("usr/local/lib")})
      libraries += fmt::format("{}{}", libraries.empty() ? "" : ":", (root / directory).string());
    Program program;
    program.arguments = {loader.string(), "--library-path", libraries, (root / python.substr(1)).string(), "-s", "-S", "-B"};
    for (const auto* name : unset) program.variables.emplace_back(name, "");
    program.variables.emplace_back("PYTHONHOME", (root / python.substr(1)).parent_path().parent_path().string());
    program.variables.emplace_back("PYTHONHASHSEED", "0");
    program.variables.emplace_back("LC_ALL", "C");
    return program;
  }
  throw Error(Errc::not_found, fmt::format("{}: has no loader for glibc on x86_64 or aarch64; its Python cannot be run", root.string()));
}

}  // namespace cairn::stack
