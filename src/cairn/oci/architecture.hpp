// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// Architectures as images name them: Go's GOARCH (image-spec 1.1, config.md "architecture").
namespace cairn::oci {

/// The name for what uname(2) calls `machine`: `amd64` for `x86_64`. One that is the same in both is returned as it is.
[[nodiscard]] std::string architecture_of(std::string_view machine);

/// This machine's.
[[nodiscard]] std::string own_architecture();

}  // namespace cairn::oci
