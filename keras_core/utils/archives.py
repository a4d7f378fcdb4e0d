"""Archives, unpacked without a path outside of the folder that they are unpacked into."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Callable


def unpack(path: str, folder: str, archive_format: Any = "auto") -> bool:
    """Unpacks an archive beside `folder` and then moves what came into it.

    Args:
        path: path of the archive.
        folder: where to put what is in it; equal names are replaced.
        archive_format: `'tar'`, `'zip'`, `'auto'` (both), None (neither), or a list of them.

    Returns:
        Whether the file is an archive of one of the formats.

    Raises:
        OSError: the archive is damaged.
        ValueError: the archive holds a path or a link that leads outside of the folder, or what
            is no file, folder or link.
    """
    kind = _kind(path, archive_format)
    if kind is None:
        return False
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder) as inner:
        try:
            _UNPACKERS[kind](path, inner)
        except _DAMAGES as error:
            raise OSError(
                f"{path} is damaged: {error}. Remove it, and it is downloaded again."
            ) from error
        _move_into(inner, folder)
    return True


_DAMAGES = (EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error)


def _kind(path: str, archive_format: Any) -> str | None:
    """The first of the formats that a file has."""
    if archive_format is None:
        return None
    wanted = ["tar", "zip"] if archive_format == "auto" else archive_format
    tests = {"tar": tarfile.is_tarfile, "zip": zipfile.is_zipfile}
    kinds = [wanted] if isinstance(wanted, str) else wanted
    return next((kind for kind in kinds if tests[kind](path)), None)


def _unpack_tar(path: str, folder: str) -> None:
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        links = {_normal(member.name) for member in members if member.issym()}
        for member in members:
            _check_member(path, member, links)
            member.mode &= 0o755
        # Where Python can, it leaves owners and special rights out.
        safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(folder, **safely)


def _unpack_zip(path: str, folder: str) -> None:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            _check_path(path, name, name, ())
        archive.extractall(folder)


_UNPACKERS: dict[str, Callable[[str, str], None]] = {"tar": _unpack_tar, "zip": _unpack_zip}


def _check_member(path: str, member: tarfile.TarInfo, links: set[str]) -> None:
    _check_path(path, member.name, member.name, links)
    if member.issym():
        target = f"{PurePosixPath(member.name).parent}/{member.linkname}"
        # Appended to a folder of the archive, an absolute address would look like a path in it.
        absolute = _is_absolute(member.linkname)
        _check_path(path, member.name, member.linkname if absolute else target, links)
    elif member.islnk():
        _check_path(path, member.name, member.linkname, links)
    elif not (member.isfile() or member.isdir()):
        raise ValueError(f"{path}: {member.name!r} is no file, folder or link.")


def _check_path(path: str, name: str, place: str, links: Iterable[str]) -> None:
    """Refuses what leads outside, or through a link, behind which nobody knows where it leads."""
    normal = _normal(place)
    above = [str(parent) for parent in PurePosixPath(normal).parents]
    if _is_absolute(place) or normal.split("/")[0] == ".." or set(above) & set(links):
        raise ValueError(f"{path}: the archive holds {name!r}, a path outside of it.")


def _is_absolute(place: str) -> bool:
    # As Windows reads it, too: there "C:x" and "\\x" are no paths below this one.
    windows = PureWindowsPath(place)
    return place.startswith("/") or bool(windows.drive or windows.root)


def _normal(place: str) -> str:
    """A path of an archive without `.` and without `..` but at its beginning."""
    parts: list[str] = []
    for part in place.replace("\\", "/").split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or "."


def _move_into(source: str, target: str) -> None:
    for entry in os.scandir(source):
        place = os.path.join(target, entry.name)
        if entry.is_dir(follow_symlinks=False) and os.path.isdir(place):
            _move_into(entry.path, place)
        elif entry.is_dir(follow_symlinks=False):
            shutil.move(entry.path, place)
        else:
            os.replace(entry.path, place)
