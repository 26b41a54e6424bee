-- SPDX-License-Identifier: Apache-2.0
-- Lmod reads this by itself. The spider cache that a library carries, wherever it is mounted or poured: without it `avail` and
-- `spider` read every modulefile. `cairn bake` names the cache of what it baked in LMOD_RC: that one is not named twice.
local function exists(path)
   local file = io.open(path)
   if file then file:close() end
   return file ~= nil
end

scDescriptT = {}
for prefix in (os.getenv("LMOD_PACKAGE_PATH") or ""):gmatch("[^:]+") do
   local cache = prefix:gsub("/+$", "") .. "/.cairn/lmod"
   local named = (":" .. (os.getenv("LMOD_RC") or "") .. ":"):find(":" .. cache .. "/lmodrc.lua:", 1, true)
   if not named and exists(cache .. "/timestamp") then
      scDescriptT[#scDescriptT + 1] = { dir = cache, timestamp = cache .. "/timestamp" }
   end
end
