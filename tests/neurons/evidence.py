"""Measures how far every model is from its oracle, its printed traces and the peers' records, and keeps it.

Command: python tests/neurons/evidence.py [NAME ...]
It takes three minutes and writes spikejax/catalogue/evidence.json, which `spikejax neurons` and the page of the neurons
show. With names it measures these models and keeps what was measured of the others. Layers with dynamics of their own
are models, too.
The tests hold the same differences to their limits; this only says how large they are.
"""

import sys
from pathlib import Path

import jax

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(path) for path in (TESTS / "neurons", TESTS / "layers", TESTS, TESTS.parent)]

import layer_comparison  # noqa: E402
import test_parity as parity  # noqa: E402
from neuron_traces import STEPS  # noqa: E402
from oracle_comparison import differences  # noqa: E402
from parity.cases import CASES, NOT_OFFERED, PEERS, load  # noqa: E402
from printed_traces import golden_differences  # noqa: E402
from spikejax.catalogue.evidence import FILE  # noqa: E402
from spikejax.layers import LAYERS  # noqa: E402
from spikejax.neurons import NEURONS  # noqa: E402
from spikejax.runs import record  # noqa: E402
from spikejax.runs.provenance import current_provenance  # noqa: E402
from values_cases import CASES as ORACLE_CASES  # noqa: E402


def largest(found):
    """Of differences by name: those of spikes, of other variables and of gradients."""
    kinds = {"spikes": 0.0, "state": 0.0, "gradient": 0.0}
    for name, gap in found.items():
        kind = (
            "gradient" if name.startswith("gradient") else "spikes" if name == "spikes" else "state"
        )
        kinds[kind] = max(kinds[kind], gap)
    return kinds


def together(parts):
    return {kind: max(part[kind] for part in parts) for kind in parts[0]}


def oracle(model):
    cases, compare = ORACLE_CASES, differences
    if model in LAYERS:
        cases, compare = layer_comparison.CASES, layer_comparison.differences
    names = sorted(name for name, case in cases.items() if case.model == model)
    return {"cases": names} | together([largest(compare(cases[name])) for name in names])


def peers(model):
    found = {}
    for peer in PEERS:
        meta = load(peer)[1]
        names = [n for n, entry in meta["cases"].items() if entry["model"] == model]
        compared = [n for n in names if (peer, n) in CASES]
        if not names:
            continue
        found[peer] = {
            "version": meta["version"],
            "recorded": meta["date"],
            "cases": compared,
            "classes": sorted({meta["cases"][n]["class"].split(".")[-1] for n in compared}),
            "not_offered": {n: NOT_OFFERED[peer, n] for n in names if (peer, n) in NOT_OFFERED},
            "notes": sorted({CASES[peer, n].note for n in compared} - {""}),
        }
        if compared:
            gaps = [largest(parity.differences(peer, name)) for name in compared]
            found[peer] |= together(gaps)
    return found


def seen(peer):
    """A peer's version, and what it got wrong while it was recorded."""
    meta = load(peer)[1]
    defects = [f"{entry['case']}: {entry['defect']}" for entry in meta["defects"]]
    return {"version": meta["version"], "defects": defects}


def measure(models):
    with jax.enable_x64(True):
        printed = golden_differences()
        return {
            model: {
                "oracle": oracle(model),
                "printed": printed.get(model, {}),
                "peers": peers(model),
            }
            for model in models
        }


if __name__ == "__main__":
    named = sys.argv[1:]
    kept = record.read(FILE)["metrics"] if named else {}
    metrics = kept | measure(named or (*NEURONS, *LAYERS))
    result = {
        "experiment": "fidelity",
        "config": {
            "steps": STEPS,
            "dtype": "float64",
            "peers": {peer: seen(peer) for peer in PEERS},
        },
        "provenance": current_provenance(seed=0, data=None),
        "metrics": {model: metrics[model] for model in (*NEURONS, *LAYERS)},
        "history": {},
        "complete": True,
    }
    record.write(FILE, result)
    print(f"{FILE}: {len(result['metrics'])} models")
