"""The backward kernel: from the last step to the first, the gradient of the same step."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from spikejax.dynamics.kernels import backends
from spikejax.dynamics.kernels.elements import on_blocks
from spikejax.dynamics.kernels.gradient import PRODUCT, Gradient
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


class Cotangents(NamedTuple):
    """Results of the backward kernel, for what has a gradient."""

    constants: list[Array]  # [B, *F] each, to be summed if it is a scalar
    products: list[Array]  # of the feedback, [T, B, F]
    state: list[Array]  # before the first step
    inputs: list[Array]  # [T, B, *F]


def run(
    kernel: Kernel,
    gradient: Gradient,
    constants: list[Array],
    weights: Array | None,
    kept: list[Array],
    products: list[Array],
    xs: list[Array],
    final: list[Array],
    saved: list[Array],
) -> Cotangents:
    """Runs all steps backwards.

    Args:
      kernel: what was run.
      gradient: of its step.
      constants: as in the forward kernel.
      weights: likewise, transposed.
      kept: states, from the forward kernel.
      products: of the feedback, from the forward kernel, if they were kept.
      xs: `[T, B, *F]` each.
      final: cotangents of the state's floating-point variables after the last step.
      saved: cotangents of what was saved, `[T, B, *F]`.
    """
    tiles, kinds, steps = kernel.tiles, kernel.kinds, xs[0].shape[0]
    wanted, cut = gradient.wanted, kernel.cut(steps)
    operands = Operands(tiles)
    operands.constants(constants, kernel.backend.scalars)
    operands.whole(matrix_operands(kernel, weights))
    operands.kept(kept, cut.marks)
    operands.kept(products, steps)
    operands.steps([xs[i] for i in gradient.inputs], steps)
    operands.steps(saved, steps)
    operands.once(final)
    results = Results(tiles)
    results.add(kinds.product, steps)
    results.add([kinds.inputs[i] for i in wanted.inputs], steps)
    results.add([kinds.state[i] for i in gradient.states], None)
    results.add([_sum_kind(kinds.constants[wanted.constants[n]]) for n in gradient.summed], None)

    def backward(*refs):
        groups = split(refs, operands.counts + results.counts)
        _Body(kernel, gradient, constants, groups).run(cut)

    found = backends.call(backward, kernel, operands, results)
    by_product, by_input, start, sums = split(found, results.counts)
    by_product = [tiles.restored(x, True) for x in by_product]
    by_input = [tiles.restored(x, True) for x in by_input]
    own = {n: tiles.restored(x, False) for n, x in zip(gradient.summed, sums, strict=True)}
    for n, source in gradient.elsewhere.items():
        own[n] = (by_product[0] if source == PRODUCT else by_input[source]).sum(0)
    return Cotangents(
        [own[n] for n in range(len(wanted.constants))],
        by_product,
        [tiles.restored(x, False) for x in start],
        by_input,
    )


def _sum_kind(kind):
    """The dtype of a sum over steps: float32, since more and more would be lost beside it in fewer bits."""
    return jnp.promote_types(kind, jnp.float32)


class _Body:
    """The work of one program of the kernel."""

    def __init__(self, kernel: Kernel, gradient: Gradient, constants: list[Array], groups: list):
        self.kernel, self.gradient, self.kinds = kernel, gradient, kernel.kinds
        self.place, self.every = kernel.tiles.here(), range(kernel.tiles.count)
        (
            constant_refs,
            matrix_refs,
            self.kept,
            self.products,
            self.inputs,
            self.saved,
            self.final,
        ) = groups[:7]
        self.results, self.start, self.sums = groups[7] + groups[8], groups[9], groups[10]
        self.constants_of = read_constants(kernel, self.place, constant_refs, constants)
        self.multiplied = fed_back(kernel, matrix_refs)
        self.state_kinds = [self.kinds.state[i] for i in gradient.states]
        own = [gradient.wanted.constants[n] for n in gradient.summed]
        self.sum_kinds = [_sum_kind(self.kinds.constants[i]) for i in own]

    def zeros(self, kinds: list) -> list[Array]:
        return [jnp.zeros(self.kernel.tiles.block, kind) for kind in kinds]

    def some_of(self, kinds: list, places: Any, refs: list, t: Any, tile: int) -> list[Any]:
        """Values of which some are not needed, and were not stored."""
        found: list[Any] = [None] * len(kinds)
        for i, ref in zip(places, refs, strict=True):
            found[i] = self.place.load(ref, kinds[i], t, tile)
        return found

    def filled(self, values: list, kinds: list) -> list[Array]:
        """Values with zeros for those that are not needed."""
        return [self.zeros([k])[0] if v is None else v for v, k in zip(values, kinds, strict=True)]

    def given_at(self, t: Any, tile: int) -> tuple:
        """A step's inputs, the cotangents of what it saved, and its product."""
        place, kinds, gradient = self.place, self.kinds, self.gradient
        outer = [kinds.saved[i] for i in gradient.wanted.saved]
        products = kinds.product if self.products else []
        return (
            self.some_of(kinds.inputs, gradient.inputs, self.inputs, t, tile),
            place.loads(self.saved, outer, t, tile),
            place.loads(self.products, products, t, tile),
        )

    def given_of(self, first: Any, count: int, mark: Any) -> tuple:
        """What is read for a few steps: what is given at each of them, and the state before them."""
        at_steps = [[self.given_at(first + k, j) for j in self.every] for k in range(count)]
        kept = self.gradient.kept.states
        before = [self.some_of(self.kinds.state, kept, self.kept, mark, j) for j in self.every]
        return at_steps, before

    def states_of(self, at_steps: list, before: list) -> list:
        """The states before each of a few steps, those after the first one computed again."""
        kernel, kinds = self.kernel, self.kinds
        states = [[self.filled(own, kinds.state) for own in before]]
        for at_step in at_steps[:-1]:  # without feedback, so that there is one tile
            inputs = self.filled(at_step[0][0], kinds.inputs)
            found = on_blocks(kernel.states_alone, [*self.constants_of(0), *states[-1][0], *inputs])
            states.append([blocks(found, kinds.state, kernel.tiles)])
        return states

    def back(self, first: Any, carry: Any, given: Any) -> Any:
        """Runs a few steps backwards."""
        kernel, kinds, gradient = self.kernel, self.kinds, self.gradient
        cotangents, sums, fed = carry
        at_steps, before = given
        states = self.states_of(at_steps, before)
        for k in reversed(range(len(at_steps))):
            if kernel.dynamics.feedback is not None:
                to = gradient.states.index(kernel.dynamics.feedback.variable)
                for own, returned in zip(cotangents, self.multiplied(fed, False), strict=True):
                    own[to] = own[to] + returned.astype(own[to].dtype)
            after, added, fed = [], [], []
            for j in self.every:
                inputs, outer, product = at_steps[k][j]
                product = product or self.zeros(kinds.product)
                step = [
                    *self.constants_of(j),
                    *product,
                    *states[k][j],
                    *self.filled(inputs, kinds.inputs),
                ]
                found = on_blocks(gradient.program, [*step, *cotangents[j], *outer])
                found = [jnp.broadcast_to(value, kernel.tiles.block) for value in found]
                counts = [len(gradient.wanted.constants), len(kinds.product), len(self.state_kinds)]
                own, by_product, by_state, by_input = split(
                    found, [*counts, len(gradient.wanted.inputs)]
                )
                self.place.stores(self.results, [*by_product, *by_input], first + k, j)
                fed += by_product
                after.append(by_state)
                new = [own[n] for n in gradient.summed]
                added.append([total + value for total, value in zip(sums[j], new, strict=True)])
            cotangents, sums = after, added
        return cotangents, sums, fed

    def run(self, cut: Cut) -> None:
        """Runs all steps, the last ones first."""
        whole, unroll, rest = cut

        def some(i, carry):
            mark = whole - 1 - i
            return self.back(mark * unroll, carry, self.given_of(mark * unroll, unroll, mark))

        def some_ahead(i, carry):
            carry, given = carry
            mark = whole - 1 - i
            before = jnp.maximum(mark - 1, 0)
            following = self.given_of(before * unroll, unroll, before)
            return self.back(mark * unroll, carry, given), following

        carry: Any = (
            [self.place.loads(self.final, self.state_kinds, None, j) for j in self.every],
            [self.zeros(self.sum_kinds) for _ in self.every],
            [zero for _ in self.every for zero in self.zeros(self.kinds.product)],
        )
        if rest:
            carry = self.back(whole * unroll, carry, self.given_of(whole * unroll, rest, whole))
        if self.kernel.ahead:
            first = carry, self.given_of((whole - 1) * unroll, unroll, whole - 1)
            carry, _ = jax.lax.fori_loop(0, whole, some_ahead, first)
        else:
            carry = jax.lax.fori_loop(0, whole, some, carry)
        for j in self.every:
            self.place.stores([*self.start, *self.sums], [*carry[0][j], *carry[1][j]], None, j)
