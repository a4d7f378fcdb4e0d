"""Connections by which an engine's processes learn of each other's end; here they are threads."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress

import pytest

from keras_core.plugins import lifeline
from keras_core.plugins.lifeline import Lifeline
from keras_core.ranks import PATIENCE, World


class Shared(World):
    """A rank that is a thread, and passes values on by a list that all have."""

    def __init__(self, rank, size, meeting, table):
        self.rank, self.size = rank, size
        self._meeting, self._table = meeting, table

    def gathered(self, value):
        self._table[self.rank] = value
        self._meeting.wait(20)
        found = list(self._table)
        self._meeting.wait(20)
        return found

    def from_rank(self, root, value):
        return self.gathered(value)[root]


@pytest.fixture
def told(monkeypatch):
    """What would have ended a rank, by its number."""
    seen = {}
    monkeypatch.setattr(Lifeline, "_end", lambda self, why: seen.setdefault(self._rank, why))
    return seen


@pytest.fixture
def joined(told):
    """Makes the lifelines of so many threads."""
    made = []

    def join(size):
        meeting, table = threading.Barrier(size), [None] * size
        worlds = [Shared(rank, size, meeting, table) for rank in range(size)]
        made.extend(in_threads([lambda world=world: Lifeline(world) for world in worlds]))
        return made

    yield join
    for line in made:
        line._is_over.set()
    for peer in [peer for line in made for peer in line._peers.values()]:
        with suppress(OSError):
            peer.shutdown(socket.SHUT_RDWR)
        peer.close()
    while any(thread.name.startswith("lifeline") for thread in threading.enumerate()):
        time.sleep(0.02)


def in_threads(calls):
    results = [None] * len(calls)

    def keep(place, call):
        results[place] = call()

    threads = [threading.Thread(target=keep, args=pair, daemon=True) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    return results


def waited_for(condition):
    until = time.monotonic() + 20
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    assert condition()


def in_operation(line, key, over):
    with line.operation(key, f"fit ({key})"):
        over.wait(20)


def test_all_leave_together(told, joined):
    lines = joined(3)
    for line in lines:
        with line.operation("sums", "sums"):
            pass
    in_threads([line.leave for line in lines])
    assert told == {}


def test_one_that_is_slow_is_waited_for(told, joined):
    lines, over = joined(2), threading.Event()
    waiting = threading.Thread(target=in_operation, args=(lines[1], "sums", over))
    waiting.start()
    time.sleep(2 * PATIENCE)
    over.set()
    waiting.join()
    with lines[0].operation("sums", "sums"):
        pass
    in_threads([line.leave for line in lines])
    assert told == {}


@pytest.mark.parametrize("differs", [0, 2])
def test_ranks_that_wait_in_different_operations_are_told(told, joined, differs):
    lines, over = joined(3), threading.Event()
    for rank in (0, 1, 2):
        key = "another" if rank == differs else "one"
        call = (lines[rank], key, over)
        threading.Thread(target=in_operation, args=call, daemon=True).start()
    waited_for(lambda: len(told) == 3)
    over.set()
    assert len({*told.values()}) == 1
    assert "fit (one)" in told[0] and "fit (another)" in told[0]


@pytest.mark.parametrize("ended", [0, 1])
def test_one_that_waits_for_one_that_left_is_told(told, joined, ended):
    lines, over = joined(2), threading.Event()
    threading.Thread(target=lines[ended].leave, daemon=True).start()
    threading.Thread(target=in_operation, args=(lines[1 - ended], "sums", over)).start()
    waited_for(lambda: len(told) == 2)
    over.set()
    assert told[0] == told[1] and f"rank {ended} has come to its end" in told[0]


@pytest.mark.parametrize("ended", [0, 1])
def test_a_broken_connection_ends_the_other(told, joined, ended):
    lines = joined(2)
    (peer,) = lines[ended]._peers.values()
    peer.shutdown(socket.SHUT_RDWR)
    waited_for(lambda: 1 - ended in told)
    assert f"rank {ended} has ended" in told[1 - ended]


def test_the_end_is_told_while_the_main_thread_collects_its_own_error():
    """It has standard error to itself for that, as an error does that ends its process."""
    script = """
import io, threading
from contextlib import redirect_stderr
from keras_core.plugins.lifeline import Lifeline

line = object.__new__(Lifeline)
line._rank = 0
with redirect_stderr(io.StringIO()):
    threading.Thread(target=line._end, args=["rank 1 has ended"]).start()
    threading.Event().wait(60)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "[rank 0] RuntimeError: rank 1 has ended\n"


def test_strangers_are_no_ranks():
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        said = ["", "another word    00000002", "the right word  00000001"]
        for words in said:
            peer = stack.enter_context(socket.create_connection(server.getsockname()))
            peer.sendall(words.encode())
            peer.shutdown(socket.SHUT_WR)
        peers = lifeline._accepted(server, "the right word  ", 1)
        assert [*peers] == [1]
        with peers[1]:
            assert peers[1].getpeername() == peer.getsockname()
