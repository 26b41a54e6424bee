// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace cairn::module {

/// Lua source of the sandbox's inside. The chunk takes (host, identity) and returns the environments `modulefile` and
/// `rc` and the table that they record into. host: canonical(version), regular(path). What is recorded:
///   help family fields{Category Description Keyword Name URL Version} whatis[] provides[] pathA[] lpathA[] dirA[]
///   propT{} modulepaths[] dependencies[kind, name, …] values[variable, value, …] impure[] directives[]
[[nodiscard]] std::string_view lua_environment();

}  // namespace cairn::module
