"""Files from the web: resumed, checked, shared by processes, and unpacked where they belong."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from keras_core.utils import get_file
from keras_core.utils.archives import unpack

CONTENT = bytes(range(256)) * 2000
HASH = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves `content`, and remembers what was asked for.

    `broken` says after how many bytes each connection breaks; after one, `later` is how it is.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.tag = '"1"'
        self.ranges = True
        self.broken = []
        self.asked = []
        self.sent = 0
        self.later = {}

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/file"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        asked = self.headers.get("Range")
        server.asked.append(asked)
        begun = int(asked[6:-1]) if asked and server.ranges else 0
        if self.headers.get("If-Range", server.tag) != server.tag:
            begun = 0
        size = len(server.content)
        if begun and begun >= size:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.end_headers()
            return
        self.send_response(206 if begun else 200)
        self.send_header("ETag", server.tag)
        self.send_header("Content-Length", str(size - begun))
        if begun:
            self.send_header("Content-Range", f"bytes {begun}-{size - 1}/{size}")
        self.end_headers()
        end = server.broken.pop(0) if server.broken else None
        part = server.content[begun:][:end]
        server.sent += len(part)
        vars(server).update(server.later)
        self.wfile.write(part)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def fetch(server, tmp_path):
    """Gets the server's file into a cache of its own."""

    def get(**options):
        return get_file("file", server.address, cache_dir=str(tmp_path), **options)

    return get


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "datasets"


def content_of(path):
    with open(path, "rb") as file:
        return file.read()


@pytest.mark.parametrize("file_hash", [None, HASH, hashlib.md5(CONTENT).hexdigest()])
def test_a_file_comes_whole_and_once(server, fetch, cache, file_hash, capsys):
    path = fetch(file_hash=file_hash)
    assert content_of(path) == CONTENT
    assert fetch(file_hash=file_hash) == path
    assert server.asked == [None]
    assert os.listdir(cache) == ["file"]
    assert "512000/512000" in capsys.readouterr().out


@pytest.mark.parametrize("file_hash", [None, HASH])
def test_a_broken_connection_is_taken_up_where_it_broke(server, fetch, file_hash):
    server.broken = [100_000, 200_000]
    assert content_of(fetch(file_hash=file_hash)) == CONTENT
    assert server.asked == [None, "bytes=100000-", "bytes=300000-"]
    assert server.sent == len(CONTENT)


def test_what_has_come_is_kept_for_the_next_call(server, fetch, cache):
    server.broken = [100_000, 0, 0, 0]
    with pytest.raises(OSError, match="broke after 100000 of 512000 bytes"):
        fetch(file_hash=HASH)
    assert os.listdir(cache) == ["file.part"]
    assert content_of(fetch(file_hash=HASH)) == CONTENT
    assert server.asked[-1] == "bytes=100000-"
    assert os.listdir(cache) == ["file"]


def test_what_cannot_be_checked_is_not_kept(server, fetch, cache):
    server.broken = [100_000, 0, 0, 0]
    with pytest.raises(OSError, match="broke after"):
        fetch()
    assert os.listdir(cache) == []


def test_a_server_that_knows_no_ranges_sends_the_whole(server, fetch):
    server.ranges = False
    server.broken = [100_000]
    assert content_of(fetch()) == CONTENT
    assert server.asked == [None, "bytes=100000-"]


def test_a_file_that_changes_on_the_way_is_fetched_from_its_beginning(server, fetch):
    server.content, server.broken = b"old" * 100_000, [100_000]
    server.later = {"content": CONTENT, "tag": '"2"'}
    assert content_of(fetch()) == CONTENT
    assert server.asked == [None, "bytes=100000-"]


@pytest.mark.parametrize("rest", [b"of another file", CONTENT + b"and more", CONTENT])
def test_what_lies_there_of_another_file_is_replaced(fetch, cache, rest):
    cache.mkdir()
    (cache / "file.part").write_bytes(rest)
    assert content_of(fetch(file_hash=HASH)) == CONTENT
    assert os.listdir(cache) == ["file"]


