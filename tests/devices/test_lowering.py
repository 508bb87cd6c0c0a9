"""The programs for TPU and GPU: lowered on every machine, compiled where the compilers are, run nowhere."""

import doctest
import re

import jax
import pytest

from experiments.compiled import aot, program_text, programs
from experiments.compiled.targets import TARGETS, compiler
from experiments.experiment import Request
from spikejax.devices import mesh

SMALL = programs.Size(12, 8, (16, 16), 4, 32, (), ())
PLATFORMS = ("tpu", "cuda")


def make(kind, size=SMALL):
    return programs.make(size, programs.Variant(4, True), mesh.over())[kind]


def lower(kind, platform, size=SMALL):
    function, operands = make(kind, size)
    return function.trace(*operands).lower(lowering_platforms=(platform,)).as_text()


@pytest.fixture(
    scope="module", params=[(p, kind) for p in PLATFORMS for kind in programs.KINDS], ids="-".join
)
def lowered(request):
    platform, kind = request.param
    return platform, kind, lower(kind, platform)


def test_time_is_a_loop_and_not_a_longer_program(lowered):
    platform, kind, text = lowered
    # Chunks, forward and backward, and two layers in each: forward, recomputed, backward.
    assert text.count("stablehlo.while") >= 8
    longer = lower(kind, platform, SMALL._replace(steps=2 * SMALL.steps))
    assert len(longer.splitlines()) == len(text.splitlines())


def test_nothing_outside_of_the_program_is_called(lowered):
    _, _, text = lowered
    # Of a library for the CPU, say, or of Python.
    assert "custom_call" not in text
    assert "f64" not in text


def test_the_state_is_donated(lowered):
    _, kind, text = lowered
    _, operands = make(kind)
    donated = operands[0] if kind == "step" else operands[1]
    marks = re.findall(r"tf\.aliasing_output|jax\.buffer_donor", text)
    assert len(marks) == len(jax.tree.leaves(donated))


def test_devices_meet_in_the_step_and_not_in_the_sweep(lowered):
    _, kind, text = lowered
    assert len(jax.devices()) > 1
    assert set(re.findall(r"stablehlo\.(all_\w+|reduce_scatter|collective_\w+)", text)) == (
        {"all_reduce"} if kind == "step" else set()
    )


def test_the_text_of_a_program_is_read():
    found = doctest.testmod(program_text)
    assert found.attempted > 2 and found.failed == 0


def test_a_missing_compiler_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(aot, "compiler", lambda platform: None)
    with pytest.raises(ValueError, match=r"pip install 'spikejax\[aot\]'"):
        aot.run(Request(tmp_path))


@pytest.fixture(scope="module", params=TARGETS)
def compiled(request):
    name = request.param
    if compiler(TARGETS[name].platform) is None:
        pytest.skip(aot.MISSING)
    return TARGETS[name], {
        kind: [row for key, row in rows.items() if key.startswith(f"{name} {kind} ")]
        for rows in [aot.compile_for(name, quick=True)]
        for kind in programs.KINDS
    }


@pytest.mark.aot
@pytest.mark.parametrize("kind", programs.KINDS)
def test_chunks_take_less_memory_where_they_cannot_be_run(compiled, kind):
    _, rows = compiled
    chunks, whole = rows[kind]
    assert 5 * chunks["temp_mb"] < whole["temp_mb"]


@pytest.mark.aot
def test_devices_meet_once_a_step_and_never_in_a_sweep(compiled):
    target, rows = compiled
    assert {row["collectives"] for row in rows["sweep"]} == {0}
    assert {row["collectives"] for row in rows["step"]} == {int(target.devices > 1)}


@pytest.mark.aot
@pytest.mark.parametrize("kind", programs.KINDS)
def test_a_step_takes_few_kernels(compiled, kind):
    _, rows = compiled
    # One layer: forward, recomputed and backward.
    assert all(0 < row["kernels_per_step"] <= 20 for row in rows[kind])
