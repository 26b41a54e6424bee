# SPDX-License-Identifier: Apache-2.0
"""Bytecode files, for comparison."""
import marshal

HEADER_BYTES = 16  # PEP 552: the magic, flags, and when it is valid


def code_bytes(data):
    """The code in a .pyc, as bytes that are the same for the same code. Version 2 of marshal has no references, whose use depends on what the
    compiler did before."""
    return marshal.dumps(marshal.loads(data[HEADER_BYTES:]), 2)  # noqa: S302 - of packages that the test chose
