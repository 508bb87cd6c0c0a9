"""What is trained for the figures and tables: neurons as the authors released them, and networks on small data.

On a CPU all of it is sequential 8x8 digits, T = 64, whose networks train in a minute; the paper's sequential MNIST has
T = 784. Where JAX has an accelerator, S-MNIST and PS-MNIST are trained as well.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from experiments.experiment import Request, joined
from spikejax import load, paths
from spikejax.dynamics import Time
from spikejax.neurons.alif import ALIF
from spikejax.neurons.core.contract import Neuron
from spikejax.neurons.glif import GLIF
from spikejax.neurons.lif import LIF
from spikejax.neurons.plif import PLIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.recipes import RECIPES
from spikejax.runs import fit, sweep
from spikejax.runs import parts as building
from spikejax.runs.config import Config
from spikejax.runs.parts import Parts
from spikejax.runs.training import Trained
from spikejax.surrogate import Triangle

# exp(−1/σ(c)) with c = 0, as the authors' ALIF starts: a time constant of half a step.
HALF_A_STEP = 0.5

NEURONS: dict[str, Neuron] = {
    "lif": LIF(decay=0.8, surrogate=Triangle()),
    "plif": PLIF(w=-1.4, input_scaling="none", detach_reset=False, surrogate=Triangle()),
    "alif": ALIF(
        tau_membrane=HALF_A_STEP, tau_adaptation=HALF_A_STEP, order="tc_lif", surrogate=Triangle()
    ),
    "glif": GLIF(),
    "tc_lif": TCLIF(),
}

FEED_FORWARD = {"hidden": (64, 256, 256), "recurrent": ()}
RECURRENT = {"hidden": (64, 256, 256), "recurrent": (0, 1)}
QUICK = {"hidden": (8, 8, 8), "recurrent": (), "epochs": 1, "batch_size": 256}


SOURCES = ("digits", "smnist", "psmnist")  # all that `sources` may have


def on_accelerator() -> bool:
    """Whether JAX has one."""
    return jax.default_backend() != "cpu"


def sources(request: Request) -> dict[str, Config]:
    """What is trained on, by the name of the data; with `quick` an epoch of a very small network."""
    digits = RECIPES["digits"].config
    if request.quick:
        return {"digits": paths.replace(digits, QUICK)}
    found = {"digits": digits}
    if on_accelerator():
        found |= {name: RECIPES[f"{name}_one_cycle"].config for name in ("smnist", "psmnist")}
    return found


def with_neuron(config: Config, name: str, changes: Mapping[str, Any] | None = None) -> Config:
    """A config with a neuron of `NEURONS` and other changes."""
    return paths.replace(config, {**(changes or {}), "neuron": NEURONS[name]})


def train(request: Request, name: str, config: Config) -> Trained:
    """Trains a network in a folder of its name, or continues it."""
    return fit(config, request.out / name, **request.options)


def swept(
    request: Request, result: dict[str, Any], wanted: Mapping[str, Config], seeds: Sequence[int]
) -> Iterator[tuple[str, Parts, list[Any]]]:
    """Trains each config with all seeds as trials of one program, in a folder of its name, or continues it.

    Yields each name, what was trained, and the variables of the trials that have not diverged. Configs and histories
    join the record `result`, which is complete once all are trained; it ends before if the time is over.
    """
    for name, config in wanted.items():
        out = request.out / name.replace(",", "").replace(" ", "_")
        found = sweep(config, [{}], out, seeds=seeds, **request.options)
        if not joined(result, name, found):
            return
        result["history"][name] = found["history"]
        trials = [int(n) for n, last in found["metrics"]["trials"].items() if not last["diverged"]]
        yield (
            name,
            parts_of(request, config),
            [load(out, trial=trial).variables for trial in trials],
        )
    result["complete"] = True


def over_trials(name: str, values: Sequence[float]) -> dict[str, float | None]:
    """Mean and standard deviation of what was measured of each trial; None if all have diverged."""
    mean, deviation = (float(np.mean(values)), float(np.std(values))) if values else (None, None)
    return {name: mean, f"{name}_std": deviation}


def parts_of(request: Request, config: Config) -> Parts:
    """What a network was trained with, for further measurements on one device."""
    return building.build(config, building.load(config, request.data_dir), devices=1)


def loss_of(parts: Parts) -> Callable[[Any, Any], Array]:
    """The loss of variables and a batch, of whole sequences at once."""
    made: Any = parts.trainer.objective
    whole = dataclasses.replace(made, model=parts.model._replace(time=Time()))

    def loss(variables, batch):
        return whole(variables, batch, jax.random.key(0))[0]

    return loss


def some(samples: Any, count: int, seed: int = 0) -> Any:
    """A random batch of so many of the samples, or of all if there are fewer."""
    chosen = np.random.default_rng(seed).permutation(samples.count)[:count]
    return jax.tree.map(lambda x: jnp.asarray(x[chosen]), samples)
