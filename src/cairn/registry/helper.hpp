// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/registry/credentials.hpp>

#include <chrono>
#include <optional>
#include <string>

/// docker-credential-NAME programs (docker-credential-helpers). For the room's own use.
namespace cairn::registry {

/// Nothing when the helper has none ("credentials not found in native keychain"). Throws Error{tool} for all else that it does
/// wrong: missing, failing, hanging, output that is no answer. What it says is not repeated: it may hold the secret.
[[nodiscard]] std::optional<Credentials> ask_helper(const std::string& helper, const std::string& server, std::chrono::seconds deadline,
                                                    const Task& task);
void tell_helper(const std::string& helper, const std::string& server, const Credentials& credentials, std::chrono::seconds deadline,
                 const Task& task);
/// False: it had none.
bool erase_in_helper(const std::string& helper, const std::string& server, std::chrono::seconds deadline, const Task& task);

}  // namespace cairn::registry
