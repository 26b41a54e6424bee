-- SPDX-License-Identifier: Apache-2.0
-- Modules that need a processor or an accelerator which this machine lacks: `avail` does not show them, `spider` shows them and says
-- why, loading one warns.
--
-- A library says what its modules need in <prefix>/.cairn/requires.lua:
--
--     return {
--        format = 1,
--        modules = {
--           ["modules/all/BLAS/1.0-avx512.lua"] = { name = "BLAS/1.0-avx512", cpu = "x86-64-v4" },
--           ["modules/all/CuPy/13.lua"] = { name = "CuPy/13", gpu = "nvidia" },
--        },
--     }
--
-- Keys are the modulefiles' paths below the prefix. `cpu` is a level of the x86-64 psABI (x86-64-v1 to x86-64-v4) or a flag as
-- /proc/cpuinfo has it; `gpu` is nvidia or amd. What this file does not know is not met. CAIRN_HOST_CPU and CAIRN_HOST_GPU say
-- something else than what is found; `none` is no accelerator.
require("strict")
local hook = require("Hook")
local i18n = require("i18n")

local levels = {
   ["x86-64-v2"] = { "cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3" },
   ["x86-64-v3"] = { "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave" },
   ["x86-64-v4"] = { "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl" },
}
local level_names = { "x86-64-v1", "x86-64-v2", "x86-64-v3", "x86-64-v4" }

local function exists(path)
   local file = io.open(path)
   if file then file:close() end
   return file ~= nil
end

local function level_number(name)
   for number, known in ipairs(level_names) do
      if known == name then return number end
   end
end

local function processor_flags()
   local flags = {}
   local file = io.open("/proc/cpuinfo")
   if file then
      for line in file:lines() do
         local words = line:match("^flags%s*:(.*)") or line:match("^Features%s*:(.*)")
         if words then
            for word in words:gmatch("%S+") do flags[word] = true end
            break
         end
      end
      file:close()
   end
   return flags
end

local function level_of(flags)
   local level = flags.lm and 1 or 0  -- long mode: x86-64 at all
   while level > 0 and level < #level_names do
      for _, flag in ipairs(levels[level_names[level + 1]]) do
         if not flags[flag] then return level end
      end
      level = level + 1
   end
   return level
end

-- What this machine has, found once.
local found
local function host()
   if found then return found end
   found = { flags = processor_flags() }
   found.level = level_number(os.getenv("CAIRN_HOST_CPU") or "") or level_of(found.flags)
   found.gpu = os.getenv("CAIRN_HOST_GPU")
   if not found.gpu then
      if exists("/dev/nvidia0") or exists("/proc/driver/nvidia/version") or exists("/dev/dxg") then
         found.gpu = "nvidia"
      elseif exists("/dev/kfd") then
         found.gpu = "amd"
      else
         found.gpu = "none"
      end
   end
   return found
end

-- Why a module cannot be used here: text, or nothing.
local function lacking(needs)
   local reasons = {}
   local level = needs.cpu and level_number(needs.cpu)
   if level then
      if host().level < level then
         reasons[#reasons + 1] = "needs a processor of level " .. needs.cpu .. ", this machine has " .. (level_names[host().level] or "another kind")
      end
   elseif needs.cpu and not host().flags[needs.cpu] then
      reasons[#reasons + 1] = "needs a processor with " .. needs.cpu
   end
   if needs.gpu and needs.gpu ~= host().gpu then
      reasons[#reasons + 1] = "needs an accelerator (" .. needs.gpu .. "), this machine has " .. (host().gpu == "none" and "none" or host().gpu)
   end
   if #reasons > 0 then return table.concat(reasons, "; ") end
end

-- What the library at `prefix` says, read once: by path, and by name for links to modulefiles.
local libraries = {}
local function library(prefix)
   if libraries[prefix] == nil then
      libraries[prefix] = false
      local file = prefix .. "/.cairn/requires.lua"
      local read = exists(file) and loadfile(file, "t", {})
      local good, said = pcall(read or error)
      if good and type(said) == "table" and said.format == 1 and type(said.modules) == "table" then
         local by_name = {}
         for _, needs in pairs(said.modules) do by_name[needs.name or ""] = needs end
         libraries[prefix] = { by_path = said.modules, by_name = by_name }
      end
   end
   return libraries[prefix]
end

-- The requirements of the modulefile `path`, which a library above it may have said.
local function needs_of(path, name)
   local prefix = path:match("^(.*)/modules/")
   local said = prefix and library(prefix)
   return said and (said.by_path[path:sub(#prefix + 2)] or said.by_name[name])
end

local command
hook.register("startup", function(name) command = name end)

-- Seen by `spider`, which hears the reasons below.
local hidden = {}
local function is_spider()
   return type(command) == "string" and command:lower():find("spider", 1, true) ~= nil
end

hook.register("isVisibleHook", function(module)
   if not module.fn then return end
   local needs = needs_of(module.fn, module.fullName)
   local reason = needs and lacking(needs)
   if not reason then return end
   hidden[needs.name or module.fullName] = reason
   if not is_spider() then module.isVisible = false end
end)

-- Was `name` asked for? `module spider` alone asks for all, `module spider WORD…` for what begins with one of the words.
local function is_asked_for(name)
   local words, at = 0, false
   for _, word in ipairs(arg or {}) do
      if at and word:sub(1, 1) ~= "-" then
         words = words + 1
         if name:sub(1, #word):lower() == word:lower() then return true end
      end
      at = at or word == command or command:lower():find(word:lower(), 1, true) == 1
   end
   return words == 0
end

local function explain(lines)
   local names = {}
   for name in pairs(hidden) do
      if is_asked_for(name) then names[#names + 1] = name end
   end
   if #names == 0 then return end
   table.sort(names)
   lines[#lines + 1] = "\nNot for this machine, and so not in 'module avail':\n"
   for _, name in ipairs(names) do
      lines[#lines + 1] = "  " .. name .. ": " .. hidden[name] .. "\n"
   end
end

-- What Lmod's own hook of this name adds (StandardPackage.lua), which this one replaces.
local function advise(kind, lines)
   local advice = i18n(kind, {}) or ""
   if #advice > 0 then
      for line in advice:split("\n") do
         lines[#lines + 1] = "\n"
         lines[#lines + 1] = line:fillWords("", TermWidth())
      end
      lines[#lines + 1] = "\n"
   end
   lines[#lines + 1] = "\n"
end

hook.register("msgHook", function(kind, lines)
   if kind == "spider" and next(hidden) then explain(lines) end
   advise(kind, lines)
   return lines
end)

hook.register("load", function(module)
   local needs = needs_of(module.fn, module.modFullName)
   local reason = needs and lacking(needs)
   -- Not LmodWarning: that makes the command fail, and scripts with it, though the module is loaded.
   if reason then LmodMessage("Warning: " .. module.modFullName .. " " .. reason .. ": its programs may stop with 'illegal instruction' or find no device") end
end)
