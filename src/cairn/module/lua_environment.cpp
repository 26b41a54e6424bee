// SPDX-License-Identifier: Apache-2.0
// The functions that a modulefile can call under Lmod 8.6.19's spider (its sandbox.lua), rewritten so that they only
// record. Lmod's checks of arguments are kept, because what it refuses leaves no trace in its cache.
#include <cairn/module/lua_environment.hpp>

namespace cairn::module {

std::string_view lua_environment()
{
  static constexpr std::string_view source = R"lua(
local host, identity = ...
local type, select, ipairs, tostring, tonumber, rawget = type, select, ipairs, tostring, tonumber, rawget
local assert, pcall, rawnext, rawequal = assert, pcall, next, rawequal
local find, gsub, sub, gmatch, lower, upper = string.find, string.gsub, string.sub, string.gmatch, string.lower, string.upper
local format, rep, match = string.format, string.rep, string.match
local concat, sort, unpack = table.concat, table.sort, table.unpack
local canonical, regular = host.canonical, host.regular

local said = { fields = {}, modulepaths = {}, dependencies = {}, values = {}, impure = {}, directives = {} }

local function nothing() end

-- A question about the host, noted and answered with `answer`.
local function question(name, answer)
  return function(first)
    local what = name
    if type(first) == "string" then what = name .. " " .. sub(first, 1, 200) end
    if #said.impure < 1000 then said.impure[#said.impure + 1] = what end
    return answer
  end
end

---------------------------------------------------------------- strings and tables

local function trim(s)
  local first = find(s, "%S")
  if not first then return "" end
  local last = find(s, "%s+$") or 0
  return sub(s, first, last - 1)
end

-- Pieces of `s` between matches of `pattern`, each with the separator that follows.
local function split(s, pattern)
  local start, separators = 1, gmatch(s, "()(" .. (pattern or "%s+") .. ")")
  local function piece(from, at, separator, capture, ...)
    start = separator and at + #separator
    return sub(s, from, (at or 0) - 1), capture or separator, ...
  end
  return function() if start then return piece(start, separators()) end end
end

local function escape(s)
  if s == nil then return nil end
  return (gsub(s, "[%-%.%+%[%]%(%)%$%^%%%?%*]", "%%%1"))
end

-- Addresses differ from run to run: no text may show one.
local function text_of(...)
  local v = ...
  if select("#", ...) == 0 then return tostring() end
  local kind = type(v)
  if kind == "table" or kind == "function" or kind == "userdata" or kind == "thread" then return kind .. ": 0x0" end
  return tostring(v)
end

local function safe_format(pattern, ...)
  local arguments = { ... }
  local n = select("#", ...)
  for i = 1, n do
    local kind = type(arguments[i])
    if kind == "table" or kind == "function" or kind == "userdata" then arguments[i] = text_of(arguments[i]) end
  end
  assert(type(pattern) ~= "string" or not find(gsub(pattern, "%%%%", ""), "%%[%-0-9]*p"), "%p is not supported")
  return format(pattern, unpack(arguments, 1, n))
end

local function safe_rep(s, n, separator)
  if #s + #(separator or "") == 0 then return "" end
  return rep(s, n, separator)
end

-- Keys in an order that depends on them alone: numbers, strings, then the rest as it comes.
local rank = { number = 1, string = 2, boolean = 3 }
local function before(a, b)
  local ra, rb = rank[type(a)] or 4, rank[type(b)] or 4
  if ra ~= rb then return ra < rb end
  if ra <= 2 then return a < b end
  return ra == 3 and not a and b
end
local function sorted_keys(t)
  local keys, others = {}, {}
  for k in rawnext, t do
    if rank[type(k)] then keys[#keys + 1] = k else others[#others + 1] = k end
  end
  sort(keys, before)
  for i = 1, #others do keys[#keys + 1] = others[i] end
  return keys
end
local function sorted_pairs(t)
  local keys, i = sorted_keys(t), 0
  return function()
    while i < #keys do
      i = i + 1
      local value = t[keys[i]]
      if value ~= nil then return keys[i], value end
    end
  end, t, nil
end
local function sorted_next(t, key)
  local keys = sorted_keys(t)
  if key == nil then return keys[1], t[keys[1]] end
  for i = 1, #keys do
    if rawequal(keys[i], key) then return keys[i + 1], t[keys[i + 1]] end
  end
end

local string_functions = {
  byte = string.byte, char = string.char, find = find, format = safe_format, gmatch = gmatch, gsub = gsub, len = string.len,
  lower = lower, match = match, rep = safe_rep, reverse = string.reverse, sub = sub, upper = upper, split = split, escape = escape,
}
host.set_string_methods({
  byte = string.byte, char = string.char, find = find, format = safe_format, gmatch = gmatch, gsub = gsub, len = string.len,
  lower = lower, match = match, rep = safe_rep, reverse = string.reverse, sub = sub, upper = upper, split = split, escape = escape,
  trim = trim, pack = string.pack, packsize = string.packsize, unpack = string.unpack,
})

---------------------------------------------------------------- paths

local function split_file_name(path)
  if path == nil then return nil, nil end
  local i, j = find(path, ".*/")
  if not i then return "./", path end
  return sub(path, 1, j), sub(path, j + 1)
end
local function dot_of(path)
  local _, slash = find(path, ".*/")
  local i, j = find(path, ".*%.", slash)
  return i and j
end
local function path_regularize(value, full)
  if value == nil then return nil end
  if sub(trim(value), 1, 1) == "~" then question("HOME")() end
  local path = regular(value)
  if not full then return path end
  local kept = {}
  for component in split(path, "/") do
    if component == ".." and kept[#kept] ~= ".." then kept[#kept] = nil else kept[#kept + 1] = component end
  end
  return concat(kept, "/")
end
local function path_join(...)
  local pieces = {}
  for i = 1, select("#", ...) do
    local piece = (select(i, ...))
    if piece and piece ~= "" then
      assert(type(piece) == "string", "bad argument #" .. i .. " (string expected, got " .. type(piece) .. " instead)")
      piece = trim(piece)
      if i > 1 and sub(piece, 1, 1) == "/" then piece = sub(piece, 2) end
      piece = gsub(piece, "//+", "/")
      if sub(piece, -1) == "/" then
        if #piece > 1 then piece = sub(piece, 1, -2) elseif i > 1 then piece = "" end
      end
      if #piece > 0 then pieces[#pieces + 1] = piece end
    end
  end
  return path_regularize(concat(pieces, "/"))
end

---------------------------------------------------------------- checks of arguments

local function strings(...)
  for i = 1, select("#", ...) do
    if type((select(i, ...))) ~= "string" then return false end
  end
  return true
end
-- All strings, but the last may be a number or a boolean.
local function strings_and_value(...)
  local n = select("#", ...)
  for i = 1, n - 1 do
    if type((select(i, ...))) ~= "string" then return false end
  end
  local kind = n > 0 and type((select(n, ...)))
  return kind == "string" or kind == "number" or kind == "boolean"
end

---------------------------------------------------------------- what is recorded

local function note_paths(kind, value)
  if value == nil then return end
  assert(type(value) == "string", "a path is not a string")
  local list = said[kind] or {}
  said[kind] = list
  for path in split(value, ":") do list[#list + 1] = path_regularize(path) end
end
local function note_value(name, value, delimiter)
  if type(value) ~= "string" then return end
  if type(delimiter) ~= "string" or delimiter == "" then
    said.values[#said.values + 1] = name
    said.values[#said.values + 1] = value
    return
  end
  for piece in split(value, escape(delimiter)) do note_value(name, piece) end
end

-- Arguments of the path functions as one table; the caller's own when it gave one, as Lmod does.
local function path_arguments(...)
  local t
  if select("#", ...) == 1 and type((...)) == "table" then
    t = ...
    assert(type(t[1]) == "string", "a variable's name is not a string")
    t[1] = trim(t[1])
  else
    local name, value, delimiter = ...
    assert(type(name) == "string", "a variable's name is not a string")
    t = { trim(name), value, delim = delimiter }
  end
  t.priority = tonumber(t.priority or "0")
  return t
end
local function path_arguments_are_valid(t)
  for i = 1, math.max(2, #t) do
    if type(t[i]) ~= "string" then return false end
  end
  return t.priority == nil or t.priority == 0 or t.priority >= 10
end
local function add_path(...)
  local t = path_arguments(...)
  if not path_arguments_are_valid(t) then return end
  local name, value = t[1], t[2]
  if name == "MODULEPATH" then
    said.modulepaths[#said.modulepaths + 1] = path_regularize(value)
    return
  end
  note_value(name, value, t.delim or ":")
  if name == "PATH" then
    if value ~= "." then note_paths("pathA", value) end
  elseif name == "LD_LIBRARY_PATH" or name == "CRAY_LD_LIBRARY_PATH" then
    note_paths("lpathA", value)
  elseif name == "PKG_CONFIG_PATH" then
    local at = find(value, "/lib/pkgconfig$")
    if at then note_paths("lpathA", sub(value, 1, at + 3)) end
  end
end
local function remove_path(...) path_arguments_are_valid(path_arguments(...)) end

local function setenv(...)
  if not strings_and_value(...) then return end
  local name, value = ...
  assert(type(name) == "string", "a variable's name is not a string")
  note_value(name, value)
  if find(name, "^LMOD_.*_LIB") then note_paths("lpathA", value) end
  if find(name, "^LMOD_.*_DIR") then note_paths("dirA", value) end
end
local function pushenv(...)
  if strings_and_value(...) and type((...)) == "string" then note_value((...), (select(2, ...))) end
end

local keys = { Description = true, Name = true, URL = true, Version = true, Category = true, Keyword = true }
local function whatis(...)
  if not strings(...) then return end
  local text = ...
  local _, _, key, value = find(text, "^%s*([^: ]+)%s*:%s*(.*)")
  if keys[key] then said.fields[key] = value end
  said.whatis = said.whatis or {}
  said.whatis[#said.whatis + 1] = text
end
local function help(...)
  if strings(...) then said.help = concat({ ... }) end
end
local function family(name)
  if strings(name) then said.family = name end
end
local function extensions(...)
  if not strings(...) then return {} end
  said.provides = {}
  for _, list in ipairs({ ... }) do
    for name in split(list, " *, *") do said.provides[#said.provides + 1] = name end
  end
end
local function property(value)
  return function(...)
    if not strings(...) then return end
    local name, key = ...
    said.propT = said.propT or {}
    said.propT[name] = said.propT[name] or {}
    said.propT[name][key] = value
  end
end

-- Names of modules: strings, or what atleast() and its like return.
local mark = "MName"
local function range(name) return { __waterMark = mark, name = name } end
local function depend(kind, refused)
  return function(...)
    for i = 1, select("#", ...) do
      local v = (select(i, ...))
      if type(v) ~= "string" and not (type(v) == "table" and v.__waterMark == mark) then return refused end
    end
    for i = 1, select("#", ...) do
      local v = (select(i, ...))
      if type(v) == "table" then v = v.name end
      if type(v) == "string" then
        said.dependencies[#said.dependencies + 1] = kind
        said.dependencies[#said.dependencies + 1] = trim(v)
      end
    end
  end
end

-- The same with one result instead of none, which tostring() and its like tell apart.
local function with_result(f)
  return function(...) return (f(...)) end
end

local function hierarchy(name, levels)
  local fn = gsub(identity.file_name, "%.lua$", "")
  if levels < 1 then return {} end
  name = path_regularize((gsub(name, "%.lua$", "")))
  local i, j = find(fn, name, 1, true)
  if j == #fn then fn = sub(fn, 1, i - 1) end
  fn = path_regularize(fn)
  local entries = select(2, gsub(name, "/", "")) + 1
  local components, groups = {}, {}
  for component in split(fn, "/") do components[#components + 1] = component end
  local n = #components
  for level = 1, levels do
    local group = {}
    for k = 1, entries do group[k] = components[n - entries + k] end
    groups[level] = concat(group, "/")
    n = n - entries
  end
  return groups
end

---------------------------------------------------------------- the environments

local always_set = { HOME = true, USER = true, LOGNAME = true, PATH = true, SHELL = true, PWD = true }
local ask_variable = question("os.getenv")
local function getenv(name)
  ask_variable(name)
  return always_set[name] and "" or nil
end
local file_handle = { write = function(self) return self end, close = nothing, flush = nothing, setvbuf = nothing }
local ask_dir = question("lfs.dir")

local lfs = {}
for _, name in ipairs { "attributes", "chdir", "lock_dir", "currentdir", "lock", "mkdir", "rmdir", "setmode", "symlinkattributes", "touch", "unlock" } do
  lfs[name] = question("lfs." .. name)
end
lfs.dir = function(path) ask_dir(path) return nothing end
local posix = {}
for _, name in ipairs { "uname", "setenv", "hostid", "open", "openlog", "closelog", "syslog", "stat" } do
  posix[name] = question("posix." .. name)
end

local modulefile = {
  assert = assert, ipairs = ipairs, next = sorted_next, pairs = sorted_pairs, pcall = pcall, tonumber = tonumber,
  tostring = text_of, type = type, unpack = unpack, _VERSION = "Lua 5.3",
  string = string_functions,
  table = { insert = table.insert, remove = table.remove, sort = sort, concat = concat, unpack = unpack },
  math = { floor = math.floor, ceil = math.ceil, min = math.min, max = math.max },
  os = { clock = question("os.clock", 0), difftime = function(a, b) return a - (b or 0) + 0.0 end, time = question("os.time", 0),
         date = question("os.date", ""), getenv = getenv, execute = question("os.execute"), exit = nothing },
  io = { stderr = file_handle, stdout = file_handle, open = question("io.open"), close = nothing, write = nothing },
  package = { path = "", cpath = "", loaded = {}, preload = {} },
  lfs = lfs, posix = posix,
  dbg = { active = function() return false end, fini = nothing, print = nothing, print2D = nothing, printA = nothing, printT = nothing, start = nothing },
  loadfile = question("loadfile"),

  load = with_result(depend("load", {})), load_any = with_result(depend("try_load", {})), always_load = with_result(depend("load", {})),
  try_load = with_result(depend("try_load", {})), try_add = with_result(depend("try_load", {})),
  depends_on = depend("depends_on", {}), prereq = depend("prereq"), prereq_any = depend("prereq"),
  conflict = function(...) if strings(...) then depend("conflict")(...) end end,
  atleast = range, between = range, latest = range,

  prepend_path = add_path, append_path = add_path, remove_path = remove_path,
  setenv = setenv, pushenv = pushenv, unsetenv = nothing,
  add_property = property(1), remove_property = property(nil),
  family = family, whatis = whatis, help = help, extensions = extensions,

  mgrload = with_result(nothing), unload = with_result(nothing), always_unload = with_result(nothing), inherit = nothing,
  set_alias = nothing, unset_alias = nothing, set_shell_function = nothing, unset_shell_function = nothing,
  source_sh = nothing, complete = nothing, uncomplete = nothing, execute = nothing, color_banner = nothing,
  LmodBreak = nothing, LmodError = nothing, LmodSystemError = nothing, LmodMessage = nothing, LmodWarning = nothing,
  LmodMsgRaw = nothing, requireFullName = nothing, print = nothing,

  mode = function() return "spider" end, is_spider = function() return true end,
  isloaded = function() return false end, isPending = function() return false end, loaded_modules = function() return {} end,
  isAvail = question("isAvail", false),
  userInGroup = question("userInGroup", false), userInGroups = question("userInGroups", false),
  myModuleName = function() return identity.name end, myModuleVersion = function() return identity.version end,
  myModuleFullName = function() return identity.full_name end, myModuleUsrName = function() return identity.full_name end,
  myFileName = function() return identity.file_name end,
  myShellName = function() return "bash" end, myShellType = function() return "sh" end,
  LmodVersion = function() return "8.6.19" end, convertToCanonical = function(s) return canonical(s or "") end,
  moduleStackTraceBack = function() return "" end, hierarchyA = hierarchy,
  colorize = function(_, ...) return concat({ ... }) end,

  pathJoin = path_join, path_regularize = path_regularize, splitFileName = split_file_name,
  dirname = function(path) return (split_file_name(path)) end,
  barefilename = function(path) return (select(2, split_file_name(path))) end,
  extname = function(path)
    if path == nil then return nil end
    local dot = dot_of(path)
    return dot and sub(path, dot) or ""
  end,
  removeExt = function(path)
    if path == nil then return nil end
    local dot = dot_of(path)
    return dot and sub(path, 1, dot - 1) or path
  end,
  isDir = question("isDir", false), isFile = question("isFile", false), mkdir_recursive = question("mkdir_recursive"),
  abspath = question("abspath"), subprocess = question("subprocess", ""), capture = question("capture", ""),
  UUIDString = question("UUIDString", ""),
}
modulefile.isDefined = function(name) return rawget(modulefile, name) ~= nil end
modulefile.isNotDefined = function(name) return rawget(modulefile, name) == nil end
local ask_require = question("require")
modulefile.require = function(name)
  if type(modulefile[name]) == "table" then return modulefile[name] end
  ask_require(name)
  return {}
end

local function directive(kind)
  return function(name, target) said.directives[#said.directives + 1] = { kind = kind, name = name, target = target } end
end
local rc = {
  module_version = function(name, ...)
    said.directives[#said.directives + 1] = { kind = "module_version", name = name, versions = { ... } }
  end,
  module_alias = directive("module_alias"), hide_version = directive("hide"), hide_modulefile = directive("hide"),
  os = { clock = modulefile.os.clock, difftime = modulefile.os.difftime, time = modulefile.os.time, date = modulefile.os.date,
         getenv = getenv, execute = modulefile.os.execute },
  io = { stderr = file_handle, open = modulefile.io.open, close = nothing, write = nothing },
  pathJoin = path_join, isDir = modulefile.isDir, isFile = modulefile.isFile,
}
return { modulefile = modulefile, rc = rc, said = said }
)lua";
  return source;
}

}  // namespace cairn::module
