-- SPDX-License-Identifier: Apache-2.0
-- What Lmod runs first. A SitePackage.lua in a directory of LMOD_PACKAGE_PATH replaces this file: it should require
-- HostRequirements too.
require("strict")
require("HostRequirements")
