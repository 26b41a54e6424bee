// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/pipfile_check.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>

#include <fmt/format.h>

namespace cairn::python {
namespace {

constexpr std::uint64_t pipfile_limit_bytes = std::uint64_t{16} << 20;

}  // namespace

std::optional<PipfileCheck> check_pipfile(const Lock& lock)
{
  const auto pipfile = lock.file.parent_path() / "Pipfile";
  if (lock.kind != LockKind::pipfile || !std::filesystem::exists(pipfile)) return std::nullopt;
  const auto hashes = pipfile_hashes(read_small_file(pipfile, pipfile_limit_bytes), "Pipfile", lock.sources);
  if (lock.pipfile_hash == hashes.canonical) return PipfileCheck{"pipenv 2026.4 or later", {}};
  if (lock.pipfile_hash == hashes.with_categories) return PipfileCheck{"pipenv 2022.10 to 2026.3", {}};
  if (lock.pipfile_hash == hashes.legacy) return PipfileCheck{"pipenv before 2022.10 or micropipenv", {}};
  return PipfileCheck{
      {},
      fmt::format("Pipfile.lock is stale: it was made from a Pipfile with hash {}, this one has {} (pipenv 2026.4 and later), {} (2022.10 and later) "
                  "or {} (before); run 'pipenv lock'",
                  lock.pipfile_hash.empty() ? "?" : printable(lock.pipfile_hash), hashes.canonical, hashes.with_categories, hashes.legacy)};
}

}  // namespace cairn::python
