"""Takes the body of a scan apart: what is known before the loop, what each step draws, and the recurrence that is left.

A body maps `(state, x)` to `(state, saved)`. Its equations belong to one of three parts:

  known     depend on parameters alone: evaluated once, before the loop, and differentiated there
  drawn     depend on a step's number, key or mask, but on no variable of the neurons: evaluated for all steps at once
  dynamics  all others, the recurrence: one kernel runs them over time

In the dynamics every array has the shape of one step's currents, `[B, *F]`, or is a scalar. If they contain a product
of spikes with a matrix, that of a recurrent layer, it is cut out: its result becomes an argument of the step.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Literal

from spikejax.dynamics.kernels.buffers import joined, without_buffers
from spikejax.dynamics.kernels.chains import chained, is_key
from spikejax.dynamics.kernels.jaxprs import bind, inlined, trace, variables
from spikejax.dynamics.kernels.parts import (
    Dynamics,
    Parts,
    constant,
    filled,
    filled_steps,
    fits,
    unfilled,
)
from spikejax.dynamics.kernels.recurrence import find_feedback
from spikejax.dynamics.kernels.refusal import Refused

KNOWN, DRAWN, DYNAMICS = range(3)


def take_apart(body: Callable[..., Any], state: Any, xs: Any) -> Parts:
    """Takes the body of a scan apart.

    Args:
      body: `(state, x) -> (state, saved)`.
      state: before the first step.
      xs: with leading axis T of at least 1.

    Raises:
      Refused: it has something that a kernel cannot run.
    """
    states, state_tree = jax.tree.flatten(state)
    inputs, input_tree = jax.tree.flatten(xs)
    states = [jnp.asarray(leaf) for leaf in states]
    returned: list[Any] = []

    def flat(*leaves):
        own, given = leaves[: len(states)], leaves[len(states) :]
        after, saved = body(state_tree.unflatten(own), input_tree.unflatten(given))
        kept, tree = jax.tree.flatten(after)
        kept = [jnp.asarray(leaf) for leaf in kept]
        forms = [[(x.shape, x.dtype) for x in leaves] for leaves in (kept, states)]
        if tree != state_tree or forms[0] != forms[1]:
            raise Refused("its state does not keep its structure, shapes and dtypes")
        leaves, tree = jax.tree.flatten((after, saved))
        returned[:] = [tree]
        return [jnp.asarray(leaf) for leaf in leaves]

    first = [jax.typeof(x[0]) for x in inputs]
    program, consts = trace(flat, *map(jax.typeof, states), *first)
    program, more = inlined(program, rules=True)
    consts = [*more, *consts]
    for eqn in program.equations:
        if eqn.effects:
            raise Refused(f"it contains {eqn.primitive.name}, which has a side effect")
    shape = _shape_of(first, states)
    found = without_buffers(program, consts, states, inputs, shape)
    parts = _Apart(found.program, consts, found.states, found.inputs, shape).parts()
    kept = len(states)

    def rebuild(final, saved):
        state, saved = parts.rebuild(final, saved)
        state = joined(state, found.counts[:kept], 0)
        return returned[0].unflatten([*state, *joined(saved, found.counts[kept:], 1)])

    return parts._replace(rebuild=rebuild)


class _Apart:
    """The program of a body, its arrays by variable, and the part to which each variable belongs."""

    def __init__(self, program: Any, consts: list, states: list, inputs: list, shape: tuple):
        constants, own = len(consts), len(states)
        self.program, self.steps = program, inputs[0].shape[0]
        self.consts = dict(zip(program.arguments[:constants], consts, strict=True))
        self.before = dict(zip(program.arguments[constants : constants + own], states, strict=True))
        self.given = dict(zip(program.arguments[constants + own :], inputs, strict=True))
        self.after = dict(zip(self.before, program.results[:own], strict=True))
        self.saved = list(program.results[own:])
        self.shape = shape
        self.chain = [*chained(program, tuple(self.given), self.after)]
        self.part: dict[Any, int] = dict.fromkeys(self.consts, KNOWN)
        self.part |= {var: DRAWN if var in self.chain else DYNAMICS for var in self.before}
        for var in self.given:
            whole = var.aval.shape == self.shape and not is_key(var.aval)
            self.part[var] = DYNAMICS if whole else DRAWN
        self.fills = {}  # by result, equations that fill an array with a number: cheap wherever they are needed
        for eqn in program.equations:
            part = max((self.part[var] for var in variables(eqn.invars)), default=KNOWN)
            self.part |= dict.fromkeys(eqn.outvars, part)
            if eqn.primitive.name == "broadcast_in_dim" and eqn.invars[0].aval.size == 1:
                self.fills[eqn.outvars[0]] = eqn

    def parts(self) -> Parts:
        """The parts; they are rebuilt to lists of the state's variables and of what was saved."""
        own = [var for var in self.before if var not in self.chain]
        found = find_feedback(
            self.program,
            own,
            self.shape,
            lambda atom: self._part(atom) == KNOWN,
            lambda atom: self._part(atom) == DYNAMICS,
        )
        self._check()
        feedback, matrix, product = found or (None, None, None)
        saved = [atom for atom in self.saved if self._part(atom) != KNOWN]
        after = [self.after[var] for var in own]
        if feedback is not None:
            # The gradient of the matrix needs what is fed back at every step.
            fed = after[feedback.variable]
            place = next((i for i, atom in enumerate(saved) if atom is fed), len(saved))
            saved += [fed] if place == len(saved) else []
            feedback = feedback._replace(saved=place)
        results = [*after, *saved]
        constants, drawn = self._boundary(results, product)
        inputs = [var for var in self.given if self.part[var] == DYNAMICS]
        products = [] if product is None else [product]
        step = self._step([*constants, *products, *own, *inputs, *drawn], results)
        dynamics = Dynamics(
            self.shape, step, len(constants), len(own), len(inputs + drawn), feedback
        )

        known = self._run(dict(self.consts), KNOWN)
        chain, values = self._draw(drawn)
        xs = [self.given[var] for var in inputs] + [filled_steps(x, self.shape) for x in values]

        def rebuild(final, saved):
            left, moving = iter(final), iter(saved)
            leaves = [
                chain[var] if var in chain else unfilled(next(left), before.shape)
                for var, before in self.before.items()
            ]
            same = [
                self._repeated(atom, known)
                if self._part(atom) == KNOWN
                else _unfilled_steps(next(moving), atom.aval.shape)
                for atom in self.saved
            ]
            return leaves, same

        return Parts(
            dynamics,
            [constant(known[var], self.shape) for var in constants],
            None if matrix is None else known[matrix],
            [filled(self.before[var], self.shape) for var in own],
            xs,
            rebuild,
        )

    def _check(self):
        """Refuses what would give other results if it were evaluated for all neurons, or before the loop."""
        for atom in self.saved:
            if self._part(atom) != KNOWN and not fits(atom.aval.shape, self.shape):
                raise Refused(f"it saves an array of shape {list(atom.aval.shape)}")
        for eqn in self.program.equations:
            # A rule that is not linear, such as one that clips, must see the cotangents that it would see in a scan.
            whole = all(var.aval.size == math.prod(self.shape) for var in eqn.outvars)
            moving = self.part[eqn.outvars[0]] == DYNAMICS
            if eqn.primitive.name.startswith("custom_vjp") and not (whole and moving):
                raise Refused("it has a custom_vjp of something other than its neurons")

    def _repeated(self, atom, known):
        """A known value as it is saved in every step."""
        value = jnp.asarray(_read(atom, known), atom.aval.dtype)
        return jnp.broadcast_to(value, (self.steps, *atom.aval.shape))

    def _part(self, atom):
        return KNOWN if isinstance(atom, Literal) else self.part[atom]

    def _refilled(self, atom):
        return atom in self.fills and self.part[atom] == KNOWN and atom.aval.size > 1

    def _boundary(self, results, product):
        """The known and the drawn values that the dynamics use, or that are results."""
        found: dict[Any, None] = {}

        def need(atom):
            if isinstance(atom, Literal) or self.part[atom] == DYNAMICS:
                return
            if self._refilled(atom):
                need(self.fills[atom].invars[0])
            else:
                found[atom] = None

        for eqn in self.program.equations:
            if self.part[eqn.outvars[0]] == DYNAMICS and eqn.outvars[0] is not product:
                for atom in eqn.invars:
                    need(atom)
        for atom in results:
            need(atom)
        if any(is_key(var.aval) for var in found):
            raise Refused("it uses its PRNG key together with its variables")
        known = [var for var in found if self.part[var] == KNOWN]
        return known, [var for var in found if self.part[var] == DRAWN]

    def _run(self, values, last):
        """Evaluates the equations of all parts up to `last`, which are in order, from values that are known."""
        for eqn in self.program.equations:
            if self.part[eqn.outvars[0]] <= last:
                read = [_read(atom, values) for atom in eqn.invars]
                values |= dict(zip(eqn.outvars, bind(eqn, read), strict=True))
        return values

    def _draw(self, drawn):
        """The chained variables after the last step, and the drawn values of all steps."""
        if not self.chain and not drawn:
            return {}, []
        given = {var: x for var, x in self.given.items() if self.part[var] == DRAWN}

        def values(before, xs, atoms):
            known = self._run(dict(self.consts), KNOWN)
            known |= dict(zip(self.chain, before, strict=True)) | dict(zip(given, xs, strict=True))
            self._run(known, DRAWN)
            return [_read(atom, known) for atom in atoms]

        before, after, xs = [], {}, list(given.values())
        if self.chain:
            follow = [self.after[var] for var in self.chain]
            final, before = jax.lax.scan(
                lambda own, x: (values(own, x, follow), own),
                [self.before[var] for var in self.chain],
                xs,
                length=self.steps,
            )
            after = dict(zip(self.chain, final, strict=True))
        return after, jax.vmap(lambda own, x: values(own, x, drawn))(before, xs) if drawn else []

    def _step(self, arguments, results):
        """The dynamics as a program of their own."""

        def run(*values):
            known = dict(zip(arguments, values, strict=True))

            def read(atom):
                if isinstance(atom, Literal) or atom in known or not self._refilled(atom):
                    return _read(atom, known)
                eqn = self.fills[atom]
                return bind(eqn, [read(eqn.invars[0])])[0]

            for eqn in self.program.equations:
                if self.part[eqn.outvars[0]] == DYNAMICS and eqn.outvars[0] not in known:
                    found = bind(eqn, [read(atom) for atom in eqn.invars])
                    known |= dict(zip(eqn.outvars, found, strict=True))
            return [read(atom) for atom in results]

        step, arrays = trace(run, *[var.aval for var in arguments])
        if arrays:
            raise Refused("it makes arrays inside a step")
        return step


def _read(atom, known):
    return atom.val if isinstance(atom, Literal) else known[atom]


def _unfilled_steps(saved, shape):
    return jax.vmap(lambda x: unfilled(x, shape))(saved)


def _shape_of(given: Sequence[Any], own: Sequence[Any]) -> tuple[int, ...]:
    """[B, *F]: the shape of the largest array that each step receives; of the state, if it receives keys alone."""
    shapes = [x.shape for x in given if not is_key(x)] or [x.shape for x in own if not is_key(x)]
    return max(shapes, key=lambda shape: (math.prod(shape), len(shape)), default=())
