"""What a user's own parts do wrong, in training, in a sweep and alone: it is refused, and the record says so."""

import dataclasses
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

import spikejax
from experiments.reliability import children, named, rogues, subjects
from experiments.reliability.children import Limits
from experiments.reliability.outcomes import Outcome, summary
from experiments.reliability.references import cache
from spikejax.neurons.lif import LIF
from spikejax.runs import fit, record, sweep
from spikejax.runs.folder import RUNNING
from spikejax.training import Adam, Diverged

ERRORS = (ValueError, TypeError, FloatingPointError)
# JAX's own words about values that are not known while a function is traced.
TRACED = (jax.errors.TracerArrayConversionError, jax.errors.TracerBoolConversionError)
# A batch of another size than the number of steps and of features.
BASE = dataclasses.replace(subjects.CONFIG, batch_size=4, epochs=1)


def _config(**changes: Any) -> Any:
    return dataclasses.replace(BASE, **changes)


def _of_neuron(how):
    return _config(network=spikejax.MLP((4,), None, rogues.Rogue(how=how)))


# By kind, the ways to misbehave and the config of one.
CONFIGS: dict[str, tuple[Any, Callable[[str], Any]]] = {
    "neuron": (rogues.STEPS, _of_neuron),
    "network": (rogues.OUTPUTS, lambda how: _config(network=rogues.RogueNetwork(how))),
    "loss": (rogues.SCALARS, lambda how: _config(loss=rogues.SCALARS[how])),
    "regulariser": (rogues.SCALARS, lambda how: _config(regularisers=(rogues.SCALARS[how],))),
    "metric": (rogues.SCALARS, lambda how: _config(metrics=(rogues.SCALARS[how],))),
    "callback": (rogues.CALLBACKS, lambda how: BASE),
}
# Settings that no config may have, by name.
SETTINGS: dict[str, Callable[[], Any]] = {
    "hidden in a set": lambda: _config(network=spikejax.MLP({4}, None, LIF())),  # pyright: ignore
    "hidden of text": lambda: _config(network=spikejax.MLP("4", None, LIF())),  # pyright: ignore
    "hidden of an array": lambda: _config(network=spikejax.MLP(jnp.ones(1), None, LIF())),  # pyright: ignore
    "no neuron": lambda: _config(network=spikejax.MLP((4,), None, None)),  # pyright: ignore
    "a class as neuron": lambda: _config(network=spikejax.MLP((4,), None, LIF)),  # pyright: ignore
    "learn of text": lambda: _config(network=spikejax.MLP((4,), None, LIF(), learn="decay")),  # pyright: ignore
    "a neuron as network": lambda: _config(network=LIF()),
    "no network": lambda: _config(network=None),
    "no data": lambda: _config(data=None),
    "data in a list": lambda: _config(data=[1, 2]),
    "a loss of 3": lambda: _config(loss=3),
    "learning rate of text": lambda: _config(optimiser=Adam(learning_rate="fast")),  # pyright: ignore
    "learning rate of an array": lambda: _config(optimiser=Adam(learning_rate=jnp.ones(3))),
    "no learning rate": lambda: _config(optimiser=Adam(learning_rate=None)),
    "epochs of text": lambda: _config(epochs="2"),
    "half an epoch": lambda: _config(epochs=1.5),
    "a truth value of epochs": lambda: _config(epochs=True),
    "no batch size": lambda: _config(batch_size=None),
    "chunk in a list": lambda: _config(chunk=[1]),
    "a dictionary as seed": lambda: _config(seed={}),
    "validation of text": lambda: _config(validation="0.1"),
    "decay of a dictionary": lambda: _config(network=spikejax.MLP((4,), None, LIF(decay={}))),  # pyright: ignore
    "reset of a list": lambda: _config(network=spikejax.MLP((4,), None, LIF(reset=[]))),  # pyright: ignore
    "a network without parameters": lambda: _config(network=rogues.Parameterless()),
    "a config in a list": lambda: [BASE],
}
# What is no misbehaviour, or none that can be told from a choice.
VALID = {
    *((kind, "right") for kind in CONFIGS),
    *(("regulariser", how) for how in ("int", "bool")),
    *(("metric", how) for how in ("int", "bool", "NaN", "infinite", "dictionary")),
    # A callback works on copies.
    ("callback", "changes variables"),
    ("callback", "empties the history"),
    ("callback", "puts NaN into the history"),
    ("callback", "puts an object into the history"),
    ("neuron", "a state of numbers"),
    ("neuron", "half spikes"),
    ("setting", "a network without parameters"),
}


