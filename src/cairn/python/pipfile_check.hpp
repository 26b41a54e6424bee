// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/python/lock.hpp>

#include <optional>
#include <string>

namespace cairn::python {

struct PipfileCheck {
  std::string made_by;  ///< which versions of pipenv count the hash that matches; empty: none does, the lock is stale
  std::string problem;  ///< then: what differs, and what to do
};

/// A Pipfile.lock against the Pipfile beside it. Nothing for other locks and where there is no Pipfile. Throws Error{bad_input} for a
/// Pipfile that cannot be read.
[[nodiscard]] std::optional<PipfileCheck> check_pipfile(const Lock& lock);

}  // namespace cairn::python
