"""The benchmark's own machinery: the same work for all, workers that fail, what is kept, and the page's tables.

Other libraries are not installed here; `python -m experiments run bench` measures them.
"""

import ast
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from experiments.experiment import RESULTS
from experiments.peers import environments, kept, start_up, tables, workload
from experiments.peers.libraries import LIBRARIES, Library
from experiments.peers.process import HERE, Failed, Worker, surroundings
from experiments.peers.rounds import WARM_UP, Rounds, race, summary
from experiments.speed import bench, memory_vs_steps, sweep_speed
from spikejax.runs import record

SMALL = replace(bench.SHD, steps=12, batch=4, sizes=(20, 8, 6, 4), density=0.2)
STREAMED = replace(bench.STREAMING, steps=3, repeats=2)

# Answers with the number of its step as the value; says what it wants on both channels.
WORKER = """
import sys
sys.path.insert(0, {peers!r})
import time
from worker import Missing, Program, serve

def build(workload, options):
    if options.get("lacks"):
        raise Missing("no such thing")
    print("noise")
    steps = iter(range(100))

    def take():
        number = next(steps)
        print("more noise")
        if number == options.get("fails"):
            raise ValueError("it broke\\nin many lines")
        if number == options.get("dies"):
            sys.exit("it died")
        with open({log!r}, "a") as file:
            file.write(options["name"])
        return float(number)

    return Program(take, lambda: [0.25], lambda: 2**20)

serve(dict(training=build, streaming=build), ("numpy",), lambda: dict(threads=2))
"""


@pytest.fixture
def fake(tmp_path):
    """Makes a library whose worker is the script above, here with other options."""
    script = tmp_path / "worker_script.py"
    script.write_text(WORKER.format(peers=str(HERE), log=str(tmp_path / "turns")))

    def make(name, **options):
        options = {"name": name, **options}
        return Library(name, str(script), "import json", "", options=options)

    return make


def reference_loss(given):
    """The first loss of a network, in float64 and step by step."""
    x, layers = workload.inputs(given).astype(float), workload.layers(given)
    states = [
        (np.zeros((given.batch, size)), np.zeros((given.batch, size))) for size in given.hidden
    ]
    logits = np.zeros((given.batch, given.classes))
    for signal in x:
        for i, (weights, (membrane, spikes)) in enumerate(zip(layers[:-1], states, strict=True)):
            feedback = 0 if weights.feedback is None else spikes @ weights.feedback
            membrane = workload.DECAY * membrane + signal @ weights.kernel + weights.bias + feedback
            signal = (membrane >= workload.THRESHOLD).astype(float)
            states[i] = (membrane - workload.THRESHOLD * signal, signal)
        logits += signal @ layers[-1].kernel + layers[-1].bias
    shifted = logits - logits.max(1, keepdims=True)
    log = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return -log[np.arange(given.batch), workload.labels(given)].mean()


def test_our_worker_does_the_work_that_is_described(tmp_path):
    with Worker(LIBRARIES["spikejax"], SMALL, tmp_path / "log.txt") as worker:
        first = worker.start()
        later = [worker.go()["value"] for _ in range(5)]
        told = worker.end()
    assert first["value"] == pytest.approx(reference_loss(SMALL), rel=1e-5)
    assert later[-1] < first["value"]
    assert len(told["rates"]) == 2 and all(0.01 < rate < 0.5 for rate in told["rates"])
    assert told["peak_bytes"] > 10**7 and told["temporary_bytes"] > 0 and told["devices"] >= 1


def test_a_workload_survives_json_and_is_drawn_alike():
    for given in (SMALL, bench.CONV, bench.NEURONS[0], sweep_speed.GRID):
        again = workload.Workload.read(json.loads(json.dumps(asdict(given))))
        assert again == given
    assert (workload.inputs(SMALL) == workload.inputs(SMALL)).all()
    x = workload.inputs(replace(bench.SHD, steps=50))
    assert set(np.unique(x)) == {0, 1} and x.mean() == pytest.approx(0.02, rel=0.05)
    assert workload.inputs(bench.CONV).shape == (4, 16, 32, 32, 32)
    kernel, bias, feedback = workload.layers(SMALL)[0]
    assert kernel.shape == (20, 8) and feedback.shape == (8, 8) and not bias.any()
    assert workload.layers(SMALL)[-1].feedback is None


def test_products_are_counted():
    # 12 steps of 4 samples, 2 operations a weight; the first layer has no gradient of its inputs.
    expected = 2 * 12 * 4 * (2 * 20 * 8 + 3 * (8 * 6 + 6 * 4 + 8 * 8 + 6 * 6))
    assert workload.product_flops(SMALL) == expected
    assert workload.product_flops(bench.CONV) == 2 * 2 * 4 * 16 * 32 * 32 * 9 * 32 * 32
    assert workload.product_flops(bench.NEURONS[0]) is None


