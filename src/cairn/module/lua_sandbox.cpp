// SPDX-License-Identifier: Apache-2.0
// Lua is C: an error in it is a longjmp, so no C++ object with a destructor may live in a frame that it crosses, and no
// C++ exception may pass through it. Everything that can fail runs inside lua_pcall; what C++ makes lives in State.
#include <cairn/module/lua_sandbox.hpp>

#include <cairn/base/error.hpp>
#include <cairn/module/canonical_version.hpp>
#include <cairn/module/lua_environment.hpp>
#include <cairn/module/regular_path.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <new>

#include <lua.hpp>

namespace cairn::module {
namespace {

constexpr int hook_step = 100'000;
constexpr int value_depth_limit = 100;

/// A Lua state with its limits. One thread at a time.
class State {
public:
  explicit State(std::size_t memory_limit_bytes) : memory_limit_bytes_(memory_limit_bytes), lua_(lua_newstate(allocate, this))
  {
    if (lua_ == nullptr) throw Error(Errc::limit, "no memory for a Lua state");
    *static_cast<State**>(lua_getextraspace(lua_)) = this;
  }
  ~State() { lua_close(lua_); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  [[nodiscard]] lua_State* lua() const { return lua_; }
  [[nodiscard]] static State& of(lua_State* lua) { return **static_cast<State**>(lua_getextraspace(lua)); }

  void limit_instructions() { lua_sethook(lua_, count, LUA_MASKCOUNT, hook_step); }
  /// After the untrusted part: reading what it left must not fail.
  void lift_limits()
  {
    lua_sethook(lua_, nullptr, 0, 0);
    memory_limit_bytes_ = SIZE_MAX;
  }
  [[nodiscard]] bool out_of_instructions() const { return out_of_instructions_; }
  [[nodiscard]] bool out_of_memory() const { return out_of_memory_; }

  std::string scratch;  ///< results on their way to Lua

private:
  static void* allocate(void* self, void* block, std::size_t old_bytes, std::size_t new_bytes) noexcept
  {
    auto& state = *static_cast<State*>(self);
    if (block == nullptr) old_bytes = 0;  // then it is a type
    if (new_bytes == 0) {
      std::free(block);
      state.used_bytes_ -= old_bytes;
      return nullptr;
    }
    if (new_bytes > old_bytes && state.used_bytes_ - old_bytes + new_bytes > state.memory_limit_bytes_) {
      state.out_of_memory_ = true;
      return nullptr;
    }
    auto* const moved = std::realloc(block, new_bytes);
    // Not this script's fault: it gets a fresh process (Evaluator), and so the same answer on every machine.
    if (moved == nullptr && new_bytes > old_bytes) std::abort();
    state.used_bytes_ += new_bytes - old_bytes;
    return moved != nullptr ? moved : block;
  }

  static void count(lua_State* lua, lua_Debug* /*unused*/)
  {
    auto& state = of(lua);
    state.instructions_ += hook_step;
    if (state.instructions_ < lua_instruction_limit) return;
    state.out_of_instructions_ = true;
    lua_sethook(lua, count, LUA_MASKCOUNT, 1);  // a pcall around it gets no further
    luaL_error(lua, "too many instructions");
  }

  std::size_t used_bytes_ = 0;
  std::size_t memory_limit_bytes_;
  std::uint64_t instructions_ = 0;
  bool out_of_instructions_ = false;
  bool out_of_memory_ = false;
  lua_State* lua_;
};

/// Push `make(argument)`; C++ exceptions become Lua errors.
template <class Make>
int push_made(lua_State* lua, Make make)
{
  std::size_t size = 0;
  const char* text = luaL_checklstring(lua, 1, &size);
  auto& scratch = State::of(lua).scratch;
  bool made = true;
  try {
    scratch = make(std::string_view(text, size));
  } catch (const std::exception&) {
    made = false;
  }
  if (!made) return luaL_error(lua, "not enough memory");
  lua_pushlstring(lua, scratch.data(), scratch.size());
  return 1;
}

int push_canonical(lua_State* lua) { return push_made(lua, canonical_version); }
int push_regular(lua_State* lua) { return push_made(lua, regular_path); }

/// host.set_string_methods(t): `("x"):f()` looks f up in t.
int set_string_methods(lua_State* lua)
{
  lua_pushliteral(lua, "");
  lua_getmetatable(lua, -1);
  lua_pushvalue(lua, 1);
  lua_setfield(lua, -2, "__index");
  return 0;
}

/// Compiled once in the process, by nobody but us.
const std::string& environment_bytecode()
{
  static const std::string bytecode = [] {
    const State state(SIZE_MAX);
    const auto source = lua_environment();
    if (luaL_loadbufferx(state.lua(), source.data(), source.size(), "=lua_environment", "t") != LUA_OK)
      throw Error(Errc::io, lua_tostring(state.lua(), -1));
    lua_dump(
        state.lua(),
        [](lua_State* lua, const void* bytes, std::size_t size, void*) {
          State::of(lua).scratch.append(static_cast<const char*>(bytes), size);
          return 0;
        },
        nullptr, 1);
    return state.scratch;
  }();
  return bytecode;
}

enum class Inside { modulefile, rc, data };

struct Run {
  std::string_view text;
  std::string_view environment;  ///< bytecode
  const ModuleIdentity* identity;
  Inside inside;
};

void set_text(lua_State* lua, const char* key, std::string_view value)
{
  lua_pushlstring(lua, value.data(), value.size());
  lua_setfield(lua, -2, key);
}

/// Leaves the environment and the table it records into on the stack.
void push_environment(lua_State* lua, const Run& run)
{
  if (run.inside == Inside::data) {
    lua_newtable(lua);
    lua_pushvalue(lua, -1);
    return;
  }
  luaL_requiref(lua, LUA_GNAME, luaopen_base, 1);
  luaL_requiref(lua, LUA_STRLIBNAME, luaopen_string, 1);
  luaL_requiref(lua, LUA_TABLIBNAME, luaopen_table, 1);
  luaL_requiref(lua, LUA_MATHLIBNAME, luaopen_math, 1);
  if (luaL_loadbufferx(lua, run.environment.data(), run.environment.size(), "=lua_environment", "b") != LUA_OK) lua_error(lua);
  lua_newtable(lua);
  lua_pushcfunction(lua, push_canonical);
  lua_setfield(lua, -2, "canonical");
  lua_pushcfunction(lua, push_regular);
  lua_setfield(lua, -2, "regular");
  lua_pushcfunction(lua, set_string_methods);
  lua_setfield(lua, -2, "set_string_methods");
  lua_newtable(lua);
  set_text(lua, "name", run.identity->name);
  set_text(lua, "version", run.identity->version);
  set_text(lua, "full_name", run.identity->full_name);
  set_text(lua, "file_name", run.identity->file_name);
  lua_call(lua, 2, 1);
  lua_getfield(lua, -1, run.inside == Inside::rc ? "rc" : "modulefile");
  lua_getfield(lua, -2, "said");
}

/// Runs protected; argument 1 is the Run. The table recorded into is stored in the registry, for after an error.
int run_protected(lua_State* lua)
{
  const auto& run = *static_cast<const Run*>(lua_touserdata(lua, 1));
  push_environment(lua, run);
  lua_setfield(lua, LUA_REGISTRYINDEX, "said");
  State::of(lua).limit_instructions();
  if (luaL_loadbufferx(lua, run.text.data(), run.text.size(), "=line", "t") != LUA_OK) return lua_error(lua);
  lua_pushvalue(lua, -2);
  lua_setupvalue(lua, -2, 1);  // _ENV
  lua_call(lua, 0, 0);
  return 0;
}

/// The value at `index` as data. Functions and the like, and keys that are neither strings nor 1 to n, are left out.
/// Only called with limits lifted.
Value value_at(lua_State* lua, int index, int depth)
{
  switch (lua_type(lua, index)) {
    case LUA_TBOOLEAN: return lua_toboolean(lua, index) != 0;
    case LUA_TNUMBER:
    case LUA_TSTRING: {
      if (lua_isinteger(lua, index)) return static_cast<std::int64_t>(lua_tointeger(lua, index));
      lua_pushvalue(lua, index);
      std::size_t size = 0;
      const char* text = lua_tolstring(lua, -1, &size);
      Value out(std::string(text, size));
      lua_pop(lua, 1);
      return out;
    }
    case LUA_TTABLE: break;
    default: return false;
  }
  if (depth >= value_depth_limit || lua_checkstack(lua, 4) == 0) return false;
  const auto table = lua_absindex(lua, index);
  if (const auto n = static_cast<lua_Integer>(lua_rawlen(lua, table)); n > 0) {
    List list;
    for (lua_Integer i = 1; i <= n; ++i) {
      lua_rawgeti(lua, table, i);
      list.push_back(value_at(lua, -1, depth + 1));
      lua_pop(lua, 1);
    }
    return list;
  }
  Table out;
  for (lua_pushnil(lua); lua_next(lua, table) != 0; lua_pop(lua, 1)) {
    if (lua_type(lua, -2) != LUA_TSTRING) continue;
    std::size_t size = 0;
    const char* key = lua_tolstring(lua, -2, &size);
    out.emplace(std::string(key, size), value_at(lua, -1, depth + 1));
  }
  return out;
}

LuaOutcome run(const Run& what)
{
  State state(lua_memory_limit_bytes);
  auto* const lua = state.lua();
  LuaOutcome outcome;
  // No memory is asked for before the protected call.
  lua_pushcfunction(lua, run_protected);
  lua_pushlightuserdata(lua, const_cast<Run*>(&what));
  const int status = lua_pcall(lua, 1, 0, 0);
  state.lift_limits();
  if (state.out_of_instructions()) {
    outcome.error = fmt::format("limit of {} Lua instructions reached", lua_instruction_limit);
  } else if (state.out_of_memory()) {
    outcome.error = fmt::format("limit of {} MiB of Lua memory reached", lua_memory_limit_bytes >> 20);
  } else if (status != LUA_OK) {
    outcome.error = lua_type(lua, -1) == LUA_TSTRING ? lua_tostring(lua, -1) : "an error without text";
  }
  lua_settop(lua, 0);
  if (lua_getfield(lua, LUA_REGISTRYINDEX, "said") == LUA_TTABLE) {
    auto said = value_at(lua, -1, 0);
    if (auto* table = std::get_if<Table>(&said.data)) outcome.said = std::move(*table);
  }
  return outcome;
}

}  // namespace

LuaOutcome run_modulefile(std::string_view text, const ModuleIdentity& identity)
{
  return run({text, environment_bytecode(), &identity, Inside::modulefile});
}

LuaOutcome run_rc(std::string_view text)
{
  const ModuleIdentity nobody;
  return run({text, environment_bytecode(), &nobody, Inside::rc});
}

LuaOutcome run_data(std::string_view text) { return run({text, {}, nullptr, Inside::data}); }

std::optional<std::string> syntax_error(std::string_view text)
{
  const State state(SIZE_MAX);
  if (luaL_loadbufferx(state.lua(), text.data(), text.size(), "=line", "t") == LUA_OK) return std::nullopt;
  return lua_tostring(state.lua(), -1);
}

}  // namespace cairn::module
