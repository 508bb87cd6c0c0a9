"""The accelerator's tables of the benchmark's page, from the record of `python -m experiments run gpu`."""

from collections.abc import Callable, Mapping
from typing import Any

from experiments.experiment import RESULTS
from experiments.gpu import gpu
from experiments.tables import read, rows_of
from spikejax.tables import markdown

Rows = Mapping[str, Mapping[str, Any]]
Column = tuple[str, Callable[[Mapping[str, Any]], Any], str]


def _key(name: str, factor: float = 1.0):
    """Reads a value of a row."""
    return lambda row: None if row.get(name) is None else factor * row[name]


STEP: list[Column] = [
    ("milliseconds, best", _key("seconds", 1e3), ".2f"),
    ("median", _key("seconds_median", 1e3), ".2f"),
]
MEMORY: list[Column] = [("temporary memory, MB", _key("temp_mb"), ",.0f")]
COLUMNS: dict[str, list[Column]] = {
    "correctness": [
        ("equal spikes", _key("spikes_equal"), ".6f"),
        ("firing rate", _key("rate"), ".3f"),
        ("worst relative error of a gradient", _key("worst_gradient_error"), ".1e"),
    ],
    "roofline": [
        ("TB/s", _key("terabytes_per_second"), ".2f"),
        ("TFLOP/s", _key("teraflops"), ".0f"),
    ],
    "neurons": [("nanoseconds per neuron and time step", _key("nanoseconds"), ".4f")],
    "smnist": [*STEP, ("first step, s", _key("first_step_seconds"), ".1f"), *MEMORY],
    "shd": [*STEP, ("first step, s", _key("first_step_seconds"), ".1f"), *MEMORY],
    "trials": [*STEP, *MEMORY],
    "recurrence": [
        ("µs per time step, forward", _key("forward_us"), ".2f"),
        ("forward and backward", _key("both_us"), ".2f"),
    ],
    "tuning": [
        ("nanoseconds per neuron and time step", _key("nanoseconds"), ".4f"),
        *MEMORY,
    ],
    "streaming": [
        ("µs, median", _key("microseconds_median"), ".0f"),
        ("best", _key("microseconds"), ".0f"),
    ],
    "compiling": [
        ("tracing and lowering, s", _key("lower_seconds"), ".1f"),
        ("compiling, s", _key("compile_seconds"), ".1f"),
        *MEMORY,
    ],
    "training": [
        ("epochs", _key("epochs"), "d"),
        ("seconds per epoch", _key("seconds_per_epoch"), ".2f"),
        ("test accuracy, last epoch", _key("test_accuracy"), ".4f"),
    ],
}
TITLES = {
    "correctness": "Kernels against the scan, on the device",
    "roofline": "What the device can do at most",
    "neurons": "A layer of neurons alone, forward and backward, float32",
    "smnist": "A training step, feed-forward, LIF 1-64-256-256-10, T = 784, batch 256",
    "shd": "A training step, recurrent, LIF 700-128-128-20, T = 250, batch 128",
    "trials": "A training step, recurrent TC-LIF 1-40-200-64-10, T = 784, batch 256; models side by side",
    "recurrence": "A recurrent layer alone, T = 784",
    "tuning": "Other ways to cut the kernels, forward and backward",
    "streaming": "Streaming, LIF 1-64-256-256-10, one sample, one time step",
    "compiling": "Compiling a training step, in a fresh process",
    "training": "Eight trainings on sequential MNIST side by side, TC-LIF 1-40-200-64-10, batch 256",
}


def _cells(row: Mapping[str, Any], columns: list[Column]) -> list[str]:
    found = [read_value(row) for _, read_value, _ in columns]
    if all(x is None for x in found):
        return [row.get("error", ""), *[""] * (len(columns) - 1)]
    return [
        "" if x is None else format(x, form) for x, (_, _, form) in zip(found, columns, strict=True)
    ]


def table(part: str, state: Mapping[str, Any], rows: Rows) -> str:
    """The table of a part, or a line that says that it was not run or why it failed."""
    title = TITLES[part]
    if not rows:
        return f"{title}: {state.get('error', state['state'])}.\n"
    columns = COLUMNS[part]
    body = [
        [name + " (warns, see below)" * ("warnings" in row), *_cells(row, columns)]
        for name, row in rows.items()
    ]
    told = {text for row in rows.values() for text in row.get("warnings", ())}
    why = "".join(f"\n- {text}" for text in sorted(told)) + "\n" if told else ""
    why += f"\nThe part ended early: {state['error']}.\n" if "error" in state else ""
    return f"{title}:\n\n{markdown(['', *(head for head, _, _ in columns)], body)}{why}"


def origin(result: Mapping[str, Any]) -> str:
    """Card, driver, versions and commit, in one line."""
    facts = result["provenance"]
    versions = {**facts["versions"], **facts["installed"]}
    names = ("jax", "jaxlib", "flax", "torch", "triton", "spikingjelly", "spyx")
    told = ", ".join(f"{name} {versions[name]}" for name in names if name in versions)
    card = facts["driver"] or facts["card"]
    return f"{card}; Python {facts['python']}, {told}, commit {facts['commit']}"


def accelerator() -> str:
    """All parts, and what was expected of them."""
    if not (RESULTS / "gpu.json").is_file():
        lines = "".join(f"- {TITLES[part]}: {gpu.NOT_RUN}.\n" for part in gpu.PARTS)
        return f"Not measured yet: `python -m experiments run gpu` on a machine with a GPU fills this in.\n\n{lines}"
    result = read("gpu")
    metrics = result["metrics"]
    parts = [table(part, metrics["parts"][part], metrics.get(part, {})) for part in gpu.PARTS]
    wanted = markdown(["", "expected", "found", "holds"], rows_of(gpu.EXPERIMENT, metrics))
    return "\n".join([f"{origin(result)}\n", wanted, *parts])


SECTIONS = {"accelerator": accelerator}
