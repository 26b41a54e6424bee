// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/removal.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/os/parallel.hpp>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

struct Found {
  std::vector<std::string> directories;
  std::mutex mutex;
};

}  // namespace

// Level by level: what is no directory is removed on the way down, by directory; then the directories, deepest level first.
bool remove_tree(int dir, const std::string& name, std::size_t threads, const std::filesystem::path& shown)
{
  if (::unlinkat(dir, name.c_str(), 0) == 0 || errno == ENOENT) return true;
  if (errno != EISDIR && errno != EPERM) throw_errno(errno, printable(shown.native()));
  std::vector<std::vector<std::string>> levels{{name}};
  while (!levels.back().empty()) {
    const auto& level = levels.back();
    Found next;
    parallel_for(level.size(), threads, [&](std::size_t i) {
      const auto inside = open_beneath(dir, level[i], O_RDONLY | O_DIRECTORY, shown);
      for (const auto& child : list_directory(inside.get(), shown)) {
        if (child.type != DT_DIR && ::unlinkat(inside.get(), child.name.c_str(), 0) == 0) continue;
        if (child.type != DT_DIR && errno != EISDIR) {
          if (errno == ENOENT || errno == EBUSY) continue;
          throw_errno(errno, printable((shown / child.name).native()));
        }
        const std::scoped_lock lock(next.mutex);
        next.directories.push_back(level[i] + "/" + child.name);
      }
    });
    levels.push_back(std::move(next.directories));
  }
  std::atomic<bool> stays{false};
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
    parallel_for(level->size(), threads, [&](std::size_t i) {
      const auto& path = (*level)[i];
      const auto slash = path.rfind('/');
      const auto parent =
          open_beneath(dir, slash == std::string::npos ? std::string() : path.substr(0, slash), O_RDONLY | O_DIRECTORY, shown);
      if (::unlinkat(parent.get(), path.substr(slash == std::string::npos ? 0 : slash + 1).c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT)
        return;
      if (errno != ENOTEMPTY && errno != EEXIST && errno != EBUSY) throw_errno(errno, printable(shown.native()));
      stays = true;
    });
  }
  return !stays;
}

}  // namespace cairn::volume