def test_processes_that_want_one_file_wait_for_one_of_them(server, sandbox, tmp_path):
    code = f"""
        from keras_core.utils import get_file
        print(get_file("file", {server.address!r}, cache_dir={str(tmp_path)!r}, file_hash={HASH!r}))
    """
    threads = [threading.Thread(target=sandbox.run, args=(code,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.asked == [None]
    assert os.listdir(tmp_path / "datasets") == ["file"]
    assert content_of(tmp_path / "datasets" / "file") == CONTENT


def test_threads_that_want_one_file_wait_for_one_of_them(server, fetch, cache):
    threads = [threading.Thread(target=fetch) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.asked == [None]
    assert os.listdir(cache) == ["file"]


def test_without_a_connection_it_is_told_what_to_put_where(tmp_path):
    origin = "http://127.0.0.1:1/mnist.npz"
    with pytest.raises(OSError) as caught:
        get_file("mnist.npz", origin, file_hash=HASH, cache_dir=str(tmp_path))
    told = str(caught.value)
    assert origin in told and f"sha256 is {HASH}" in told
    assert f"put it at {tmp_path / 'datasets' / 'mnist.npz'}." in told


def test_a_file_that_is_not_there_is_told(server, fetch):
    server.content = b""
    with pytest.raises(OSError, match="another hash"):
        fetch(file_hash=HASH)
    with pytest.raises(OSError, match=r"unknown url type|no host"):
        get_file("x", "nowhere://x", cache_dir=os.path.dirname(fetch()))


# Archives


def tar_of(*members):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as made:
        for name, kind, link in members:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, link
            entry.size = 6 if kind == tarfile.REGTYPE else 0
            made.addfile(entry, io.BytesIO(b"inside"))
    return data.getvalue()


def zip_of(*names):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name in names:
            made.writestr(name, "inside")
    return data.getvalue()


FILE, LINK, HARD, PIPE = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE

ESCAPES = {
    "up": tar_of(("a/../../evil", FILE, "")),
    "absolute": tar_of(("/tmp/evil", FILE, "")),
    "windows": tar_of(("C:\\evil", FILE, "")),
    "backslash": tar_of(("..\\evil", FILE, "")),
    "link_up": tar_of(("a/link", LINK, "../../evil")),
    "link_absolute": tar_of(("link", LINK, "/etc")),
    "through_link": tar_of(("link", LINK, "a"), ("link/evil", FILE, "")),
    "link_through_link": tar_of(("a", LINK, "b/c"), ("d", LINK, "a/../..")),
    "hard_link": tar_of(("hard", HARD, "../evil")),
    "hard_link_through_link": tar_of(("link", LINK, "a"), ("hard", HARD, "link/evil")),
    "pipe": tar_of(("pipe", PIPE, "")),
    "zip_up": zip_of("good", "../evil"),
    "zip_absolute": zip_of("/evil"),
}


@pytest.mark.parametrize("name", ESCAPES)
def test_an_archive_that_leads_outside_is_refused_whole(tmp_path, name):
    path = tmp_path / "archive"
    path.write_bytes(ESCAPES[name])
    inner = tmp_path / "cache"
    inner.mkdir()
    with pytest.raises(ValueError, match=r"a path outside of it|is no file, folder or link"):
        unpack(str(path), str(inner))
    assert list(inner.iterdir()) == []
    assert sorted(os.listdir(tmp_path)) == ["archive", "cache"]


def test_links_within_an_archive_are_kept(tmp_path):
    members = [
        ("d/a", FILE, ""),
        ("d/link", LINK, "a"),
        ("hard", HARD, "d/a"),
        ("e/up", LINK, ".."),
    ]
    path = tmp_path / "archive"
    path.write_bytes(tar_of(*members))
    assert unpack(str(path), str(tmp_path))
    for name in ("d/a", "d/link", "hard", "e/up/hard"):
        assert (tmp_path / name).read_text() == "inside"


def test_unpacking_adds_to_what_is_there(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "mine").write_text("mine")
    (tmp_path / "d" / "a").write_text("old")
    path = tmp_path / "archive"
    path.write_bytes(zip_of("d/a", "d/inner/b"))
    assert unpack(str(path), str(tmp_path), "tar") is False
    assert unpack(str(path), str(tmp_path), None) is False
    assert unpack(str(path), str(tmp_path), ["tar", "zip"]) is True
    assert sorted(os.listdir(tmp_path / "d")) == ["a", "inner", "mine"]
    assert (tmp_path / "d" / "a").read_text() == "inside"


def test_an_unpacked_folder_is_enough(server, tmp_path):
    server.content = tar_of(("d/a", FILE, ""))
    options = {"untar": True, "cache_dir": str(tmp_path)}
    path = get_file("d", server.address, **options)
    os.remove(path + ".tar.gz")
    assert get_file("d", server.address, **options) == path
    assert server.asked == [None]


def test_a_damaged_archive_leaves_no_half_of_a_folder(server, tmp_path):
    server.content = tar_of(*((f"d/{number}", FILE, "") for number in range(999)))[:-3000]
    with pytest.raises(OSError, match=r"d.tar.gz is damaged: .* Remove it"):
        get_file("d", server.address, untar=True, cache_dir=str(tmp_path))
    assert os.listdir(tmp_path / "datasets") == ["d.tar.gz"]


@pytest.mark.skipif(sys.platform == "win32", reason="rights of files are POSIX's")
def test_special_rights_are_not_unpacked(tmp_path):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as made:
        entry = tarfile.TarInfo("a")
        entry.mode = 0o4777
        made.addfile(entry)
    (tmp_path / "archive").write_bytes(data.getvalue())
    unpack(str(tmp_path / "archive"), str(tmp_path))
    assert (tmp_path / "a").stat().st_mode & 0o7022 == 0
