"""What tells the processes of an engine of each other's end, and who waits in vain.

Engines wait for ever, or for minutes, for a process that is gone or does something else. So each
rank holds a connection to the first one, which breaks when a process ends, however it does; and one
that has waited for a while tells the first one by it where it is.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Callable

from keras_core.ranks import PATIENCE, At, World, verdict

# How long all may take to be connected, and one of them to say who it is.
_MOST_SECONDS = 60
_MOST_SECONDS_OF_ONE = 5

_DIGITS = 8  # of a rank's number

_END = At(0, "", "the end")


class Lifeline:
    """The connections of one rank, made together by all.

    Args:
        world: the ranks, which can send values already.
    """

    def __init__(self, world: World) -> None:
        self._rank, self._size = world.rank, world.size
        self._process = os.getpid()
        self._number, self._at, self._since = 0, _END, float("inf")
        self._told = 0
        self._places: dict[int, At] = {}
        self._left: dict[int, At] = {}
        self._is_over = threading.Event()
        self._lock = threading.RLock()
        self._peers = _connected(world)
        os.register_at_fork(after_in_child=self._forget)
        for rank, peer in self._peers.items():
            _start(self._listen, rank, peer)
        _start(self._look)

    @contextmanager
    def operation(self, key: str, shown: str) -> Iterator[None]:
        """Around something for which all ranks wait, and which they do in the same order.

        Args:
            key: what tells it from others, on each rank alike.
            shown: that, in words.
        """
        self._number += 1
        self._at, self._since = At(self._number, key, shown), time.monotonic()
        try:
            yield
        finally:
            self._since = float("inf")

    def leave(self) -> None:
        """Tells that this rank makes no more calls, and waits until all have said so."""
        if self._process != os.getpid() or self._is_over.is_set():
            return
        end = _END._replace(number=self._number)
        if self._rank:
            self._send(0, end)
        else:
            with self._lock:
                self._left[0] = end
                self._judge()
        self._is_over.wait()

    def _forget(self) -> None:
        """A process that was forked from this one does not keep its connections alive."""
        for peer in self._peers.values():
            peer.close()

    def _look(self) -> None:
        """Tells now and then where this rank waits."""
        while not self._is_over.wait(PATIENCE / 2):
            at = self._at
            if time.monotonic() - self._since < PATIENCE:
                continue
            if self._rank == 0:
                self._take(0, at)
            elif self._told != at.number:
                self._told = at.number
                self._send(0, at)

    def _listen(self, rank: int, peer: socket.socket) -> None:
        """Hears what a rank says, until it is gone."""
        with suppress(OSError):
            for line in peer.makefile("r", encoding="utf-8"):
                self._heard(rank, json.loads(line))
        if not self._is_over.is_set():
            self._end_all(f"rank {rank} has ended in the midst of its work, and so all end.")

    def _heard(self, rank: int, what: Any) -> None:
        if rank:
            self._take(rank, At(*what))
        elif what:
            self._end(what)
        else:
            self._is_over.set()

    def _take(self, rank: int, at: At) -> None:
        """The first rank learns where one is."""
        with self._lock:
            places = self._places if at.key else self._left
            places[rank] = at
            self._judge()

    def _judge(self) -> None:
        told = verdict(self._places, self._left)
        if told is None and len(self._left) < self._size:
            return
        if told is not None:
            self._end_all(told)
        else:
            self._tell("")
        self._is_over.set()

    def _send(self, rank: int, what: Any) -> None:
        with suppress(OSError):  # it has ended, which is heard
            self._peers[rank].sendall(json.dumps(what).encode() + b"\n")

    def _tell(self, what: str) -> None:
        """The first rank tells all others of the end."""
        for rank in self._peers if self._rank == 0 else ():
            self._send(rank, what)

    def _end_all(self, why: str) -> None:
        self._tell(why)
        self._end(why)

    def _end(self, why: str) -> None:
        """Ends this process, whose main thread may wait within the engine."""
        # What stands in the place of the real stream may be of the main thread alone, for a while.
        stream = sys.__stderr__ or sys.stderr
        stream.write(f"[rank {self._rank}] RuntimeError: {why}\n")
        stream.flush()
        end_now()


def _start(function: Callable[..., None], *arguments: Any) -> None:
    threading.Thread(target=function, args=arguments, name="lifeline", daemon=True).start()


def end_now() -> None:
    """Ends this process at once, with a status that is not 0."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(1)


def _connected(world: World) -> dict[int, socket.socket]:
    """Connections to all other ranks on the first one, and to that one on the others."""
    machines = world.gathered(socket.gethostname())
    if world.rank == 0:
        with socket.create_server(("" if len({*machines}) > 1 else "127.0.0.1", 0)) as server:
            server.settimeout(_MOST_SECONDS)
            password = secrets.token_hex()
            world.from_rank(0, (server.getsockname()[1], password))
            return _accepted(server, password, world.size - 1)
    port, password = world.from_rank(0, (0, ""))
    host = "127.0.0.1" if machines[0] == machines[world.rank] else machines[0]
    peer = socket.create_connection((host, port), _MOST_SECONDS)
    peer.settimeout(None)
    peer.sendall(f"{password}{world.rank:0{_DIGITS}d}".encode())
    return {0: peer}


def _accepted(server: socket.socket, password: str, count: int) -> dict[int, socket.socket]:
    """The connections of so many others, which know the password."""
    peers: dict[int, socket.socket] = {}
    while len(peers) < count:
        peer, _ = server.accept()
        rank = _rank_of(peer, password)
        if rank is None:
            peer.close()
        else:
            peers[rank] = peer
    return peers


def _rank_of(peer: socket.socket, password: str) -> int | None:
    """The rank that is connected, None for a stranger."""
    peer.settimeout(_MOST_SECONDS_OF_ONE)
    said, length = b"", len(password) + _DIGITS
    with suppress(OSError):
        while len(said) < length and (more := peer.recv(length - len(said))):
            said += more
    peer.settimeout(None)
    if not secrets.compare_digest(said[: len(password)], password.encode()):
        return None
    return int(said[len(password) :])
