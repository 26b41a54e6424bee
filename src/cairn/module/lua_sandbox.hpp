// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/module/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Running Lua text that nobody has checked: a fresh Lua 5.4 state each time, with Lmod's functions and nothing of the
/// host, so many instructions and so much memory.
namespace cairn::module {

constexpr std::uint64_t lua_instruction_limit = 50'000'000;
constexpr std::size_t lua_memory_limit_bytes = std::size_t{64} << 20;

/// What the functions about oneself (`myModuleName()` …) answer.
struct ModuleIdentity {
  std::string name;
  std::string version;  ///< "" for a module without
  std::string full_name;
  std::string file_name;  ///< absolute
};

struct LuaOutcome {
  Table said;                        ///< what was recorded (lua_environment.hpp), also before an error
  std::optional<std::string> error;  ///< one line; names the limit when one was reached
};

/// Run `text` (source only; bytecode is an error) as a modulefile, with the functions of Lmod 8.6.19 under spider.
[[nodiscard]] LuaOutcome run_modulefile(std::string_view text, const ModuleIdentity& identity);

/// Run `text` as a `.modulerc.lua`.
[[nodiscard]] LuaOutcome run_rc(std::string_view text);

/// Run `text` without any function. `said` is the globals it assigned.
[[nodiscard]] LuaOutcome run_data(std::string_view text);

/// Why Lua cannot load `text` as a chunk; nothing when it can. Does not run it.
[[nodiscard]] std::optional<std::string> syntax_error(std::string_view text);

}  // namespace cairn::module
