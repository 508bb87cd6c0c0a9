"""A page for each subpackage, with all of its public names: those of `__all__`, else what its modules define.

A name that `spikejax` itself has is described there, and elsewhere referred to.
"""

import importlib
import inspect
from pathlib import Path
from typing import Any

import spikejax
from spikejax import files
from spikejax.registry import Registry

GENERATED = Path(__file__).parent.parent / "generated" / "api"
MODULES = (
    *("spikejax", "spikejax.dynamics", "spikejax.neurons", "spikejax.neurons.core.contract"),
    *("spikejax.neurons.wrappers", "spikejax.surrogate", "spikejax.layers"),
    *("spikejax.layers.normalisation.folding", "spikejax.networks", "spikejax.networks.core.nir"),
    *("spikejax.networks.core.online", "spikejax.networks.core.quantisation"),
    *("spikejax.networks.core.weights", "spikejax.data"),
    *("spikejax.data.core.frames", "spikejax.inputs", "spikejax.objectives", "spikejax.training"),
    *("spikejax.runs", "spikejax.runs.report", "spikejax.recipes", "spikejax.sweeps.grid"),
    *("spikejax.sweeps.groups", "spikejax.analysis", "spikejax.plot", "spikejax.devices.plan"),
    *("spikejax.catalogue.descriptions", "spikejax.catalogue.evidence"),
    *("spikejax.catalogue.portrait", "spikejax.fields", "spikejax.paths", "spikejax.registry"),
)
# Subpackages whose members are found by name and are not all in `__all__`.
FAMILIES = ("spikejax.networks", "spikejax.data")


def setup(app: Any) -> dict[str, bool]:
    """Writes the pages before Sphinx looks for pages."""
    app.connect("builder-inited", lambda app: write())
    return {"parallel_read_safe": True}


def write() -> None:
    """Writes a page for each module."""
    for name in MODULES:
        path, text = GENERATED / f"{name}.md", page(name)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            files.write_text(path, text)


def public(module: Any) -> dict[str, Any]:
    """The public names of a module."""
    if names := getattr(module, "__all__", None):
        return {name: getattr(module, name) for name in names}
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    }


def entries(name: str) -> dict[str, Any]:
    """What a page is about, by its name from the module on."""
    found = public(importlib.import_module(name))
    if name in FAMILIES:
        for registry in [value for value in found.values() if isinstance(value, Registry)]:
            for member in registry.values():
                if member not in found.values():
                    path = member.__module__.removeprefix(f"{name}.")
                    found[f"{path}.{member.__name__}"] = member
    return found


def face(value: Any) -> str:
    """The name by which `spikejax` itself has an object; "" if it does not."""
    return next((name for name in spikejax.__all__ if getattr(spikejax, name) is value), "")


def page(name: str) -> str:
    """A module's docstring, a table of its names, and each of them."""
    found, known = entries(name), []
    if name != "spikejax":
        known = [face(value) for value in found.values() if face(value)]
        found = {key: value for key, value in found.items() if not face(value)}
    table = [key for key, value in found.items() if not _is_data(value)]
    lines = [f"# {name}", "", "```{eval-rst}", f".. automodule:: {name}", ""]
    if table:
        rows = [f"   ~{key}" for key in table]
        lines += [".. autosummary::", "   :nosignatures:", "", *rows, ""]
    if known:
        links = ", ".join(f":py:obj:`spikejax.{key}`" for key in known)
        lines += [f"Described with the names of ``spikejax``: {links}.", ""]
    for key, value in found.items():
        lines += described(f"{name}.{key}", value)
    return "\n".join([*lines, "```", ""])


def _is_data(value):
    return isinstance(value, Registry) or not callable(value)


def described(path: str, value: Any) -> list[str]:
    """The directive for a name."""
    if isinstance(value, Registry):
        members = ", ".join(f"``{name}``" for name in value)
        return [f".. py:data:: {path}", "", f"   Each {value.kind} by its name: {members}.", ""]
    if _is_data(value):
        return [f".. py:data:: {path}", "", f"   ``{value!r}``", ""]
    if inspect.isclass(value):
        special = ["   :special-members: __call__"] * ("__call__" in vars(value))
        return [f".. autoclass:: {path}", "   :members:", *special, ""]
    return [f".. autofunction:: {path}", ""]
