"""Compiling and timing: several programs in turn, each waited for."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import numpy as np

from experiments.gpu.sheet import Sheet

ROUNDS = 12
WARM_UP = 2


class Built(NamedTuple):
    """A compiled program with its operands.

    Attributes:
      call: runs it and returns its results, of which some may not be there yet.
      facts: seconds of tracing and lowering, of compiling, and its temporary memory in MB.
    """

    call: Callable[[], Any]
    facts: dict[str, float]


def compiled(jitted: Any, *operands: Any) -> tuple[Any, dict[str, float]]:
    """A jitted function, compiled for its operands, and what that took."""
    started = time.perf_counter()
    lowered = jitted.lower(*operands)
    traced = time.perf_counter()
    program = lowered.compile()
    done = time.perf_counter()
    facts = {"lower_seconds": traced - started, "compile_seconds": done - traced}
    memory = program.memory_analysis()
    if memory is not None:
        facts["temp_mb"] = memory.temp_size_in_bytes / 2**20
    return program, facts


def built(jitted: Any, *operands: Any) -> Built:
    """A program whose operands are not donated."""
    program, facts = compiled(jitted, *operands)
    return Built(lambda: program(*operands), facts)


def build_all(sheet: Sheet, builders: Mapping[str, Callable[[], Built]]) -> dict[str, Built]:
    """Builds programs at the same time, and notes their temporary memory or the words of an error.

    Programs whose rows an earlier try has measured are left out.
    """
    made: dict[str, Built] = {}
    builders = {name: builder for name, builder in builders.items() if sheet.lacks(name)}

    def build(name):
        def store():
            made[name] = builders[name]()
            return {key: x for key, x in made[name].facts.items() if key == "temp_mb"}

        sheet.attempt(name, store)

    # Tracing takes turns, compiling does not.
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(build, builders))
    return {name: made[name] for name in builders if name in made}


def race(
    sheet: Sheet,
    programs: Mapping[str, Callable[[], Any]],
    note: Callable[[str, list[float]], None],
    rounds: int | None = None,
) -> None:
    """Times programs in turn, round by round, and notes the seconds of each; one that fails takes no more turns.

    Rounds end with the time of the part; a program that had a turn keeps its seconds.
    """
    rounds = rounds or (3 if sheet.quick else ROUNDS)
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    failed: set[str] = set()

    def turn(name):
        started = time.perf_counter()
        jax.block_until_ready(programs[name]())
        return time.perf_counter() - started

    def take(name, keep):
        def measure():
            taken = turn(name)
            if keep:
                seconds[name].append(taken)
            return {}

        if name not in failed and not sheet.attempt(name, measure):
            failed.add(name)

    for number in range(rounds + WARM_UP):
        for name in programs if sheet.left() > 0 else ():
            take(name, number >= WARM_UP)
    for name, taken in seconds.items():
        if taken:
            note(name, taken)
        elif name not in failed:
            sheet.attempt(name, dict)  # notes that it was not run


def best_and_median(seconds: list[float]) -> dict[str, float]:
    """Best and median of a program's seconds."""
    return {
        "seconds": min(seconds),
        "seconds_median": float(np.median(seconds)),
        "steps_timed": len(seconds),
    }
