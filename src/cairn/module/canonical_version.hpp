// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace cairn::module {

/// `version` in the form whose bytewise order is Lmod's version order: `1.10` becomes `000000001.000000010.*zfinal`
/// (Lmod 8.6.19, parseVersion). Numbers of 2^63 and more keep their digits.
[[nodiscard]] std::string canonical_version(std::string_view version);

}  // namespace cairn::module
