// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/tar/entry.hpp>

/// The block that writer and reader share; nothing outside this room includes it.
namespace cairn::tar {

/// The ustar header block (POSIX.1-2017, pax, "ustar Interchange Format"). GNU's has the same first 345 bytes.
struct Block {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[6];
  char version[2];
  char user[32];
  char group[32];
  char device_major[8];
  char device_minor[8];
  char prefix[155];
  char rest[12];
};
static_assert(sizeof(Block) == block_bytes);

}  // namespace cairn::tar
