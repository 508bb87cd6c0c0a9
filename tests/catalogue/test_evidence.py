"""The evidence that is shown is that of the tests: no model without, no case missing, nothing beyond the limits."""

import json

import pytest

from layer_comparison import CASES as LAYER_CASES
from parity.cases import CASES, NOT_OFFERED, PEERS
from printed_traces import PRINTED
from spikejax.catalogue import evidence, layers
from spikejax.cli.commands import main
from spikejax.layers import LAYERS
from spikejax.neurons import NEURONS
from spikejax.runs import record
from values_cases import CASES as ORACLE_CASES


@pytest.mark.parametrize("name", NEURONS)
def test_a_neuron_has_evidence(name):
    found = evidence.of(name)
    oracle = found["oracle"]
    assert oracle["cases"] == sorted(n for n, case in ORACLE_CASES.items() if case.model == name)
    assert oracle["cases"] and oracle["spikes"] == 0
    assert oracle["state"] < 1e-10 and oracle["gradient"] < 1e-8
    assert bool(found["printed"]) == (name in PRINTED)
    for peer in found["peers"].values():
        assert peer["version"] and peer["recorded"]
        if peer["cases"]:
            assert peer["spikes"] == 0 and peer["state"] < 5e-6 and peer["gradient"] < 3e-5


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_with_dynamics_of_its_own_has_evidence_and_a_description(name):
    oracle, entry = evidence.of(name)["oracle"], layers.describe(name)
    assert oracle["cases"] == sorted(n for n, case in LAYER_CASES.items() if case.model == name)
    assert oracle["cases"] and oracle["spikes"] == 0
    assert oracle["state"] < 1e-10 and oracle["gradient"] < 1e-8
    assert all(entry[key] for key in ("equation", "reference", "deviations"))
    assert all(facts["doc"] for facts in entry["attributes"].values())
    assert f"| `{name}` | `{entry['class']}` |" in layers.markdown()


def test_every_recorded_trace_is_in_the_registry():
    compared, refused = set(), set()
    for name in NEURONS:
        for peer, found in evidence.of(name)["peers"].items():
            compared |= {(peer, case) for case in found["cases"]}
            refused |= {(peer, case) for case in found["not_offered"]}
    assert compared == set(CASES) and refused == set(NOT_OFFERED)
    assert evidence.counts() == {p: sum(peer == p for peer, _ in CASES) for p in PEERS}


def test_the_registry_says_what_it_is():
    result = record.read(evidence.FILE)
    assert result["complete"] is True and result["provenance"]["versions"]["jax"]


def test_the_fidelity_table_has_no_empty_cell():
    header, _, *rows = evidence.markdown().splitlines()
    assert len(rows) == len(NEURONS) >= 28
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert len(cells) == header.count("|") - 1 and all(cells)


def test_the_command_prints_the_evidence(capsys):
    assert main(["neurons", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in entries] == list(NEURONS)
    for entry in entries:
        assert all(entry[key] for key in ("equation", "reference", "fields", "evidence"))
    assert main(["neurons", "lif", "tc_lif"]) == 0
    text = capsys.readouterr().out
    assert "48 printed values" in text and "snntorch 1.0.0" in text and "adex" not in text
    assert main(["neurons"]) == 0 and "dh_lif" in capsys.readouterr().out
    assert main(["neurons", "dh_lif", "lif"]) == 0
    text = capsys.readouterr().out
    assert "branches D of a neuron. 4" in text and "spikejax.layers.DHLIF" in text
    assert main(["neurons", "dh_lif", "--markdown"]) == 2
    assert "expected neurons for --markdown, found the layer dh_lif" in capsys.readouterr().err


def test_the_command_draws_a_neuron(tmp_path, capsys):
    path = tmp_path / "lif.png"
    assert main(["neurons", "lif", "--plot", str(path)]) == 0
    assert path.read_bytes().startswith(b"\x89PNG") and str(path) in capsys.readouterr().out
    assert main(["neurons", "lif", "tc_lif", "--plot", str(path)]) == 2
    assert "--plot takes one neuron" in capsys.readouterr().err
    assert main(["neurons", "liff"]) == 2
