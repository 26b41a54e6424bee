// SPDX-License-Identifier: Apache-2.0
#include <cairn/os/build_id.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

#include <link.h>

namespace cairn {
namespace {

constexpr std::size_t align(std::size_t size) { return (size + 3) / 4 * 4; }

/// The build id among the notes in `notes`.
std::string find_build_id(std::string_view notes)
{
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) header{};
    std::memcpy(&header, notes.data(), sizeof header);
    const auto name = sizeof header;
    const auto value = name + align(header.n_namesz);
    if (value + header.n_descsz > notes.size()) return {};
    if (header.n_type == NT_GNU_BUILD_ID && notes.substr(name, header.n_namesz) == std::string_view("GNU\0", 4))
      return std::string(notes.substr(value, header.n_descsz));
    notes.remove_prefix(std::min(notes.size(), value + align(header.n_descsz)));
  }
  return {};
}

/// Called for the program first; that is all that is wanted.
int look(dl_phdr_info* object, std::size_t /*size*/, void* out)
{
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& part = object->dlpi_phdr[i];
    if (part.p_type != PT_NOTE) continue;
    auto found = find_build_id({reinterpret_cast<const char*>(object->dlpi_addr + part.p_vaddr), part.p_memsz});
    if (!found.empty()) *static_cast<std::string*>(out) = std::move(found);
  }
  return 1;
}

}  // namespace

std::string build_id()
{
  std::string found;
  ::dl_iterate_phdr(look, &found);
  return found;
}

}  // namespace cairn
