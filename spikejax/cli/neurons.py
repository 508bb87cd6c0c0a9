"""`spikejax neurons [NAME ...]`."""

import dataclasses
import inspect
import json
from collections.abc import Sequence
from pathlib import Path

import tyro

from spikejax import plot
from spikejax.catalogue import descriptions, evidence, layers, portrait
from spikejax.cli.errors import UsageError
from spikejax.cli.flags import parse
from spikejax.cli.parts import member, networks_of
from spikejax.neurons import NEURONS, WRAPPERS, make
from spikejax.registry import choose


@dataclasses.dataclass(frozen=True)
class NeuronsFlags:
    """List the neuron models, the wrappers around them and the layers with dynamics of their own, describe the named
    ones, or plot one."""

    names: tyro.conf.Positional[tuple[str, ...]] = ()
    """Neurons, wrappers or layers to describe; without a name, lists all of them."""
    plot: Path | None = None
    """Plot the named neuron into this file, .png, .svg or .pdf: its response to a step, to pulses and to noise, and its
    f-I curve."""
    markdown: bool = False
    """Print a Markdown table."""
    json: bool = False
    """Print JSON."""


def command(arguments: Sequence[str]) -> int:
    """Runs the command."""
    flags = parse(NeuronsFlags, arguments, "neurons")
    known = {**NEURONS, **WRAPPERS, **layers.LAYERS}
    for name in flags.names:
        if ":" in name:
            member("neuron", name)
        else:
            choose("neuron", name, known)
    if (flags.plot is not None) + flags.markdown + flags.json > 1:
        raise UsageError("--plot, --markdown and --json exclude each other; choose one")
    kinds = {name: "wrapper" for name in WRAPPERS} | {name: "layer" for name in layers.LAYERS}
    others = [name for name in flags.names if name in kinds]
    if others and (flags.plot is not None or flags.markdown):
        flag = "--markdown" if flags.markdown else "--plot"
        raise UsageError(f"expected neurons for {flag}, found the {kinds[others[0]]} {others[0]}")
    if flags.plot is not None:
        return _portrait(flags.names, flags.plot)
    names = flags.names or tuple(NEURONS)
    if flags.markdown:
        print(descriptions.markdown(names), end="")
        return 0
    entries = [_entry(name, kinds.get(name)) for name in names]
    if flags.json:
        print(json.dumps(entries, indent=1, ensure_ascii=False))
        return 0
    if not flags.names:
        _list(entries)
        return 0
    prints = {"wrapper": _print_wrapper, "layer": _print_layer}
    for entry in entries:
        prints.get(kinds.get(entry["name"], ""), _print)(entry)
    return 0


def _entry(name, kind):
    if kind == "wrapper":
        return _wrapper(name)
    described = layers.describe(name) if kind == "layer" else descriptions.describe(name)
    return {**described, "evidence": evidence.of(name)}


def _wrapper(name):
    """What a wrapper is, as data: its docstring without the example, and its fields without the neuron inside."""
    model = WRAPPERS[name]
    text, fields = inspect.getdoc(model) or "", dataclasses.fields(model)
    return {
        "name": name,
        "class": model.__name__,
        "summary": text.partition("\n\n")[0],
        "text": text.partition("\n\n>>>")[0],
        "fields": {
            field.name: {"doc": field.metadata["doc"], "default": field.default}
            for field in fields
            if field.name != "neuron"
        },
    }


def _list(entries):
    width = max(len(entry["name"]) for entry in entries)
    for entry in entries:
        print(f"{entry['name']:<{width}} {entry['summary']}")
    print("\nwrappers, each around any neuron, composed in Python: Refractory(neuron=LIF())\n")
    for name in WRAPPERS:
        print(f"{name:<{width}} {_wrapper(name)['summary']}")
    print(
        "\nlayers with dynamics of their own, for Flax modules: spikejax.layers.DHLIF(features=64)\n"
    )
    for name in layers.LAYERS:
        print(f"{name:<{width}} {layers.describe(name)['summary']}")
    print("\nspikejax neurons NAME describes one: equations, parameters, evidence, reference")


def _print_wrapper(entry):
    print(f"{entry['name']}, a wrapper around any neuron: {entry['text']}\n")
    for field, facts in entry["fields"].items():
        print(f"  {field}: {facts['doc']}; {facts['default']}")
    print(f"\nspikejax.neurons.wrappers.{entry['class']}(neuron=LIF()) makes one in Python\n")


def _print_layer(entry):
    print(f"{entry['name']}, a layer: {entry['summary']}")
    print("\n".join(f"    {line}" for line in entry["equation"].splitlines()))
    for attribute, facts in entry["attributes"].items():
        print(f"  {attribute}: {facts['doc']} {facts['default']}")
    print(f"  deviations: {entry['deviations']}")
    print(f"  validation: {evidence.summary(entry['name'])}")
    print(f"  {entry['reference']}\n\nspikejax.layers.{entry['class']} is the layer in Python")
    for network in networks_of(entry["name"]):
        print(f"spikejax train fsd_shd --network {network} trains a network of it")
    print()


def _print(entry):
    print(f"{entry['name']}: {entry['summary']}")
    print("\n".join(f"    {line}" for line in entry["equation"].splitlines()))
    for field, facts in entry["fields"].items():
        print(f"  {field}: {_field(facts)}")
    if entry["like"]:
        print(f"  like: {', '.join(entry['like'])}")
    if entry["deviations"]:
        print(f"  deviations: {entry['deviations']}")
    print(f"  validation: {evidence.summary(entry['name'])}")
    print(f"  {entry['reference']}\n")


def _portrait(names, path):
    if len(names) != 1:
        raise UsageError("--plot takes one neuron: spikejax neurons NAME --plot out.png")
    neuron = make(names[0])
    made = plot.portrait(
        portrait.responses(neuron),
        portrait.rates(neuron),
        title=names[0],
        unit=neuron.current_unit,
        spiking=neuron.spiking,
        dt=portrait.step_in_ms(neuron),
    )
    print(plot.save(made, path))
    return 0


def _field(facts):
    """A field in words."""
    text = f"{facts['doc']}; {facts['default']}"
    if facts["kind"] == "option":
        return f"{text}, one of {', '.join(map(str, facts['choices']))}"
    if facts["kind"] == "param":
        unit = f" {facts['unit']}" if facts["unit"] else ""
        low, high = ("" if bound is None else f"{bound:g}" for bound in facts["bounds"])
        bounds = f", from {low or 'minus infinity'} to {high or 'infinity'}" if low or high else ""
        return text + unit + bounds + (", learned" if facts["learned"] else "")
    return text
