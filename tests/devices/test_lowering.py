"""The programs for TPU and GPU: lowered on every machine, compiled where the compilers are, run nowhere."""

import doctest
import os
import re

import jax
import pytest

from experiments.compiled import aot, layers, program_text, programs, registers
from experiments.compiled.targets import TARGETS, as_there, compiler
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


@pytest.mark.parametrize("name", ["h100", "v5e"])
def test_a_planned_step_is_two_fused_kernels_per_layer(name):
    target = TARGETS[name]
    chosen = programs.planned(SMALL, "step", target)
    function, operands = programs.make(SMALL, chosen, mesh.over(jax.devices()[:1]))["step"]
    with as_there(target):
        lowered = function.trace(*operands).lower(lowering_platforms=(target.platform,))
    text = lowered.as_text()
    assert program_text.count_fused(text) == 2 * len(SMALL.hidden)
    assert "stablehlo.while" not in text


@pytest.mark.parametrize("name", ["h100", "v5e"])
def test_a_layer_alone_is_lowered_for_a_device(name):
    target, shape = TARGETS[name], layers.Shape(6, 4, 8)
    lowered, said = layers.lower(
        layers.Layer("tc_lif", True), target, mesh.over(jax.devices()[:1]), shape
    )
    assert program_text.count_fused(lowered.as_text()) == 2 and not said


def test_a_layer_that_runs_as_a_scan_says_why():
    one, shape = mesh.over(jax.devices()[:1]), layers.Shape(6, 4, 8)
    lowered, said = layers.lower(layers.Layer("pinsky_rinzel"), TARGETS["v5e"], one, shape)
    assert program_text.count_fused(lowered.as_text()) == 0
    assert said[0] == "it contains expm1, which Mosaic for TPUs does not have"


def test_a_summary_counts_and_names():
    rows = {
        layers.Layer("lif"): {"kernels": True},
        layers.Layer("lif", True): {"kernels": True, "error": "out of registers"},
        layers.Layer("psn"): {"kernels": False, "reason": "an array"},
    }
    found = layers.summary(rows, TARGETS["h100"])
    assert (found["neurons"], found["as_kernels"]) == (2, 1)
    assert found["as_scan"] == {"psn": "an array"}
    assert found["failed"] == {"lif, recurrent": "out of registers"}


def test_what_is_written_to_standard_error_is_kept(capfd):
    with registers.logged() as log:
        os.write(2, b"inside")
    os.write(2, b"outside")
    assert log == ["inside"] and capfd.readouterr().err == "outside"


@pytest.mark.parametrize("module", [program_text, registers])
def test_the_text_of_a_program_is_read(module):
    found = doctest.testmod(module)
    assert found.attempted >= 2 and found.failed == 0


def test_a_missing_compiler_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(aot, "compiler", lambda platform: None)
    with pytest.raises(ValueError, match=r"pip install 'spikejax\[aot\]'"):
        aot.run(Request(tmp_path))


@pytest.fixture(scope="module", params=TARGETS)
def compiled(request):
    name = request.param
    if compiler(TARGETS[name].platform) is None:
        pytest.skip(aot.MISSING)
    rows = aot.compile_for(name, quick=True)
    return TARGETS[name], {key.removeprefix(f"{name} "): row for key, row in rows.items()}


@pytest.mark.aot
def test_chunks_take_less_memory_where_they_cannot_be_run(compiled):
    _, rows = compiled
    chunks, whole = rows["step K28 recomputed"], rows["step K784 stored"]
    assert 5 * chunks["temp_mb"] < whole["temp_mb"]


@pytest.mark.aot
def test_devices_meet_once_a_step_and_never_in_a_sweep(compiled):
    target, rows = compiled
    met = {key: row["collectives"] for key, row in rows.items() if "collectives" in row}
    assert all(count == 0 for key, count in met.items() if key.startswith("sweep"))
    # With the gradients, and before them with the weight of the batch.
    most = 2 if target.devices > 1 else 0
    assert all(most // 2 <= count <= most for key, count in met.items() if key.startswith("step"))


@pytest.mark.aot
def test_a_step_takes_few_kernels(compiled):
    _, rows = compiled
    # One layer: forward, recomputed and backward.
    scans = [row["kernels_per_step"] for row in rows.values() if "kernels_per_step" in row]
    assert len(scans) == 3 and all(0 < count <= 20 for count in scans)


@pytest.mark.aot
def test_a_planned_step_takes_one_fused_kernel_per_layer_each_way(compiled):
    _, rows = compiled
    planned = rows["step planned"]
    assert planned["fused_kernels"] == len(planned["kernels_of_layers"]) == 2


@pytest.mark.aot
def test_registers_are_read(compiled):
    target, rows = compiled
    if target.platform != "cuda":
        pytest.skip("a TPU has none")
    for row in (rows["step planned"], rows["layer lif"]):
        assert all(16 <= row[way]["registers"] <= 255 for way in ("forward", "backward"))
