"""A type checker finds the errors of a user's file, and finds none in the files of the pages."""

import importlib.util
import json
import subprocess
import sys

import pytest

from experiments.render import ROOT
from pages import FILE, blocks

PAGES = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
WRONG = """
import jax.numpy as jnp
import numpy as np
from spikejax import Config, MLP, Spiking, fit, load, neuron, param
from spikejax.neurons.lif import LIF
from spikejax.objectives import Acuracy  # error
from spikejax.training import Adam, OneCycle

lif = LIF(dekay=0.9)  # error
layer = Spiking(LIF(), lern=("decay",))  # error
network = MLP((8,), None, lif, recurrent="all")  # error
optimiser = Adam(learning_rat=1e-2)  # error
optimiser = Adam(learning_rate=1e-2, schedule=OneCycle(), clip=1.0)
config = Config(data="digits", network=network, epoch=5)  # error
config = Config(data="digits", network=network, epochs="five")  # error
config = Config(network=network)  # error
config = Config(data="digits", network=network, optimiser=optimiser, epochs=5)
trained = fit(config, "runs/x", second=3.0)  # error
trained = fit("digits")  # error
trained = fit(config, "runs/x", seconds=3.0, callbacks=(lambda history, variables: False,))
trained.recrd  # error
accuracy: float = trained.record["metrics"]["test_accuracy"]
lif.stp  # error
state, spikes = lif.step(0.0)  # error
state, spikes = lif.step(lif.init_state(jnp.zeros(3)), jnp.zeros(3))
load(np.zeros(3))  # error
"""


def check(folder):
    """Lines with an error, by file."""
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", "."]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len([*folder.rglob("*.py")])
    return [
        (found["file"].rpartition("/")[2], found["range"]["start"]["line"], found["message"])
        for found in report["generalDiagnostics"]
    ]


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("pyright") is None, reason="needs the extra `dev`: pyright"
)
def test_a_users_file(tmp_path):
    (tmp_path / "wrong.py").write_text(WRONG)
    for page in PAGES:
        code = [text for kind, text in blocks(page) if kind == "python"]
        for text in code:
            if named := FILE.match(text):
                path = tmp_path / named[1]
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
        rest = "\n".join(text for text in code if not FILE.match(text))
        (tmp_path / page.rpartition("/")[2]).with_suffix(".py").write_text(rest)
    found = check(tmp_path)
    marked = [n for n, line in enumerate(WRONG.splitlines()) if line.endswith("# error")]
    assert [line for name, line, _ in found if name == "wrong.py"] == marked
    assert [entry for entry in found if entry[0] != "wrong.py"] == []
