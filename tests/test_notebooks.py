"""Every notebook runs from top to bottom, says what is true, and is stored as it ran.

Cells are executed as plain Python in one namespace: no kernel is needed, and a warning is an error here too.
"""

import ast
import json
import re
import tempfile
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
MAX_CODE_CELLS, MAX_FUNCTION_LINES, MAX_BYTES = 15, 10, 500_000
ABSOLUTE_PATH = re.compile(r"(?<![\w/:.<~])/[A-Za-z_][\w.-]*/[\w.-]|\b[A-Z]:\\")


def code_cells(path: Path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def source(cell: dict) -> str:
    """The cell's Python, with a blank line for each IPython magic."""
    lines = "".join(cell["source"]).split("\n")
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def shown_text(cell: dict) -> str:
    """The text of a cell's source and outputs; pictures are left out."""
    parts = ["".join(cell["source"])]
    for output in cell["outputs"]:
        data = {kind: text for kind, text in output.get("data", {}).items() if "image" not in kind}
        parts += ["".join(text) for text in (output.get("text", ""), *data.values())]
    return "\n".join(parts)


def first_spikes(names: dict) -> None:
    # A leaky membrane that is driven above its threshold fires, and only then.
    assert names["counts"].min() == 0 < names["counts"].max()
    assert (jnp.diff(names["counts"]) >= 0).all()
    # The surrogate gradient is positive and peaks below every rise of the count.
    assert (names["slopes"] > 0).all()
    rises = np.flatnonzero(jnp.diff(names["counts"]))
    assert (names["slopes"][rises] > names["slopes"][rises + 1]).all()
    # The same pulse is gone in the LIF and still there in TC-LIF, which turns without shrinking.
    assert names["leaky_spikes"].sum() > 0 and names["tc_spikes"].sum() > 0
    assert abs(names["leaky"].membrane[100:]).max() < 1e-3
    assert abs(names["tc"].soma[100:]).max() > 0.3
    eigenvalues = np.linalg.eigvals(np.asarray(names["step_matrix"], np.float64))
    np.testing.assert_allclose(abs(eigenvalues), 1, rtol=1e-6)
    assert (eigenvalues.imag != 0).all()
    # The new neuron fires and tires.
    intervals = np.diff(np.flatnonzero(names["spikes"]))
    assert len(intervals) > 5 and intervals[-1] > intervals[0]
    # Both networks learn: far above chance, and the loss falls.
    chance = 1 / names["digits"].classes
    assert set(names["trained"]) == {"TiringLIF", "TCLIF"}
    for name, result in names["trained"].items():
        history = result.record["history"]
        assert result.record["metrics"]["test_accuracy"] > 2.5 * chance, name
        assert 0 <= float(result.variables["params"]["neuron_0"].get("recovery", 0)) <= 1
        assert history[-1]["loss"] < history[0]["loss"] / 2, name
        assert all(spikes.sum() > 0 for spikes in names["rasters"][name].values()), name


def encodings(names: dict) -> None:
    # A rate is as wrong as coin tosses are, a latency less so and with fewer spikes.
    np.testing.assert_allclose(names["errors"]["rate"], names["expected"], rtol=0.05)
    assert (np.array(names["errors"]["latency"]) < names["errors"]["rate"]).all()
    assert max(names["counts"]["latency"]) < min(names["counts"]["rate"])
    assert names["first_exact"] < names["lengths"][-1]
    # A current below 1 − decay never makes a neuron fire, a larger one sooner than a small one.
    silent = ~np.asarray(names["fired"])
    np.testing.assert_allclose(names["pixels"][silent].max(), 0.1, atol=0.01)
    first = names["answers"].argmax(0)[~silent]
    assert (np.diff(first) <= 0).all() and first[0] > first[-1] == 0
    # A low threshold flattens what is steep, a high one misses what is slow.
    low, high = names["thresholds"]
    assert names["restored"][low].max() < 0.5 * names["restored"][high].max()
    assert names["changes"][low][300:].sum() > 0 == names["changes"][high][300:].sum()
    accuracies = [history[-1]["test_accuracy"] for history in names["histories"].values()]
    assert len(accuracies) == 3 and min(accuracies) > 0.8


def event_camera(names: dict) -> None:
    # Both recordings are events in the order of time, of both polarities.
    for events, _ in names["samples"].values():
        assert (np.diff(events["t"]) >= 0).all() and set(events["p"].tolist()) == {0, 1}
    # Frames by count hold every event, as many in each but the last.
    events, frames = names["samples"]["gesture"][0], names["images"]["gesture"]
    counts = frames.sum((1, 2, 3), dtype=int)
    assert frames.shape == (20, 128, 128, 2) and counts.sum() == len(events)
    assert (counts[:-1] == len(events) // 20).all()
    # The network learns, its neurons fire, and both of their parameters have moved.
    history = names["trained"].record["history"]
    assert names["trained"].record["metrics"]["test_accuracy"] > 0.5
    assert history[-1]["loss"] < history[0]["loss"]
    rates = names["activity"].rates
    assert len(rates) == 8 and all(0 < rate < 1 for rate in rates.values())
    for name, start in (("β", 0), ("α", 1)):
        assert (
            len(names["values"][name]) == 8
            and np.abs(np.subtract(names["values"][name], start)).max() > 0.01
        )


def long_sequences(names: dict) -> None:
    # LIF forgets, TC-LIF does not.
    np.testing.assert_allclose(abs(names["eigenvalues"]), 1, rtol=1e-5)
    assert names["norms"]["LIF"][-1] < 1e-6 and min(names["norms"]["TC-LIF"]) > 0.5
    accuracies = [result.record["metrics"]["test_accuracy"] for result in names["trained"].values()]
    assert 0.2 < accuracies[0] < accuracies[1] - 0.1 and accuracies[1] > 0.5
    # More of the first layer's gradient reaches the first half of the steps.
    halves = [share[:32, :64].sum() / share[:, :64].sum() for share in names["maps"].values()]
    assert halves[0] < halves[1]
    # Chunks change the memory and not the result.
    losses, megabytes = zip(*names["found"].values(), strict=True)
    np.testing.assert_allclose(losses, losses[0], rtol=1e-5)
    assert list(megabytes) == sorted(megabytes, reverse=True) and megabytes[-1] < megabytes[0] / 10


def beta_grid(names: dict) -> None:
    # One program for all models, and the second quadrant is the best.
    assert len(names["programs"]) == 1 and len(names["accuracies"]) == 36
    assert tuple(np.sign(names["best"])) == (-1, 1) and names["accuracies"][names["best"]] > 0.8
    quadrant = {
        signs: [a for p, a in names["accuracies"].items() if tuple(np.sign(p)) == signs]
        for signs in ((1, 1), (-1, 1), (-1, -1))
    }
    assert np.mean(quadrant[-1, 1]) > max(quadrant[1, 1]) > 0
    assert np.mean(quadrant[-1, 1]) > max(quadrant[-1, -1]) > 0


FACTS = {
    "01_first_spikes": first_spikes,
    "02_encodings": encodings,
    "05_convolutions_and_cameras": event_camera,
    "06_long_sequences": long_sequences,
    "07_sweeps_and_statistics": beta_grid,
}


def by_name(paths: list[Path]) -> dict:
    return {"argvalues": paths, "ids": [path.stem for path in paths]}


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.parametrize("path", **by_name(NOTEBOOKS))
def test_runs_and_what_it_says_holds(path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    assert path.stem in FACTS, f"add the facts that {path.name} claims to FACTS"
    cells, ran = code_cells(path), 0
    names = {"__name__": path.stem}
    for number, cell in enumerate(cells, start=1):
        exec(compile(source(cell), f"{path.name}, code cell {number}", "exec"), names)
        ran += 1
    assert ran == len(cells) > 0
    FACTS[path.stem](names)


def test_the_event_camera_without_data(tmp_path, monkeypatch):
    """Files are made up and read like the real ones, up to the training."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    for name in ("SPIKEJAX_DATA_DIR", "TFDS_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "05_convolutions_and_cameras"}
    for cell in code_cells(NOTEBOOKS[0].parent / "05_convolutions_and_cameras.ipynb"):
        if "fit(config" in source(cell):
            break
        exec(compile(source(cell), "05_convolutions_and_cameras", "exec"), names)
    assert names["missing"] == [names["gestures"], names["digits"]]
    assert len(names["training"]["digit"]) == 500
    assert names["images"]["digit"].shape == (5, 16, 16, 2)
    assert names["samples"]["gesture"][1] == 1 and names["images"]["gesture"].any((1, 2, 3)).all()


@pytest.mark.parametrize("path", **by_name(NOTEBOOKS))
def test_is_short(path):
    cells = code_cells(path)
    assert len(cells) <= MAX_CODE_CELLS
    assert path.stat().st_size < MAX_BYTES
    for cell in cells:
        for node in ast.walk(ast.parse(source(cell))):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < MAX_FUNCTION_LINES, node.name


@pytest.mark.parametrize("path", **by_name(NOTEBOOKS))
def test_is_stored_as_it_ran(path):
    cells = code_cells(path)
    # From top to bottom in one go: the numbers are 1, 2, 3…
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell["outputs"]:
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr", output["text"]
        assert not ABSOLUTE_PATH.search(shown_text(cell))
    pictures = [kind for c in cells for o in c["outputs"] for kind in o.get("data", {})]
    assert "image/png" in pictures


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/srv/somewhere/file.py", True),
        ("see '/opt/me'", True),
        (r"C:\Users\me", True),
        ("https://example.org/a/b", False),
        ("</div></td>", False),
        ("split 1,437/360", False),
        ("data/digits/x", False),
    ],
)
def test_absolute_paths_are_told_from_other_slashes(text, found):
    assert bool(ABSOLUTE_PATH.search(text)) is found


def test_magics_are_skipped_and_lines_keep_their_numbers():
    cell = {"source": ["%matplotlib inline\n", "x = 7 % 4\n", "  !ls\n", "y = 1"]}
    assert source(cell) == "\nx = 7 % 4\n\ny = 1"
