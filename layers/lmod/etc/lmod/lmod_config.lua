-- SPDX-License-Identifier: Apache-2.0
-- Lmod runs this before a site's SitePackage.lua, whose hooks of the same names replace these.
dofile("/etc/lmod/host_requirements.lua")
