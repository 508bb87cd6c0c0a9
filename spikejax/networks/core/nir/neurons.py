"""Neurons as nodes of NIR and back: continuous time, and one forward Euler step of it.

NIR writes a neuron as a differential equation, τ dv/dt = v_leak − v + r I with a spike where v > v_threshold, after
which v = v_reset. A network here has steps. With v_leak = v_reset = 0, a forward Euler step dt of that equation is

    v[t] = (1 − dt/τ) v[t−1] + (r dt/τ) I[t]

so that a node is exactly one of our neurons where

    LIF, LI    τ = dt / (1 − decay)          r = τ / dt, or 1 with input_scaling="complement"
    IF         dv/dt = r I                   r = 1 / dt
    CubaLIF    τ_mem, r as in LIF            τ_syn = dt / (1 − synaptic_decay), w_in = τ_syn / dt

In a step of CubaLIF the synapse comes first, and the membrane receives its new current.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from spikejax.extras import require
from spikejax.networks.core.nir import metadata
from spikejax.networks.core.nir.layout import Layout
from spikejax.neurons import NEURONS, make
from spikejax.neurons.core.contract import Neuron
from spikejax.neurons.core.parameters import named_parameters
from spikejax.neurons.cuba_lif import CubaLIF
from spikejax.neurons.integrate_and_fire import IntegrateAndFire
from spikejax.neurons.leaky_integrator import LeakyIntegrator
from spikejax.neurons.lif import LIF

BEYOND = ("refuse", "metadata")
# The parameters that a node of NIR holds, by neuron.
HELD = {
    LIF: ("decay", "threshold"),
    IntegrateAndFire: ("threshold",),
    LeakyIntegrator: ("decay",),
    CubaLIF: ("synaptic_decay", "decay", "threshold"),
}
MODELS = {"LIF": LIF, "IF": IntegrateAndFire, "LI": LeakyIntegrator, "CubaLIF": CubaLIF}


class Found(NamedTuple):
    """A neuron that a node stands for.

    Attributes:
      neuron: the neuron.
      gain: what its currents are multiplied by, a number or an array `[*F]`.
      learn: the names of its parameters that are learned, as in `Spiking`.
    """

    neuron: Neuron
    gain: Any
    learn: tuple[str, ...] | None


def node_of(neuron: Any, learn: Any, layout: Layout, dt: float, place: str, beyond_nir: str) -> Any:
    """The node of a neuron whose parameters are numbers or arrays `[*F]`.

    Args:
      neuron: the neuron.
      learn: as in `Spiking`.
      layout: of the layer.
      dt: the length of a step.
      place: the layer's name, for messages.
      beyond_nir: see `to_nir`.

    Raises:
      ValueError: a neuron that NIR cannot describe, or a decay of 1; names the layer.
    """
    nir = require("nir")
    differs = _beyond(neuron)
    if differs and beyond_nir == "refuse":
        raise ValueError(
            f"{place}: NIR cannot say {differs}, so another tool that reads the graph would compute something else; "
            'train with reset="zero" in the step of the spike, or give beyond_nir="metadata" for a graph that only '
            "spikejax reads as it was"
        )
    held = HELD.get(type(neuron), ())
    found = {name: _values(named_parameters(neuron)[name], layout) for name in held}
    said = {"metadata": metadata.written(neuron, learn, held)}
    if not held:
        return nir.Threshold(threshold=np.ones(layout.nir), **said)
    for name in ("decay", "synaptic_decay"):
        if name in found and (found[name] >= 1).any():
            raise ValueError(
                f"{place}: expected a {name} below 1, found {found[name].max()}, which has no time constant in NIR; "
                "use IntegrateAndFire for a membrane without leak"
            )
    if isinstance(neuron, IntegrateAndFire):
        return nir.IF(r=np.full(layout.nir, 1 / dt), v_threshold=found["threshold"], **said)
    tau = dt / (1 - found["decay"])
    gain = np.ones(layout.nir) if neuron.input_scaling == "complement" else tau / dt
    common = {"r": gain, "v_leak": np.zeros(layout.nir), **said}
    if isinstance(neuron, LeakyIntegrator):
        return nir.LI(tau=tau, **common)
    if isinstance(neuron, LIF):
        return nir.LIF(tau=tau, v_threshold=found["threshold"], **common)
    tau_syn = dt / (1 - found["synaptic_decay"])
    currents = {"tau_mem": tau, "tau_syn": tau_syn, "w_in": tau_syn / dt}
    return nir.CubaLIF(**currents, v_threshold=found["threshold"], **common)


def _beyond(neuron):
    """What NIR cannot say of a neuron and what changes its spikes; nothing if it can say all."""
    if type(neuron) not in HELD:
        return f"what a {type(neuron).__name__} is"
    if not neuron.spiking:
        return ""
    settings = {"reset": "zero", "reset_timing": "same", "late": False}
    return ", ".join(
        f"{name}={getattr(neuron, name)!r}"
        for name, value in settings.items()
        if getattr(neuron, name) != value
    )


def _values(parameter, layout):
    return layout.outward(np.broadcast_to(np.asarray(parameter, np.float64), layout.shape))


def neuron_of(node: Any, layout: Layout, dt: float, place: str, like: str | None) -> Found:
    """The neuron of a node.

    Args:
      node: a node of NIR.
      layout: of the layer.
      dt: the length of a step.
      place: the node's name, for messages.
      like: see `from_nir`.

    Raises:
      ValueError: a node that no neuron here is like; names it.
    """
    kind, written = type(node).__name__, metadata.read(node.metadata, place)
    if kind == "Threshold":
        if written is None:
            raise ValueError(
                f"{place}: expected a neuron with a membrane, {', '.join(MODELS)}, found a Threshold, which has none"
            )
        return Found(written[0](**written[1]), 1.0, written[2])
    model = MODELS[kind]
    if written is not None and written[0] is not model:
        raise ValueError(
            f"{place}: expected the metadata of a {model.__name__}, found that of {written[0].__name__}; remove it"
        )
    _check(node, place)
    held, gain = _held(node, dt)
    for name in HELD[model]:
        if name != "threshold" and (held[name] < 0).any():
            raise ValueError(
                f"{place}: expected time constants of at least dt = {dt:g}, found a {name} of {held[name].min():g} per "
                "step; give a smaller dt"
            )
    fields: dict[str, Any] = {} if written is None else written[1]
    if "decay" in held:
        scaling = fields.get("input_scaling", _scaling(gain, held["decay"]))
        fields = {**fields, "input_scaling": scaling}
        gain = gain / (1 - held["decay"]) if scaling == "complement" else gain
    fields |= {name: _simple(value, layout, place) for name, value in held.items()}
    gain = 1.0 if np.allclose(gain, 1, rtol=1e-5) else _simple(gain, layout, place)
    if written is not None:
        return Found(model(**fields), gain, written[2])
    if not model.spiking:
        like = None
    elif like is None:
        fields |= {"reset": "zero", "strict": True}
    return Found(make(NEURONS.name_of(model), like=like, **fields), gain, ())


def _held(node, dt):
    """The parameters that a node holds, and the factor of its currents."""
    name = type(node).__name__
    threshold = {} if name == "LI" else {"threshold": np.asarray(node.v_threshold, np.float64)}
    r = np.asarray(node.r, np.float64)
    if name == "IF":
        return threshold, r * dt
    tau = np.asarray(node.tau_mem if name == "CubaLIF" else node.tau, np.float64)
    if name != "CubaLIF":
        return {"decay": _decay(dt, tau), **threshold}, r * dt / tau
    tau_syn = np.asarray(node.tau_syn, np.float64)
    decays = {"synaptic_decay": _decay(dt, tau_syn), "decay": _decay(dt, tau)}
    return {**decays, **threshold}, (r * dt / tau) * (np.asarray(node.w_in) * dt / tau_syn)


def _decay(dt, tau):
    decay = 1 - dt / tau
    return np.where(np.abs(decay) < 1e-6, 0, decay)  # τ = dt, rounded to float32 by another tool


def _scaling(gain, decay):
    """How a library scales currents whose factor is the complement of the decay, and not 1."""
    complement = np.allclose(gain, 1 - decay, rtol=1e-5) and not np.allclose(gain, 1, rtol=1e-5)
    return "complement" if complement else "none"


def _check(node, place):
    for name in sorted({"v_leak", "v_reset"} & set(vars(node))):
        value = getattr(node, name)
        if value is not None and np.any(np.asarray(value) != 0):
            raise ValueError(
                f"{place}: expected {name} = 0, as neurons here have it, found {np.asarray(value).ravel()[:4]}; "
                "measure potentials from there: subtract it from v_threshold, v_leak and v_reset"
            )


def _simple(values, layout, place):
    """A parameter as one number if all neurons share it, else as an array `[*F]`."""
    values = np.asarray(values)
    if values.shape not in ((), (1,), layout.nir):
        raise ValueError(
            f"{place}: expected parameters of the shape {list(layout.nir)} of its inputs, found {list(values.shape)}"
        )
    if (values == values.flat[0]).all():
        return float(values.flat[0])
    return jnp.asarray(layout.inward(values))
