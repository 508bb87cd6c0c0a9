"""A page for each neuron: its picture, its class and what it was compared with; and the page of all of them."""

import functools
import os
from pathlib import Path
from typing import Any

import numpy as np

from spikejax import files, plot
from spikejax.catalogue import descriptions, evidence, portrait
from spikejax.neurons import NEURONS, make

ROOT = Path(__file__).parent.parent.parent
GENERATED = ROOT / "docs" / "generated" / "neurons"
# What a picture depends on, beside the neuron's own file.
SHARED = ("neurons/core", "surrogate", "catalogue/portrait.py", "plot")


def setup(app: Any) -> dict[str, bool]:
    """Writes pages and pictures before Sphinx looks for pages."""
    app.connect("builder-inited", lambda app: write())
    return {"parallel_read_safe": True}


def write() -> None:
    """Writes the pages, and the pictures that are older than their neurons."""
    for name in NEURONS:
        if _outdated(name):
            draw(name)
        _write(f"{name}.md", page(name))
    _write("cards.txt", cards())


def _write(name, text):
    path = GENERATED / name
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        files.write_text(path, text)


@functools.cache
def _newest(folder):
    path = ROOT / "spikejax" / folder
    found = [path] if path.is_file() else path.rglob("*.py")
    return max(os.path.getmtime(file) for file in found)


def _outdated(name):
    picture = GENERATED / f"{name}_small.svg"
    sources = (f"neurons/{name}.py", *SHARED)
    return not picture.exists() or os.path.getmtime(picture) < max(map(_newest, sources))


def draw(name: str) -> None:
    """A neuron's portrait, and a small picture of its response to a step for the page of all."""
    neuron = make(name)
    responses = portrait.responses(neuron)
    made = plot.portrait(
        *(responses, portrait.rates(neuron)),
        unit=neuron.current_unit,
        spiking=neuron.spiking,
        dt=portrait.step_in_ms(neuron),
    )
    plot.save(made, GENERATED / f"{name}.svg")
    plot.save(small(responses["step"], neuron.spiking), GENERATED / f"{name}_small.svg")


def small(response: portrait.Response, spiking: bool) -> Any:
    """The first variable of a response, with its spikes; the output of a neuron that has none."""
    made, axes = plot.figure(width=3.2, height=1.5)
    axis, values = axes[0, 0], [*response.variables.values(), response.spikes][0]
    if spiking:
        fired = np.nonzero(np.asarray(response.spikes))[0]
        lines = axis.get_xaxis_transform()
        axis.vlines(fired, 0, 1, plot.FAINT, linewidth=0.6, transform=lines)
    axis.plot(np.asarray(values), color=plot.INK, linewidth=0.9)
    axis.set_axis_off()
    return made


def page(name: str) -> str:
    """A neuron's page."""
    model, entry = NEURONS[name], descriptions.describe(name)
    path = f"{model.__module__}.{model.__name__}"
    return f"""# {name}

{entry["summary"]}

```{{image}} {name}.svg
:alt: responses of {name} to a step, to pulses and to noise, and its f-I curve
:class: portrait
```

```python
from spikejax.neurons import make

neuron = make("{name}")
```

`spikejax train digits --neuron {name}` trains a network of it, `spikejax neurons {name}` describes it.

## Equations and parameters

```{{eval-rst}}
.. autoclass:: {path}
   :members:

.. autoclass:: {model.State.__module__}.{model.State.__name__}
```

## What it was compared with

{compared(name)}
"""


def compared(name: str) -> str:
    """The evidence for a neuron as items."""
    found, items = evidence.of(name), []
    if oracle := found["oracle"]:
        items.append(
            f"An independent model in float64 NumPy, written from the publication, in {len(oracle['cases'])} "
            f"case{'s' * (len(oracle['cases']) > 1)}: equal spikes; largest relative difference of the state "
            f"{oracle['state']:.0e}, of gradients {oracle['gradient']:.0e} (`test_values_of_oracles.py`)."
        )
    for peer, values in found["peers"].items():
        if not values["cases"]:
            continue
        text = (
            f"Recorded traces of {', '.join(values['classes'])} of {peer} {values['version']}, "
            f"{len(values['cases'])}: equal spikes; state {values['state']:.0e}, gradients {values['gradient']:.0e}, "
            "the rounding of float32 (`test_parity.py`)."
        )
        if peer in NEURONS[name].presets:
            text += f' `make("{name}", like="{peer}")` has its settings.'
        items.append(text)
    if printed := found["printed"]:
        items.append(
            f"{printed['numbers']} values worked out from the equations (`test_values_printed.py`)."
        )
    return "\n".join(f"- {item}" for item in items)


def cards() -> str:
    """A card for each neuron."""
    return "".join(
        f""":::{{grid-item-card}} `{name}`
:link: generated/neurons/{name}
:link-type: doc
:img-top: generated/neurons/{name}_small.svg

{descriptions.describe(name)["summary"]}
:::

"""
        for name in NEURONS
    )
