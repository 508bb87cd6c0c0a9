"""The forward kernel: a program owns some neurons, keeps their state in registers, and runs all steps."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.dynamics.kernels import backends
from spikejax.dynamics.kernels.elements import on_blocks
from spikejax.dynamics.kernels.kernel import (
    Cut,
    Kernel,
    Operands,
    Results,
    blocks,
    fed_back,
    matrix_operands,
    read_constants,
    split,
)


class Kept(NamedTuple):
    """What the forward kernel keeps for the backward kernel: which variables of the state, and whether products."""

    states: tuple[int, ...]
    products: bool


NOTHING = Kept((), False)


class Ran(NamedTuple):
    """Results of the forward kernel."""

    state: list[Array]  # after the last step
    saved: list[Array]  # [T, B, *F]
    kept: list[Array]  # states before every `unroll` steps, arranged for the backward kernel
    products: list[Array]  # of the feedback in all steps, likewise


def run(
    kernel: Kernel,
    constants: list[Array],
    weights: Array | None,
    product: Array | None,
    state: list[Array],
    xs: list[Array],
    keep: Kept = NOTHING,
) -> Ran:
    """Runs all steps.

    Args:
      kernel: what is run.
      constants: scalars or `[B, *F]`.
      weights: of the feedback, `[F, F]`.
      product: that of the feedback in the first step, `[B, F]`.
      state: before the first step, `[B, *F]` each.
      xs: `[T, B, *F]` each.
      keep: what a backward kernel will need, if there will be one.
    """
    tiles, kinds, steps = kernel.tiles, kernel.kinds, xs[0].shape[0]
    cut = kernel.cut(steps)
    operands = Operands(tiles)
    operands.constants(constants, kernel.backend.scalars)
    operands.whole(matrix_operands(kernel, weights))
    operands.once([] if product is None else [product])
    operands.once(state)
    operands.steps(xs, steps)
    results = Results(tiles)
    results.add(kinds.saved, steps)
    results.add([kinds.state[i] for i in keep.states], cut.marks)
    results.add(kinds.product if keep.products else [], steps)
    results.add(kinds.state, None)

    def forward(*refs):
        groups = split(refs, operands.counts + results.counts)
        _Body(kernel, keep, constants, groups).run(cut)

    found = backends.call(forward, kernel, operands, results)
    saved, kept, products, final = split(found, results.counts)
    return Ran(
        [tiles.restored(x, False).astype(kind) for x, kind in zip(final, kinds.state, strict=True)],
        [tiles.restored(x, True).astype(kind) for x, kind in zip(saved, kinds.saved, strict=True)],
        kept,
        products,
    )


class _Body:
    """The work of one program of the kernel."""

    def __init__(self, kernel: Kernel, keep: Kept, constants: list[Array], groups: list):
        self.kernel, self.keep, self.kinds = kernel, keep, kernel.kinds
        self.place, self.every = kernel.tiles.here(), range(kernel.tiles.count)
        constant_refs, matrix_refs, self.product, self.state, self.inputs = groups[:5]
        self.saved, self.kept, self.products, self.final = groups[5:]
        self.constants_of = read_constants(kernel, self.place, constant_refs, constants)
        self.multiplied = fed_back(kernel, matrix_refs)

    def inputs_of(self, first: Any, count: int) -> list:
        """The inputs of a few steps, by step and tile."""
        own, steps = self.kinds.inputs, range(count)
        return [
            [self.place.loads(self.inputs, own, first + k, j) for j in self.every] for k in steps
        ]

    def advance(self, first: Any, mark: Any, carry: Any, inputs: list) -> Any:
        """Runs a few steps."""
        kernel, kinds, place = self.kernel, self.kinds, self.place
        states, fed = carry
        for j in self.every:
            place.stores(self.kept, [states[j][i] for i in self.keep.states], mark, j)
        for k, given in enumerate(inputs):
            after = []
            for j in self.every:
                place.stores(self.products, fed[j] if self.keep.products else [], first + k, j)
                values = [*self.constants_of(j), *fed[j], *states[j], *given[j]]
                found = on_blocks(kernel.step, values)
                own, saved = split(found, [kernel.dynamics.states, len(self.saved)])
                place.stores(self.saved, saved, first + k, j)
                after.append(blocks(own, kinds.state, kernel.tiles))
            states = after
            if kernel.dynamics.feedback is not None:
                emitted = [state[kernel.dynamics.feedback.variable] for state in states]
                fed = [[x.astype(*kinds.product)] for x in self.multiplied(emitted, kernel.exact)]
        return states, fed

    def run(self, cut: Cut) -> None:
        """Runs all steps."""
        whole, unroll, rest = cut

        def some(i, carry):
            return self.advance(i * unroll, i, carry, self.inputs_of(i * unroll, unroll))

        def some_ahead(i, carry):
            carry, inputs = carry
            following = self.inputs_of(jnp.minimum(i + 1, whole - 1) * unroll, unroll)
            return self.advance(i * unroll, i, carry, inputs), following

        place, kinds = self.place, self.kinds
        carry: Any = (
            [place.loads(self.state, kinds.state, None, j) for j in self.every],
            [place.loads(self.product, kinds.product, None, j) for j in self.every],
        )
        if self.kernel.ahead:
            first = carry, self.inputs_of(0, unroll)
            carry, _ = jax.lax.fori_loop(0, whole, some_ahead, first)
        else:
            carry = jax.lax.fori_loop(0, whole, some, carry)
        if rest:
            carry = self.advance(whole * unroll, whole, carry, self.inputs_of(whole * unroll, rest))
        for j in self.every:
            place.stores(self.final, carry[0][j], None, j)
