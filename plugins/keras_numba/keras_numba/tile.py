"""Sums of products in registers: a few rows of a few vectors, which everything here is made of."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from keras_numba.compiled import REGISTERS, VECTOR_BYTES, compiled, lanes


@intrinsic
def _tile(
    typing, like, a, a_row, a_step, b, b_step, steps, out, out_row, keep, rows, vectors, by_lane
):
    """out[i, :] = (out[i, :] if keep) + the sum over k of a[i, k] * b[k, :], for all i < rows.

    Args:
        like: an array of the dtype.
        a, b, out: addresses. `a[i, k]` stands `i * a_row + k * a_step` elements after `a`; `b[k]`
            `k * b_step` after `b`, `out[i]` `i * out_row` after `out`.
        steps: how many k there are, at least 1.
        keep: 0 where the sum begins anew.
        rows, vectors: tuples as long as the tile has rows and vectors: the length is part of the
            type, and so known here.
        by_lane: a tuple: `()` where `a[i, k]` is one number, else it is as many as `b[k]`.
    """
    signature = types.void(like, *(types.intp,) * 9, rows, vectors, by_lane)
    shape = len(rows), len(vectors), len(by_lane) > 0
    size = like.dtype.bitwidth // 8

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _Tile(builder, size, *shape).write(*arguments[1:10])
        return context.get_dummy_value()

    return signature, codegen


class _Tile:
    """Writes the machine code of one tile."""

    def __init__(self, builder: Any, size: int, rows: int, vectors: int, by_lane: bool) -> None:
        self.builder, self.size, self.by_lane = builder, size, by_lane
        self.lanes = lanes(size)
        self.places = [(i, j) for i in range(rows) for j in range(vectors)]
        self.rows, self.vectors = range(rows), range(vectors)
        self.number: Any = ir.FloatType() if size == 4 else ir.DoubleType()
        self.vector = ir.VectorType(self.number, self.lanes)
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        name = f"llvm.fmuladd.v{self.lanes}f{8 * size}"
        self.multiply_add = cgutils.get_or_insert_function(builder.module, kind, name)

    def write(
        self, a: Any, a_row: Any, a_step: Any, b: Any, b_step: Any, steps: Any, *to: Any
    ) -> None:
        out, out_row, keep = to
        builder, whole = self.builder, a.type
        targets = [self._after(out, builder.mul(out_row, whole(i))) for i in self.rows]
        offsets = [builder.mul(a_row, whole(i)) for i in self.rows]
        before = builder.block
        kept, loop, end = (builder.append_basic_block(name) for name in ("kept", "loop", "end"))
        builder.cbranch(builder.icmp_signed("!=", keep, whole(0)), kept, loop)

        builder.position_at_end(kept)
        old = {(i, j): self._load(targets[i], j) for i, j in self.places}
        builder.branch(loop)

        builder.position_at_end(loop)
        sums = {place: builder.phi(self.vector) for place in self.places}
        left, right, rest = (builder.phi(whole) for _ in range(3))
        new = self._step(sums, [self._after(left, offset) for offset in offsets], right)
        for place, total in sums.items():
            total.add_incoming(self.vector(None), before)
            total.add_incoming(old[place], kept)
            total.add_incoming(new[place], loop)
        after = self._after(left, a_step), self._after(right, b_step), builder.sub(rest, whole(1))
        for variable, first, following in zip((left, right, rest), (a, b, steps), after):
            variable.add_incoming(first, before)
            variable.add_incoming(first, kept)
            variable.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed(">", after[2], whole(0)), loop, end)

        builder.position_at_end(end)
        for i, j in self.places:
            builder.store(new[i, j], self._pointer(targets[i], j), align=self.size)

    def _step(self, sums: Any, lefts: Any, right: Any) -> Any:
        factors = [self._load(right, j) for j in self.vectors]
        new = {}
        for i in self.rows:
            one = None if self.by_lane else self._spread(lefts[i])
            for j in self.vectors:
                other = self._load(lefts[i], j) if one is None else one
                new[i, j] = self.builder.call(self.multiply_add, [other, factors[j], sums[i, j]])
        return new

    def _after(self, address: Any, elements: Any) -> Any:
        size = elements.type(self.size)
        return self.builder.add(address, self.builder.mul(elements, size))

    def _pointer(self, address: Any, vector: int) -> Any:
        place = self._after(address, address.type(vector * self.lanes))
        return self.builder.inttoptr(place, self.vector.as_pointer())

    def _load(self, address: Any, vector: int) -> Any:
        return self.builder.load(self._pointer(address, vector), align=self.size)

    def _spread(self, address: Any) -> Any:
        """One number in all lanes."""
        builder, index = self.builder, ir.IntType(32)
        number = builder.load(builder.inttoptr(address, self.number.as_pointer()), align=self.size)
        nothing = self.vector(ir.Undefined)
        first = builder.insert_element(nothing, number, index(0))
        return builder.shuffle_vector(first, nothing, ir.VectorType(index, self.lanes)(None))


def _strips(most: int, vectors: int, by_lane: bool) -> Any:
    """A function that does `_tile` for any number of rows: of `most`, then of three, then of one.

    Sums of several rows hide how long one addition takes.
    """
    many, three, one = (0,) * most, (0,) * 3, (0,)
    wide, own = (0,) * vectors, (0,) * by_lane

    @compiled
    def strips(like, a, a_row, a_step, b, b_step, steps, out, out_row, keep, rows):
        i = 0
        while i < rows:
            x = a + i * a_row * like.itemsize
            y = out + i * out_row * like.itemsize
            if rows - i >= most:
                _tile(like, x, a_row, a_step, b, b_step, steps, y, out_row, keep, many, wide, own)
                i += most
            elif rows - i >= 3:
                _tile(like, x, a_row, a_step, b, b_step, steps, y, out_row, keep, three, wide, own)
                i += 3
            else:
                _tile(like, x, a_row, a_step, b, b_step, steps, y, out_row, keep, one, wide, own)
                i += 1

    return strips


# The sums of a tile fill the registers but for those that factors pass through.
HAS_MANY_REGISTERS = REGISTERS >= 32
_four = _strips(6, 4, False)
_two = _strips(12 if HAS_MANY_REGISTERS else 6, 2, False)
_one = _strips(12, 1, False)
_own = _strips(8, 1, True)


@compiled
def products(like, a, a_row, a_step, b, b_step, steps, out, out_row, keep, rows, filters):
    """`_tile` for any number of rows, and of filters that is a multiple of the lanes."""
    lanes = VECTOR_BYTES // like.itemsize
    column = 0
    while column < filters:
        right, to = b + column * like.itemsize, out + column * like.itemsize
        wide = (filters - column) // lanes
        if HAS_MANY_REGISTERS and wide >= 4:
            _four(like, a, a_row, a_step, right, b_step, steps, to, out_row, keep, rows)
            column += 4 * lanes
        elif wide >= 2:
            _two(like, a, a_row, a_step, right, b_step, steps, to, out_row, keep, rows)
            column += 2 * lanes
        else:
            _one(like, a, a_row, a_step, right, b_step, steps, to, out_row, keep, rows)
            column += lanes


@compiled
def by_channel(like, a, a_row, a_step, b, b_step, steps, out, out_row, keep, rows, channels):
    """The same where each channel has numbers of its own in `a`, too."""
    for column in range(0, channels, VECTOR_BYTES // like.itemsize):
        on = column * like.itemsize
        _own(like, a + on, a_row, a_step, b + on, b_step, steps, out + on, out_row, keep, rows)