def test_libraries_take_turns_and_one_that_fails_ends_alone(fake, tmp_path):
    libraries = {
        "a": fake("a"),
        "b": fake("b"),
        "lacks": fake("l", lacks=True),
        "fails": fake("f", fails=WARM_UP + 2),
        "dies": fake("d", dies=WARM_UP + 1),
        "absent": Library("absent", "no_such_script.py", "", ""),
    }
    results = race(SMALL, libraries, Rounds(3, 3, 0), tmp_path)
    assert results["lacks"]["error"] == "no such thing"
    assert results["fails"]["error"] == "ValueError: it broke"
    assert results["dies"]["error"] == "ended with code 1: it died"
    assert "no_such_script.py" in results["absent"]["error"]
    for name in "ab":
        assert results[name]["values"] == [0, 1, 2, 3, 4, 5]
        assert len(results[name]["seconds"]) == 3 and len(results[name]["warm_up_seconds"]) == 2
        row = summary(results[name])
        assert row["seconds"] <= row["seconds_low"] <= row["seconds_median"] <= row["seconds_high"]
        assert row["steps_timed"] == 3 and row["rate_1"] == 0.25 and row["temp_mb"] == 1
        assert (row["loss_first"], row["loss_last"]) == (0, 5)
    assert summary(results["fails"]) == {"error": "ValueError: it broke"}
    turns = (tmp_path / "turns").read_text().replace("f", "").replace("d", "")
    assert turns == "aaa" + "bbb" + "ab" + "ba" + "ab"


def test_many_steps_are_timed_in_a_turn(fake, tmp_path):
    result = race(STREAMED, {"a": fake("a")}, Rounds(2, 2, 0), tmp_path)["a"]
    assert len(result["seconds"]) == 4
    history = bench.turns(result, STREAMED.repeats)
    assert len(history["seconds"]) == 2 and len(history["warm_up_seconds"]) == WARM_UP


def test_a_worker_that_needs_too_much_memory_is_ended(fake, tmp_path):
    library = replace(fake("a"), script=str(tmp_path / "hungry.py"))
    Path(library.script).write_text("x = bytearray(2**26)\nimport time\ntime.sleep(60)\n")
    if not Path("/proc/self/statm").exists():
        pytest.skip("the system does not tell")
    with Worker(library, SMALL, tmp_path / "log.txt", memory_limit=2**25) as worker:
        with pytest.raises(Failed, match="needs more than"):
            worker.start()


def test_what_was_measured_is_not_measured_again(tmp_path):
    calls = []

    def measure():
        calls.append(1)
        return {"seconds": [1.0]}

    path = tmp_path / "partial" / "row.json"
    for config in ({"rounds": Rounds(1, 1, 0)}, {"rounds": Rounds(1, 1, 0)}, {"rounds": 2}):
        assert kept.once(path, config, measure) == {"seconds": [1.0]}
    assert len(calls) == 2
    kept.forget(path.parent)
    kept.once(path, {"rounds": 2}, measure)
    assert len(calls) == 3


def test_start_up_is_measured_and_an_import_that_fails_is_told(fake, tmp_path):
    broken = replace(fake("b"), imports="import no_such_package")
    compiled = replace(fake("c"), compiles=True)
    libraries = {"a": fake("a"), "b": broken, "c": compiled}
    results = start_up.start_up(SMALL, libraries, 2, tmp_path)
    rows = {name: start_up.summary(result) for name, result in results.items()}
    assert set(rows["a"]) == {"import_seconds", "cold_seconds"}
    assert set(rows["c"]) == {"import_seconds", "cold_seconds", "warm_seconds"}
    assert rows["b"] == {"error": "ModuleNotFoundError: No module named 'no_such_package'"}
    assert len(results["c"]["warm_seconds"]) == 2


def test_settings_of_the_shell_do_not_reach_a_worker(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    made = surroundings()
    assert not any(name in made for name in ("OMP_NUM_THREADS", "XLA_FLAGS"))
    assert made["JAX_PLATFORMS"] == "cpu" and "JAX_COMPILATION_CACHE_DIR" not in made
    assert surroundings("somewhere")["JAX_COMPILATION_CACHE_DIR"] == "somewhere"


def test_the_scripts_are_there_and_need_no_spikejax():
    scripts = {library.script for library in LIBRARIES.values()}
    for path in HERE.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)) and len(text.splitlines()) <= 300
        shared = path.name in ("workload.py", "worker.py", "torch_steps.py")
        if shared or (path.name in scripts and path.name != "spikejax_worker.py"):
            assert "from spikejax" not in text and "from experiments" not in text
    assert scripts <= {path.name for path in HERE.glob("*.py")}
    environments_used = {library.environment for library in LIBRARIES.values()} - {None}
    assert environments_used == set(environments.PINS)


