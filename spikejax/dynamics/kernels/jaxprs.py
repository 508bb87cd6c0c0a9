"""Traced functions as programs of equations: without calls, without what is not used."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
from jax.extend.core import ClosedJaxpr, Literal, Var

# Calls whose body stands for them. Those with a rule of differentiation do so for values, not for gradients.
CALLS = {"jit", "pjit", "closed_call", "core_call", "remat", "remat2", "checkpoint"}
RULED = {"custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"}

Apply = Callable[[Any, list[Any]], list[Any]]


class Program(NamedTuple):
    """A traced function: its arguments, its equations in order, and its results."""

    arguments: tuple[Var, ...]
    equations: tuple[Any, ...]
    results: tuple[Any, ...]  # variables or literals


def trace(function: Callable[..., list[Any]], *like: Any) -> tuple[Program, list[Any]]:
    """The program of a function of arrays that returns a list of arrays, and the arrays that it closes over.

    Those are the first arguments of the program. What has no effect on the results is left out.
    """
    made = jax.make_jaxpr(function)(*like)
    jaxpr = made.jaxpr
    arguments = (*jaxpr.constvars, *jaxpr.invars)
    return _used(Program(arguments, tuple(jaxpr.eqns), tuple(jaxpr.outvars))), list(made.consts)


def bind(eqn: Any, values: Sequence[Any]) -> list[Any]:
    """The results of an equation for these values."""
    found = eqn.primitive.bind(*values, **eqn.primitive.get_bind_params(eqn.params))
    return list(found) if eqn.primitive.multiple_results else [found]


def evaluate(program: Program, values: Sequence[Any], apply: Apply = bind) -> list[Any]:
    """The results of a program; `apply(eqn, values)` evaluates an equation."""
    known = dict(zip(program.arguments, values, strict=True))

    def read(atom):
        return atom.val if isinstance(atom, Literal) else known[atom]

    for eqn in program.equations:
        found = apply(eqn, [read(atom) for atom in eqn.invars])
        known.update(zip(eqn.outvars, found, strict=True))
    return [read(atom) for atom in program.results]


def inlined(program: Program, *, rules: bool) -> tuple[Program, list[Any]]:
    """The same program without calls, and the arrays inside them, which are its first arguments.

    With `rules` the calls that have a rule of differentiation stay.
    """

    def apply(eqn, values):
        name = eqn.primitive.name
        if name not in CALLS and (rules or name not in RULED):
            return bind(eqn, values)
        inner = eqn.params.get("jaxpr", eqn.params.get("call_jaxpr"))
        closed = isinstance(inner, ClosedJaxpr)
        body, consts = (inner.jaxpr, inner.consts) if closed else (inner, [])
        arguments = (*body.constvars, *body.invars)
        called = Program(arguments, tuple(body.eqns), tuple(body.outvars))
        return evaluate(called, [*consts, *values], apply)

    like = [var.aval for var in program.arguments]
    return trace(lambda *values: evaluate(program, values, apply), *like)


def dtypes(variables: Any) -> list[Any]:
    """Those of variables or literals."""
    return [var.aval.dtype for var in variables]


def variables(atoms: Sequence[Any]) -> list[Any]:
    """Those that are not literals."""
    return [atom for atom in atoms if isinstance(atom, Var)]


def _used(program):
    used, kept = set(variables(program.results)), []
    for eqn in reversed(program.equations):
        if eqn.effects or any(var in used for var in eqn.outvars):
            kept.append(eqn)
            used.update(variables(eqn.invars))
    return program._replace(equations=tuple(kept[::-1]))


def used_arguments(program: Program) -> list[bool]:
    """For each argument whether a result depends on it."""
    used = set(variables(program.results))
    for eqn in reversed(program.equations):
        if any(var in used for var in eqn.outvars):
            used.update(variables(eqn.invars))
    return [var in used for var in program.arguments]