def batches(quick: bool) -> list[dict[str, Any]]:
    """A batch per kind of part and way to use it."""
    ways = [("neuron", "unroll"), ("network", "run"), ("setting", "fit")]
    ways += [(kind, how) for kind in CONFIGS for how in ("fit", "sweep")]
    ways.remove(("callback", "sweep"))
    return [
        {"kind": kind, "way": way, "quick": quick} for kind, way in (ways[:3] if quick else ways)
    ]


def run(batch: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Tries all ways to misbehave of a kind."""
    begun, kind = time.perf_counter(), batch["kind"]
    hows = list(SETTINGS if kind == "setting" else CONFIGS[kind][0])
    trials = [
        {"folder": str(folder), "kind": kind, "way": batch["way"], "how": how} for how in hows
    ]
    limits = Limits(seconds=90)
    found = list(
        children.each(
            trial, trials[:6] if batch["quick"] else trials, cache=cache(folder), limits=limits
        )
    )
    return summary(
        [outcome for outcome, _ in found],
        seconds=time.perf_counter() - begun,
        peak_memory_mb=max(memory for _, memory in found),
    )


def trial(given: dict[str, Any]) -> Outcome:
    """Uses a part that misbehaves."""
    kind, way, how = given["kind"], given["way"], given["how"]
    out = Path(given["folder"]) / "misbehaving"
    shutil.rmtree(out, ignore_errors=True)
    detail = {"kind": kind, "way": way, "how": how}
    try:
        diverged = WAYS[way](kind, how, out)
    except Exception as error:
        outcome = _refused(error, how)
        if outcome.kind == "refused" and not _says_how_it_ended(out):
            outcome = Outcome("lost", f"the record does not say how it ended: {outcome.words}")
        return outcome._replace(detail=detail)
    if (kind, how) in VALID or diverged:
        return Outcome("exact", detail=detail)
    return Outcome("unnoticed", "accepted", detail)


def _refused(error, how):
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, (rogues.Mine, *TRACED)) and how in rogues.OWN:
        return Outcome("refused", words)
    clear = isinstance(error, Diverged) or "expected" in str(error) or "must " in str(error)
    if isinstance(error, ERRORS) and clear:
        return Outcome("refused", words)
    return Outcome("traceback", f"{words[:300]} at {named.where(error)}")


def _says_how_it_ended(out):
    if not out.exists():
        return True  # refused before a file was touched
    found = record.read(out / "record.json")
    return not found["complete"] and found["provenance"]["incomplete"] != RUNNING


def _fit(kind, how, out):
    config = SETTINGS[how]() if kind == "setting" else CONFIGS[kind][1](how)
    callbacks = (rogues.CALLBACKS[how],) if kind == "callback" else ()
    fit(config, out, callbacks=callbacks, progress=False)
    return False


def _sweep(kind, how, out):
    found = sweep(CONFIGS[kind][1](how), {"learning_rate": (0.01, 0.02)}, out)
    return all(row["diverged"] for row in found["history"])


def _unroll(kind, how, out):
    del kind, out
    neuron = rogues.Rogue(how=how)
    currents = jnp.ones((6, 4, 3))
    layer = spikejax.Spiking(neuron)
    variables = layer.init(jax.random.key(0), currents)
    spikes: Any = jax.jit(lambda x: layer.apply(variables, x))(currents)
    # A value that is not finite may pass where nothing is learned, if it is seen.
    return how.startswith("NaN") and not bool(jnp.isfinite(spikes).all())


def _run(kind, how, out):
    del kind, out
    network, inputs = rogues.RogueNetwork(how), jnp.ones((6, 4, 2))
    variables = rogues.RogueNetwork().init(jax.random.key(0), inputs)
    outputs, _ = spikejax.run(network, variables, inputs)
    free = ("without batch", "fewer classes", "bool", "int", "complex", "tuple")
    return how in free or (how == "NaN" and bool(jnp.isnan(outputs).all()))


WAYS = {"fit": _fit, "sweep": _sweep, "unroll": _unroll, "run": _run}