def row(**values):
    spread = {"seconds_low": 1.0, "seconds_median": 1.1, "seconds_high": 1.2, "steps_timed": 7}
    return {"seconds": 1.0, "first_step_seconds": 3.0, "peak_memory_mb": 1500.0, **spread, **values}


def test_the_tables_show_the_record():
    provenance = {"device": "cpu: cpu", "processors": 2, "python": "3", "commit": "c"}
    provenance["versions"] = {"jax": "0"}
    metrics = {
        "smnist/spikejax": row(temp_mb=30.0, rate_1=0.1234, rate_2=0.05),
        "smnist/spyx": row(seconds=2.5),
        "smnist/floor": {"seconds": 0.8, "gflops": 99.0, "gflops_median": 90.0},
        "shd/spikejax": row(),
        "conv/spikejax": row(),
        "conv/spyx": {"error": "it broke"},
        "neuron T=1 F=2/spikejax": row(seconds=0.0123),
        "streaming/spikejax": row(seconds_median=0.000123),
        "start_up/spikejax": {"import_seconds": 1.23, "cold_seconds": 4.0, "warm_seconds": 2.0},
    }
    config = {
        "libraries": {
            "spikejax": {"label": "ours", "path": "fast", "versions": {"jax": "0"}, "devices": 1},
            "spyx": {"label": "theirs", "path": "theirs"},
        },
        "workloads": ["smnist", "neuron T=1 F=2"],
    }
    record = {"config": config, "metrics": metrics, "provenance": provenance}
    record["history"] = {"smnist/commit": "abc"}
    training = tables._training(record)
    assert "steps each, commit abc:" in training
    assert "| theirs | 2.5000 | 1.1000 | 1.0000 to 1.2000 | 2.50 | 3.0 | 1,500 |" in training
    assert "| *matrix products alone* | 0.8000 | at 99 GFLOP/s |  | 0.80 |" in training
    assert "| 30 | 0.123 0.050 |" in training and "| theirs | it broke |" in training
    assert "| ours | 12.3 |" in tables._neurons(record)
    assert "| ours | 123 |" in tables._streaming(record)
    assert "| ours | 1.2 | 4.0 | 2.0 |" in tables._start_up(record)
    said = tables._libraries(record)
    assert "| ours | fast | jax 0 | 1 device |" in said and "| theirs | theirs |  |  |" in said
    metrics = {
        "spikejax T=128": {"seconds": 0.5, "peak_memory_mb": 400.0, "temp_mb": 20.0},
        "spikejax T=8192": {"error": "needs more than 16 GB"},
    }
    stopped = {"spikejax": "T=8192: needs more than 16 GB"}
    text = tables._memory({**record, "metrics": metrics, "history": {"stopped": stopped}})
    assert "| 128 | 400 (20); 0.50 |" in text and "| 8,192 | needs more than 16 GB |" in text
    metrics = {"spikejax": row(seconds=2.0), "spyx": row(seconds=5.0)}
    assert "| theirs | 5.0 | 1.1 | 2.50 | 1,500 |" in tables._sweep({**record, "metrics": metrics})


def test_a_table_without_a_record_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr("experiments.tables.RESULTS", tmp_path)
    for section in tables.SECTIONS.values():
        assert section().startswith("Not measured yet: `python -m experiments run ")


def test_everyone_takes_part():
    assert set(bench.compared(bench.SMNIST, quick=False)) >= {"spikejax", "spyx", "jaxpike_u1"}
    assert set(bench.compared(bench.SHD, quick=False)) >= {"sparxml", "norse_compiled"}
    assert len({(given.steps, given.sizes) for given in bench.NEURONS}) == 4
    compiled = [library for library in LIBRARIES.values() if library.options.get("compile")]
    assert len(compiled) == 3 and all("one step by torch.compile" in x.label for x in compiled)
    assert set(bench.compared(bench.NEURONS[0], quick=True)) == {"spikejax", "spikejax_tc_lif"}
    assert max(memory_vs_steps.STEPS) == 8192 and len(sweep_speed.GRID.decays) == 16


def test_some_rows_are_measured_anew_and_the_others_are_as_stored():
    workloads = [bench.SMNIST, bench.CONV, *bench.NEURONS, bench.START_UP]
    stored = record.read(RESULTS / "bench.json")
    kept = bench._kept(workloads, ("conv", "neuron T=784"))
    rows = [row for row in stored["metrics"] if not row.startswith(("conv", "neuron T=784"))]
    assert list(kept["metrics"]) == rows and "smnist/spyx" in rows
    assert all(kept["metrics"][row] == stored["metrics"][row] for row in rows)
    assert kept["history"]["smnist/commit"] and "conv/commit" not in kept["history"]
    assert set(kept["libraries"]) == set(stored["config"]["libraries"])
    assert bench._kept(workloads, ()) == {"metrics": {}, "history": {}, "libraries": {}}
    with pytest.raises(ValueError, match="expected rows of smnist, conv, .*, found convolution"):
        bench._kept(workloads, ("convolution",))
