"""Reading and writing files so that nothing is lost: whole or not at all, never outside what was named."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..regular import read_regular
from ..unfinished import unfinished

if TYPE_CHECKING:
    from ..analysis.locked import Lock
    from ..pipeline.baseline import Known

#: A Dockerfile is text for people; the largest of 97,000 public ones is far below this.
MAX_BYTES = 4 * 1024 * 1024


class InputError(Exception):
    """A file that cannot be read or written; the message is one line that says which, why and what to do."""


def read_input(path: str) -> bytes:
    """The content of *path*, or of standard input for ``-``. Raises ``InputError``."""
    if path == "-":
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        refuse_leaving(path)
        try:
            data = read_regular(path, MAX_BYTES + 1)
        except IsADirectoryError:
            raise InputError(f"{path}: is a directory; name a Dockerfile in it") from None
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', error)}") from None
    name = "<stdin>" if path == "-" else path
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: larger than {MAX_BYTES // (1024 * 1024)} MiB, which no Dockerfile is; left alone")
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{name}: binary data (it holds a NUL byte); left alone")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{name}: UTF-16 text; BuildKit reads UTF-8 only, convert it first")
    return data


def repository_path(path: str) -> str:
    """*path* as ``git apply`` in the root of its repository takes it; outside of one, below the working directory.

    Where it lies elsewhere, the absolute path without the slash in front; ``Dockerfile`` for standard input.
    """
    if path == "-":
        return "Dockerfile"
    full = os.path.abspath(path)
    root = os.path.dirname(full)
    while not os.path.exists(os.path.join(root, ".git")):
        above = os.path.dirname(root)
        if above == root:
            root = os.getcwd()
            break
        root = above
    inside = os.path.relpath(full, root)
    return (full if inside.startswith("..") else inside).replace(os.sep, "/").lstrip("/")


def refuse_leaving(path: str | Path) -> None:
    """Raise ``InputError`` where a link on the way to *path* leads out of the repository that its name lies in.

    Whoever names a file of a repository need not know what strangers have put in its place.
    """
    from ..workspace.configuration.load import left_by

    root = left_by(Path(path))
    if root is not None:
        raise InputError(f"{path}: a link leads out of the repository {root}; name what it leads to")


def refuse_link(file: Path, option: str) -> None:
    """Raise ``InputError`` where *file*, which nobody named, is a link: *option* is how to name it."""
    if file.is_symlink():
        raise InputError(
            f"{file}: is a symbolic link, which may lead out of the repository; name the file with {option}"
        )


def lock_for(path: str, given: Path | None = None) -> Lock:
    """The lock that counts for the Dockerfile *path*: the file *given*, else the nearest ``dockerslim.lock``.

    The nearest is the one beside *path* (``-``: in the working directory) or in a folder above, up to the one that
    holds ``.git``; without any, an empty lock. Raises ``InputError`` for a file that cannot be read.
    """
    from ..analysis.locked import NO_LOCK

    file = lock_file(path, given)
    return NO_LOCK if file is None else read_lock(file)


def lock_file(path: str, given: Path | None) -> Path | None:
    """The file that ``lock_for`` reads; None without any. Raises ``InputError`` for a link that nobody named."""
    from ..workspace.locks import nearest_lock

    if given is not None:
        return given
    file = nearest_lock(os.path.abspath("." if path == "-" else os.path.dirname(path) or "."))
    if file is not None:
        refuse_link(file, "--lock")
    return file


def read_lock(file: Path) -> Lock:
    """The lock in *file*. Raises ``InputError`` for one that cannot be read."""
    from ..registry.lock import LockError, load

    try:
        return load(file)
    except LockError as error:
        raise InputError(str(error)) from None
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None


def accepted_for(path: str) -> Known:
    """What the baseline beside the Dockerfile *path* accepts of it; nothing for standard input or without a baseline.

    Raises ``InputError`` for a baseline that cannot be read.
    """
    if path == "-":
        return frozenset()
    from ..pipeline.baseline import BaselineError
    from ..workspace.accepted import accepted_for

    try:
        return accepted_for(path)
    except BaselineError as error:
        raise InputError(str(error)) from None


def now() -> datetime:
    """The time, or the one of ``SOURCE_DATE_EPOCH`` for reproducible results."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)


def write_output(path: str, data: bytes, read: bytes | None = None) -> None:
    """Put *data* at *path* in one step, with the mode, owner and extended attributes of the file that was there.

    *read* is what the file held when it was read. Raises ``InputError`` for a directory, a symbolic link (it would
    write to a file that nobody named), a file of several names (the others would keep the old text), one without
    write permission or that holds something else than *read* by now, or a failing disk; the file is then as it was.
    """
    target = Path(path)
    try:
        before: os.stat_result | None = os.lstat(target)
    except FileNotFoundError:
        before = None
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    if before is not None:
        if stat.S_ISLNK(before.st_mode):
            raise InputError(f"{path}: is a symbolic link to {os.readlink(target)}; name the file itself")
        if stat.S_ISDIR(before.st_mode):
            raise InputError(f"{path}: is a directory; name a file")
        if not stat.S_ISREG(before.st_mode):
            _write_through(path, data)
            return
        if not before.st_mode & 0o222:
            raise InputError(f"{path}: is read-only; change its mode or write elsewhere with -o")
        if before.st_nlink > 1:
            names = "one other name" if before.st_nlink == 2 else f"{before.st_nlink - 1} other names"
            raise InputError(f"{path}: has {names} (hard links), which would keep the old text; write with -o")
    _replace(target, data, before, read)


def sweep(path: str) -> None:
    """Remove what writers of the file at *path* that were killed have left beside it."""
    folder, name = os.path.split(os.path.abspath(path))
    start = unfinished(name)
    with contextlib.suppress(OSError):
        for one in os.listdir(folder):
            number = one.removeprefix(start).partition("-")[0]
            if one.startswith(start) and number.isdigit() and not _alive(int(number)):
                os.unlink(os.path.join(folder, one))


def _alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _write_through(path: str, data: bytes) -> None:
    try:
        # A pipe that nobody reads from would be waited for.
        with open(os.open(path, os.O_WRONLY | os.O_TRUNC | getattr(os, "O_NONBLOCK", 0)), "wb") as file:
            os.set_blocking(file.fileno(), True)
            file.write(data)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None


def _replace(target: Path, data: bytes, before: os.stat_result | None, read: bytes | None) -> None:
    temporary: str | None = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f"{unfinished(target.name)}{os.getpid()}-", dir=target.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if before is not None:
            mode = stat.S_IMODE(before.st_mode)
            try:
                os.chown(temporary, before.st_uid, before.st_gid)
            except PermissionError:
                # Whose rights a program takes is another matter now.
                mode &= 0o1777
            _keep_attributes(target, temporary)
            # Last: to change the owner takes away that a program runs with the owner's rights.
            os.chmod(temporary, mode)
        else:
            os.chmod(temporary, 0o666 & ~_umask())
        if read is not None and target.read_bytes() != read:
            raise InputError(f"{target}: was changed while it was being rewritten; left as it is, run again")
        os.replace(temporary, target)
        temporary = None
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _keep_attributes(source: Path, temporary: str) -> None:
    """Give *temporary* the extended attributes of *source*, access control lists among them. Raises ``OSError``."""
    if not hasattr(os, "listxattr"):
        return
    try:
        names = os.listxattr(source)
    except OSError:
        return  # The file system has none.
    for name in names:
        value = os.getxattr(source, name)
        if name not in os.listxattr(temporary) or os.getxattr(temporary, name) != value:
            os.setxattr(temporary, name, value)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
