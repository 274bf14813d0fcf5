"""``python -m dockerslim_rewrite.engine.alone COMMAND…``: run it in a network of its own, where only loopback is up.

buildah's chroot isolation knows the machine's network only. Raises ``OSError`` where the kernel makes no network.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys

#: ``CLONE_NEWNET`` of linux/sched.h; ``SIOCSIFFLAGS`` and ``IFF_UP | IFF_RUNNING`` of linux/sockios.h and linux/if.h.
_NEW_NETWORK = 0x40000000
_SET_FLAGS = 0x8914
_UP = 0x1 | 0x40


def enter() -> None:
    """Move this process to a new network with nothing but loopback. Raises ``OSError``."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP))


if __name__ == "__main__":
    try:
        enter()
    except OSError as error:
        sys.exit(f"this machine gives a container no network of its own: {error.strerror}; choose one with --network")
    os.execvp(sys.argv[1], sys.argv[1:])
