"""Files from the web: a cache that several processes share, and downloads that can be resumed."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from keras_core.legacy.calls import refusing_old_names
from keras_core.utils import archives
from keras_core.utils.progbar import Progbar

if TYPE_CHECKING:
    from typing import BinaryIO

_TRIES = 3
_SILENCE = 60.0  # seconds
_CHUNK = 1 << 16


def get_file(
    fname: str,
    origin: str,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: str | None = None,
) -> str:
    """Downloads a file unless the cache has it.

    What has come of a file whose hash is known is kept when a download breaks off, and the next
    call goes on from there. Processes that want one file at the same time wait for one of them.

    Args:
        fname: name of the file in the cache; an absolute path stands for itself.
        origin: address of the file.
        untar: True unpacks a tar archive `fname + '.tar.gz'` into `fname`; an unpacked folder is
            enough.
        md5_hash: former way to give `file_hash`.
        file_hash: expected hash in hexadecimal digits; a file with another one is fetched again.
        cache_subdir: folder under the cache.
        hash_algorithm: `'md5'`, `'sha256'` or `'auto'`.
        extract: True unpacks the file if it is an archive.
        archive_format: `'tar'`, `'zip'`, `'auto'` (both), None (neither), or a list of them.
        cache_dir: the cache; `$KERAS_HOME`, else `~/.keras`.

    Returns:
        The path of the file, or of the unpacked folder with `untar`.

    Raises:
        OSError: the download fails, or what came has another hash.
        ValueError: an archive holds a path outside of the folder it is unpacked into.
    """
    if file_hash is None and md5_hash is not None:
        file_hash, hash_algorithm = md5_hash, "md5"
    wanted = _Wanted(origin, file_hash, hash_algorithm)
    target = os.path.join(_folder(cache_dir, cache_subdir, fname), fname)
    archive = target + ".tar.gz" if untar else target
    if untar and os.path.isdir(target) and not os.path.exists(archive):
        return target
    unpacking = extract or (untar and not os.path.exists(target))
    if unpacking or not wanted.is_at(archive):
        os.makedirs(os.path.dirname(archive), exist_ok=True)
        with _alone(archive):
            wanted.fetch(archive)
            _unpack(archive, target, untar, archive_format if extract else None)
    return target


@refusing_old_names("utils.data_utils.validate_file")
def validate_file(
    fpath: str, file_hash: str, algorithm: str = "auto", chunk_size: int = 65535
) -> bool:
    """Whether a file has a hash.

    Args:
        fpath: path of the file.
        file_hash: hash in hexadecimal digits.
        algorithm: `'md5'`, `'sha256'`, or `'auto'`, which goes by the number of digits.
        chunk_size: number of bytes read at a time.
    """
    found = _hash_file(fpath, _algorithm(str(file_hash), algorithm), chunk_size)
    return found == str(file_hash).lower()


def _algorithm(file_hash: str, algorithm: str) -> str:
    sha256 = algorithm == "sha256" or (algorithm == "auto" and len(file_hash) == 64)
    return "sha256" if sha256 else "md5"


def _hash_file(fpath: str, algorithm: str = "sha256", chunk_size: int = 65535) -> str:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open(fpath, "rb") as file:
        for chunk in iter(lambda: file.read(chunk_size), b""):
            digest.update(chunk)
    return digest.hexdigest()


def _folder(cache_dir: str | None, subdir: str, fname: str) -> str:
    """The folder of a file: in the cache, or in a temporary one where that takes no new files."""
    home = os.path.expanduser(cache_dir or os.environ.get("KERAS_HOME") or "~/.keras")
    kept = os.path.join(home, subdir)
    if os.path.exists(os.path.join(kept, fname)) or _takes_files(home):
        return kept
    return os.path.join("/tmp", ".keras", subdir)


def _takes_files(folder: str) -> bool:
    with suppress(OSError):
        os.makedirs(folder, exist_ok=True)
        return os.access(folder, os.W_OK)
    return False


def _unpack(archive: str, target: str, untar: bool, archive_format: Any) -> None:
    folder = os.path.dirname(target)
    if untar and not os.path.exists(target):
        archives.unpack(archive, folder, "tar")
    archives.unpack(archive, folder, archive_format)


class _Wanted:
    """What is to be had from an address.

    Args:
        origin: the address.
        file_hash: hash of the file, or None.
        algorithm: `'md5'`, `'sha256'` or `'auto'`.
    """

    def __init__(self, origin: str, file_hash: str | None, algorithm: str) -> None:
        self.origin = origin
        self.file_hash = file_hash
        self.algorithm = algorithm

    def is_at(self, path: str) -> bool:
        """Whether the file is there, whole."""
        if not os.path.isfile(path):
            return False
        return self.file_hash is None or validate_file(path, self.file_hash, self.algorithm)

    def fetch(self, path: str) -> None:
        """Downloads beside `path` first, so that what is there is always whole."""
        if self.is_at(path):
            return
        if os.path.exists(path):
            print(f"{path} has another hash than {self.file_hash}; it is downloaded again.")
        print("Downloading data from", self.origin)
        try:
            self._download(f"{path}.part")
        except (OSError, HTTPException) as error:
            raise OSError(self._failure(path, error)) from error
        os.replace(f"{path}.part", path)

    def _failure(self, path: str, error: Exception) -> str:
        told = ""
        if self.file_hash is not None:
            told = f" (its {_algorithm(self.file_hash, self.algorithm)} is {self.file_hash})"
        return (
            f"get_file: download of {self.origin} failed: {error}\n"
            f"Without a connection, fetch that file elsewhere{told} and put it at {path}."
        )

    def _download(self, part: str) -> None:
        resumed = self.file_hash is not None and os.path.exists(part)
        try:
            if not resumed:
                _remove(part)
            _Transfer(self.origin, part).run()
            if resumed and not self.is_at(part):
                # What was there may be of another file of that name.
                _remove(part)
                _Transfer(self.origin, part).run()
            if not self.is_at(part):
                _remove(part)
                raise OSError(f"what came has another hash than {self.file_hash}.")
        except BaseException:
            if self.file_hash is None:
                _remove(part)
            raise


class _Transfer:
    """Brings a file to a path, in several tries if the connection breaks.

    Args:
        origin: address of the file.
        part: path; what is there already is taken for the file's beginning.
    """

    def __init__(self, origin: str, part: str) -> None:
        self.origin = origin
        self.part = part
        self.version: str | None = None

    def run(self) -> None:
        tries = _TRIES
        while True:
            before = self._length()
            try:
                return self._receive()
            except (ConnectionError, socket.timeout, HTTPException):
                # A try that brought something does not count.
                tries -= self._length() <= before
                if not tries:
                    raise

    def _length(self) -> int:
        return os.path.getsize(self.part) if os.path.exists(self.part) else 0

    def _receive(self) -> None:
        """One try, from where the last one ended."""
        from urllib.error import HTTPError
        from urllib.request import urlopen

        begun = self._length()
        try:
            response = urlopen(self._request(begun), timeout=_SILENCE)
        except HTTPError as error:
            if error.code != 416:
                raise
            # Nothing lies behind what is here, or it is no part of this file.
            if error.headers.get("Content-Range", "") == f"bytes */{begun}":
                return
            _remove(self.part)
            begun, response = 0, urlopen(self._request(0), timeout=_SILENCE)
        with response:
            self._store(response, begun if _begins_at(response, begun) else 0)

    def _request(self, begun: int) -> Any:
        from urllib.request import Request

        if not begun:
            return Request(self.origin)
        version = {"If-Range": self.version} if self.version else {}
        return Request(self.origin, headers={"Range": f"bytes={begun}-", **version})

    def _store(self, response: Any, begun: int) -> None:
        headers = response.headers
        self.version = headers.get("ETag") or headers.get("Last-Modified")
        length = headers.get("Content-Length")
        total = None if length is None else begun + int(length)
        bar = Progbar(total)
        with open(self.part, "r+b" if begun else "wb") as file:
            file.seek(begun)
            file.truncate()
            done = _copy(response, file, bar, begun)
        if total is not None and done < total:
            raise ConnectionError(f"the connection broke after {done} of {total} bytes.")
        if total is None:
            bar.update(done, finalize=True)


def _begins_at(response: Any, begun: int) -> bool:
    """Whether a server sends the rest of a file, not the whole of it."""
    sent = response.headers.get("Content-Range", "")
    return getattr(response, "status", None) == 206 and sent.startswith(f"bytes {begun}-")


def _copy(response: Any, file: BinaryIO, bar: Progbar, done: int) -> int:
    for chunk in iter(lambda: response.read(_CHUNK), b""):
        file.write(chunk)
        done += len(chunk)
        if bar.target is not None:
            bar.update(done)
    return done


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.remove(path)


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """Lets one thread of one process at a time work on a path; others wait."""
    lock = f"{path}.lock"
    with _locked(lock):
        try:
            yield
        finally:
            # Who waits for the removed file sees that, and takes a new one.
            with suppress(OSError):
                os.remove(lock)


@contextmanager
def _locked(lock: str) -> Iterator[None]:
    while True:
        with open(lock, "ab") as file:
            _wait_for(file)
            if _is_at(file, lock):
                yield
                return


def _is_at(file: BinaryIO, path: str) -> bool:
    """Whether an open file is still the one at a path, from which others may remove it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _wait_for(file: BinaryIO) -> None:
    """Locks a file until it is closed, where the file system can."""
    with suppress(OSError):
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
