"""How far a neuron is from its oracle.

A case is a neuron and the currents for both; names of parameters, options and variables are given where the oracle has
others.
"""

import dataclasses
from typing import Any

import numpy as np

import oracles
from neuron_traces import BATCH, FEATURES, STEPS, draws, trace_and_slopes
from spikejax.fields import fields_of
from spikejax.neurons import NEURONS, make
from spikejax.surrogate import SURROGATES, Scaled

# Sizes that an oracle has to be told.
SIZES = {"masked_psn": "order", "i_lif": "levels"}


@dataclasses.dataclass(frozen=True)
class Case:
    """A neuron, its oracle and the currents for both.

    Attributes:
      model: its name, also the oracle's.
      settings: parameters and options of the neuron.
      drive: means, deviations and, if not `STEPS`, numbers of steps of the currents: a key of
        `oracles.DRIVES`, or a list.
      names: the oracle's names of parameters, where they differ.
      options: the oracle's options, where they differ; None where it has no such option.
      variables: ours by the oracle's names, where they differ.
      rate: least share of spikes.
    """

    model: str
    settings: dict[str, Any]
    drive: Any
    names: dict[str, str] = dataclasses.field(default_factory=dict)
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    variables: dict[str, str] = dataclasses.field(default_factory=dict)
    rate: float = 0.1

    @property
    def neuron(self):
        return make(self.model, **self.settings)

    def sign(self, name):
        """−1 where the oracle has the publication's bias in place of a threshold."""
        return -1.0 if self.names.get(name) == "bias" else 1.0

    def drives(self):
        found = oracles.DRIVES[self.drive] if isinstance(self.drive, str) else self.drive
        return [(*entry, STEPS)[:3] for entry in found]


def shared(case, expected):
    """Our variables by the oracle's names: the carried value is the one after the reset, where there is one."""
    found = {}
    for name in NEURONS[case.model].State._fields:
        for theirs in (f"{name}_after", name):
            if theirs in expected and theirs not in found:
                found[theirs] = name
                break
    found = {theirs: ours for theirs, ours in found.items() if ours != "spikes"} | case.variables
    return {theirs: ours for theirs, ours in found.items() if ours}


def oracle_surrogate(surrogate):
    if isinstance(surrogate, Scaled):
        curve = oracle_surrogate(surrogate.curve)
        return lambda x: surrogate.factor * curve(x)
    names = {cls: name for name, cls in SURROGATES.items()}
    numbers = dataclasses.asdict(surrogate)
    return lambda x: oracles.SURROGATES[names[type(surrogate)]](x, **numbers)


def arguments(case, neuron, currents):
    """The oracle's parameters and options."""
    parameters = {
        case.names.get(name, name): case.sign(name) * np.asarray(getattr(neuron, name), float)
        for name in fields_of(neuron)
    }
    options = {name: getattr(neuron, name) for name in fields_of(neuron, "option")} | case.options
    if neuron.stochastic:
        options["uniform"] = draws(len(currents), currents.shape[1:])
    if size := SIZES.get(case.model):
        options[size] = getattr(neuron, size)
    return parameters, {name: value for name, value in options.items() if value is not None}


def differences(case, surrogate=None):
    """By "spikes", variable and gradient the largest difference from the oracle, over the largest value of its kind."""
    neuron = case.neuron
    if surrogate is not None:
        neuron = dataclasses.replace(neuron, surrogate=surrogate)
    curve = getattr(neuron, "surrogate", None)
    curve = oracle_surrogate(curve) if curve is not None else None
    oracle, found = getattr(oracles, case.model), {}
    for mean, deviation, steps in case.drives()[: 1 if surrogate else None]:
        noise = np.random.default_rng(0).normal(size=(int(steps), BATCH, FEATURES))
        currents = mean + deviation * noise
        parameters, options = arguments(case, neuron, currents)
        expected = oracle(currents, curve, **parameters, **options)
        ours = shared(case, expected) | ({"spikes": "spikes"} if "spikes" in expected else {})
        draw = np.random.default_rng(1).normal
        weights = {name: draw(size=currents.shape) for name in ours}
        by_ours = {ours[name]: weight for name, weight in weights.items()}
        (by_neuron, by_currents), result = trace_and_slopes(neuron, currents, by_ours)
        if neuron.spiking:
            assert case.rate <= expected["spikes"].mean() <= 0.75, expected["spikes"].mean()
        slopes = oracles.gradient(
            oracle, currents, curve, weights, parameters, ["currents", *parameters], **options
        )
        pairs = {name: (result[ours[name]], expected[name]) for name in ours}
        theirs = {case.names.get(name, name): name for name in fields_of(neuron)}
        for name, slope in slopes.items():
            by_name = by_currents if name == "currents" else getattr(by_neuron, theirs[name])
            sign = 1.0 if name == "currents" else case.sign(theirs[name])
            pairs[f"gradient_{name}"] = (by_name, sign * slope)
        for name, (ours_, theirs_) in pairs.items():
            scale = max(np.max(np.abs(theirs_)), 1e-12)
            gap = float(np.max(np.abs(np.asarray(ours_) - theirs_)) / scale)
            found[name] = max(found.get(name, 0.0), gap)
    return found
