"""What NIR cannot say of a neuron, as JSON in the metadata of its node."""

import dataclasses
import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spikejax.fields import plain
from spikejax.neurons import NEURONS
from spikejax.neurons.core.contract import Neuron
from spikejax.registry import load, path_of
from spikejax.surrogate import SURROGATES, Surrogate

KEY = "spikejax"
KINDS = {registry.kind: registry for registry in (NEURONS, SURROGATES)}


def written(neuron: Neuron, learn: Any, without: tuple[str, ...] = ()) -> dict[str, str]:
    """The metadata of a neuron's node.

    Args:
      neuron: the neuron; its parameters are numbers or arrays.
      learn: as in `Spiking`.
      without: fields that the node itself holds.

    >>> from spikejax.neurons.leaky_integrator import LeakyIntegrator
    >>> written(LeakyIntegrator(), None, ("decay",))["spikejax"]
    '{"neuron": {"type": "neuron leaky_integrator", "input_scaling": "none"}, "learn": null}'
    """
    described = _described(neuron)
    left = {name: value for name, value in described.items() if name not in without}
    learn = None if learn is None else list(learn)
    return {KEY: json.dumps({"neuron": left, "learn": learn})}


def read(metadata: Any, place: str) -> tuple[type, dict[str, Any], Any] | None:
    """The neuron's class, its fields as far as they were written, and what is learned; None without metadata.

    Raises:
      ValueError: metadata that is not of this library; names the node.
    """
    if KEY not in metadata:
        return None
    try:
        found = json.loads(metadata[KEY])
        model, learn = _class_of(found["neuron"]), found["learn"]
        fields = _fields_of(found["neuron"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{place}: its metadata {KEY!r} cannot be read, {error}; remove it, to read what the node says without it"
        ) from error
    return model, fields, None if learn is None else tuple(learn)


def _described(value):
    value = plain(value)
    if isinstance(value, Neuron | Surrogate):
        model: Any = value
        names = [field.name for field in dataclasses.fields(model)]
        inner = {name: _described(getattr(value, name)) for name in names}
        return {"type": _name_of(type(value)), **inner}
    if isinstance(value, jax.Array | np.ndarray):
        return {"array": np.asarray(value).tolist()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(
        f"expected a neuron of numbers, arrays, names and parts, found {type(value).__name__} {value!r} in it, which a "
        "graph cannot hold"
    )


def _made(value):
    if not isinstance(value, dict):
        return value
    return (
        jnp.asarray(value["array"]) if "array" in value else _class_of(value)(**_fields_of(value))
    )


def _fields_of(described):
    return {name: _made(value) for name, value in described.items() if name != "type"}


def _name_of(model):
    """ "neuron lif", "surrogate triangle", or "module:Name" of what no registry has."""
    for kind, registry in KINDS.items():
        for name, known in registry.items():
            if known is model:
                return f"{kind} {name}"
    return path_of(model)


def _class_of(described):
    kind, _, name = described["type"].rpartition(" ")
    model = KINDS[kind].find(name) if kind else load(name, "neuron or surrogate")
    if not (isinstance(model, type) and issubclass(model, Neuron | Surrogate)):
        raise ValueError(f"expected a neuron or a surrogate, found {name}")
    return model
