"""Puts this process into namespaces of its own, on an empty file system, without rights over the machine."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
from collections.abc import Mapping
from pathlib import Path

NOBODY = 65534
HOME = "/.trace"

_CLONE = {"mount": 0x00020000, "uts": 0x04000000, "ipc": 0x08000000, "pid": 0x20000000, "net": 0x40000000}
_CLONE_NEWUSER = 0x10000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 32, 4096, 16384, 1 << 18
_MNT_DETACH = 2
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_KEPT_CAPABILITIES = (1, 3)  # DAC_OVERRIDE, FOWNER: root of the scratch tree, as in a build
_LAST_CAPABILITY = 63

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Asks the kernel to kill this process when its parent ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def isolate(as_user: bool) -> None:
    """Enters new namespaces. The next child is process 1 of the new process namespace.

    as_user: through a user namespace, in which root is an unprivileged user of the machine; otherwise the caller must
    be root. Raises OSError when the kernel refuses.
    """
    flags = 0
    for flag in _CLONE.values():
        flags |= flag
    if not as_user:
        _check(_libc.unshare(flags), "unshare")
        return
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        _libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)  # or /proc/self would belong to root
        die_with_parent()
    uid, gid = os.geteuid(), os.getegid()
    _check(_libc.unshare(flags | _CLONE_NEWUSER), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")


def build_root(files: Mapping[str, bytes]) -> None:
    """Replaces / by an empty, non-executable file system in memory, with `files` executable and read-only in HOME."""
    machine = platform.machine()
    if machine not in _PIVOT_ROOT:
        raise OSError(f"pivot_root(2) is not known for {machine}")
    new = "/tmp"
    home = new + HOME
    _mount("none", "/", "", _MS_REC | _MS_PRIVATE)
    _mount("tmpfs", new, "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, "size=64m,nr_inodes=16k,mode=755")
    os.mkdir(home)
    _mount("tmpfs", home, "tmpfs", _MS_NOSUID | _MS_NODEV, "size=64m,mode=755")
    for name, content in files.items():
        path = Path(home, name)
        path.write_bytes(content)
        path.chmod(0o755)
    os.mkdir(f"{new}/dev")
    Path(new, "dev/null").touch()
    _mount("/dev/null", f"{new}/dev/null", "", _MS_BIND)
    os.mkdir(f"{new}/proc")
    hidden = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | _MS_RDONLY
    try:
        _mount("proc", f"{new}/proc", "proc", hidden)
    except OSError:
        # Containers cover parts of /proc and then may not mount it: process substitution and /dev/stdout fail alike
        # before and after, all else works.
        os.rmdir(f"{new}/proc")
    os.chdir(new)
    _check(_libc.syscall(_PIVOT_ROOT[machine], b".", b"."), "pivot_root")
    _check(_libc.umount2(b".", _MNT_DETACH), "umount")
    os.chdir("/")


def seal() -> None:
    """Makes HOME read-only and gives up every right but those over the scratch tree. Cannot be undone."""
    _mount("none", HOME, "", _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
    if Path("/proc/self/uid_map").exists() and _maps_all_users():
        for directory in ("/", "/dev"):
            os.chown(directory, NOBODY, NOBODY)
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    else:
        for capability in range(_LAST_CAPABILITY + 1):
            if capability not in _KEPT_CAPABILITIES:
                _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # numbers beyond the kernel's last are refused
        _keep_capabilities()
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    die_with_parent()  # a change of user has made the kernel forget it


def _maps_all_users() -> bool:
    return int(Path("/proc/self/uid_map").read_text().split()[2]) > 1


def _keep_capabilities() -> None:
    kept = sum(1 << capability for capability in _KEPT_CAPABILITIES)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)
    _check(_libc.capset(header, data), "capset")


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    result = _libc.mount(
        source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None
    )
    _check(result, f"mount {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
