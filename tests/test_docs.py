"""The pages do what they say: their Python runs from top to bottom, their commands succeed."""

import os
import re
import shlex
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from experiments.render import ROOT
from pages import FILE, blocks, lines_of
from parity.cases import CASES, load
from spikejax import unroll
from spikejax.cli.commands import main
from spikejax.networks.core.weights import read_weights

# The neurons of the pages on other libraries, and the traces that they are compared with.
COMPARED = {
    "snntorch": {"leaky": "leaky_subtract"},
    "spikingjelly": {"node": "lif_decayed_hard", "plain_soft": "lif_plain_soft"},
    "norse": {"cell": "lif"},
    "spyx": {"lif": "lif_1.0"},
}


@pytest.fixture
def run_page(tmp_path, monkeypatch):
    """Runs a page in an empty folder: files are written, Python is executed, commands are called."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def run(page, kinds=("python", "sh")):
        # A module of its own, so that functions and classes of the page can be found again by their names.
        module = types.ModuleType("page")
        monkeypatch.setitem(sys.modules, "page", module)
        for kind, text in blocks(page):
            if kind not in kinds:
                continue
            if kind == "sh":
                for line in text.splitlines():
                    words = shlex.split(line, comments=True)
                    if words[:1] == ["spikejax"]:
                        assert main(words[1:]) == 0, line
            elif named := FILE.match(text):
                path = Path(named[1])
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            else:
                exec(compile(text, page, "exec"), module.__dict__)
        return module.__dict__

    yield run
    for name in [n for n in sys.modules if n == "my_lab" or n.startswith("my_lab.")]:
        del sys.modules[name]


@pytest.mark.slow
def test_a_neuron_of_ones_own(run_page, capsys):
    names = run_page("docs/own_neuron.md")
    assert names["spikes"].shape == (20, 4, 6) and 0 < names["spikes"].mean() < 1
    assert names["outputs"].shape == (20, 4, 16)
    learned = names["variables"]["params"]
    assert "strength" in learned["layers_1"] and "decay" in learned["layers_4"]
    assert names["loaded"].steps == 22
    said = capsys.readouterr().out
    assert "MyLIF" in said and "my_lab.neurons:MyLIF" in said and "recovery" in said
    assert "ranked by test accuracy" in said


@pytest.mark.slow
def test_arrays_a_network_and_a_loss_of_ones_own(run_page):
    names = run_page("docs/own_network.md")
    assert len(lines_of("docs/own_network.md", 0)) <= 25
    assert len(lines_of("docs/own_network.md", 1)) <= 5
    history = names["trained"].record["history"]
    assert history[-1]["test_accuracy"] > 0.4 and "regularisation" in history[-1]
    margins = names["found"]["metrics"]["trials"]
    assert len(margins) == 8 and names["found"]["provenance"]["selection"]["metric"].startswith(
        "val"
    )
    assert (Path("runs/margin") / "best").is_dir()
    per_step = names["per_step"].record["history"]
    assert per_step[-1]["loss"] < per_step[0]["loss"]
    assert names["shorter"].record["complete"]
    camera = names["camera"]
    assert camera.train.inputs.shape == (16, 10, 8, 8, 2) and camera.classes == 2
    assert (camera.train.inputs.sum((1, 2, 3, 4)) == 200).all()


@pytest.mark.slow
def test_training(run_page):
    names = run_page("docs/training.md")
    assert 0.5 < names["accuracy"] <= 1 and names["last"]["validation_accuracy"] > 0.5
    assert Path("runs/images/best").is_dir()
    gradients = names["gradients"]
    assert np.abs(gradients["dense"]["kernel"][...]).max() > 0
    assert gradients["neurons"]["decay"][...].shape == ()


@pytest.mark.slow
def test_exchange(run_page):
    names = run_page("docs/exchange.md")
    expected, _ = names["spikejax"].run(names["network"], names["variables"], names["x"])
    assert 0 < np.abs(expected).max() and np.array_equal(names["outputs"], expected)
    assert names["same"].layers[1].neuron.reset == "subtract"
    trained = names["loaded"].variables["params"]["linear_0"]["kernel"]
    assert np.array_equal(names["weights"]["params"]["linear_0"]["kernel"], trained)


@pytest.mark.slow
def test_delays(run_page):
    names = run_page("docs/delays.md")
    assert names["accuracy"] > 0.9
    (width,) = {float(x) for x in [names["whole"]["constants"]["layers_0"]["delay_width"]]}
    assert width == 0 and names["trained"].variables["constants"]["layers_0"]["delay_width"] == 0.5
    assert names["accuracy_of_echoes"] > 0.8


@pytest.mark.slow
def test_quantisation(run_page):
    names = run_page("docs/quantisation.md")
    assert np.isfinite(names["outputs"]).all() and len(names["values"]) <= 3
    expected = names["integers"](names["fine"].variables["params"], "ternary")["network"]
    stored = read_weights("ternary.npz")["params"]["network"]
    assert np.array_equal(stored["readout"]["kernel"], expected["readout"]["kernel"])
    small = read_weights("runs/full/network.safetensors")["params"]["linear_0"]
    assert small["kernel"].dtype == np.int8 and small["kernel_scale"].shape == (1, 32)


@pytest.mark.slow
def test_online(run_page):
    names = run_page("docs/online.md")
    assert len(lines_of("docs/online.md", 0)) <= 25
    assert names["accuracy"] > 0.5  # a tenth by chance
    batch, labels = names["batch"], names["labels"][:32]
    total, gradients, _ = names["piece"](names["variables"], batch, labels)
    np.testing.assert_allclose(names["early"] + names["late"], total, rtol=1e-4)
    for part, whole in gradients["linear_0"].items():
        pieces = (
            names["early_gradients"]["linear_0"][part] + names["late_gradients"]["linear_0"][part]
        )
        np.testing.assert_allclose(pieces, whole, rtol=1e-3, atol=1e-5)


def test_what_can_be_relied_on(run_page):
    names = run_page("docs/reliability.md")
    outputs, x = names["outputs"], names["x"]
    alone, _ = names["spikejax"].run(names["network"], names["variables"], x[:6, 1:])
    np.testing.assert_allclose(outputs[:6, 1:], alone, rtol=1e-6)
    assert not np.any(outputs[6:, 1])


def test_ar_lif(run_page):
    names = run_page("docs/ar_lif.md", ("python",))
    assert names["memory"].shape == (32, 64) and names["spikes"].shape == (20, 32, 64)
    assert set(names["learned"]) == {"a", "c"}
    fixed = names["both"].init(names["jax"].random.key(0), names["currents"])
    assert not fixed.get("params") and names["config"].network.width == 16
    printed = names["as_printed"]
    state, _ = names["spikejax"].unroll(
        printed.step, printed.init_state(names["currents"][0]), names["currents"]
    )
    assert not state.reset.any()  # r of Eq. 8 stays 0


@pytest.mark.slow
def test_the_readme(run_page):
    names = run_page("README.md", ("python",))
    assert names["spikes"].shape == (100, 32, 64)
    assert np.isfinite(names["gradients"]["layers_0"]["kernel"]).all()
    assert names["best"].network.neuron.decay in (0.7, 0.95)
    assert (
        names["trained"].record["metrics"]["test_accuracy"] > 0.7
    )  # of four classes of the reader's own arrays
    assert len(names["rows"]) == 60 and names["neuron"].decay == 0.9


def test_the_spoken_digits_are_25_lines():
    assert len(lines_of("docs/spoken_digits.md", 0)) <= 25


@pytest.mark.slow
def test_get_started(run_page):
    names = run_page("docs/start.md")
    assert names["spikes"].shape == (50, 2, 3) and names["spikes"].any()
    assert names["gradient"].decay > 0
    whole, _ = names["spikejax"].run(*(names[n] for n in ("network", "variables", "inputs")))
    found = np.concatenate([names["first"], names["rest"]])
    np.testing.assert_allclose(whole, found, rtol=1e-4, atol=1e-6)
    assert names["accuracy"] > 0.2
    assert Path("runs/second/record.json").exists()


def test_time_and_surrogates_explained(run_page):
    names = run_page("docs/explanation/time.md")
    np.testing.assert_allclose(names["whole"], names["chunked"], rtol=1e-5)
    np.testing.assert_allclose(names["whole"][10:11], names["more"], rtol=1e-5)
    names = run_page("docs/explanation/surrogates.md")
    assert set(names["spikes"].tolist()) == {0, 1} and names["narrow"].surrogate.width == 0.5


@pytest.mark.parametrize("peer", COMPARED)
def test_coming_from(run_page, peer):
    """The page's neurons have the spikes that the other library had for the same currents."""
    names = run_page(f"docs/coming_from/{peer}.md")
    assert names["spikes"].any() and np.isfinite(names["value"])
    assert np.abs(names["gradient"]["layers_0"]["kernel"]).max() > 0
    arrays, _ = load(peer)
    for name, case in COMPARED[peer].items():
        neuron, currents = names[name], arrays[f"{case}/currents"]
        _, spikes = unroll(neuron.step, neuron.init_state(currents[0]), currents)
        assert np.array_equal(spikes, arrays[f"{case}/spikes"]), case


@pytest.mark.parametrize("peer", COMPARED)
def test_coming_from_names_tests_that_exist(peer):
    text = (ROOT / f"docs/coming_from/{peer}.md").read_text(encoding="utf-8")
    named = re.findall(r"test_equals_the_peer\[([\w.]+)-([\w.]+)\]", text)
    assert named and set(named) <= set(CASES)
    assert {(peer, case) for case in COMPARED[peer].values()} <= set(named)


def pages():
    generated = ("_build", "generated")
    found = (path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md"))
    return sorted(str(path) for path in found if path.parts[1] not in generated)


@pytest.mark.parametrize("page", [*pages(), "CONTRIBUTING.md", "CHANGELOG.md", "README.md"])
def test_links_lead_somewhere(page):
    """To files that are there; what is generated, the site's build checks."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if not target.startswith("http") and "generated/" not in target:
            assert os.path.exists(ROOT / Path(page).parent / target), target
