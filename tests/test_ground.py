"""The ground: specs as pytrees, their fields, values by path, members by name."""

import dataclasses
import sys
import types
from importlib import metadata
from typing import ClassVar

import chex
import flax.linen as nn
import jax
import numpy as np
import pytest

from spikejax import paths, pytree, registry
from spikejax.fields import Leaf, fields_of, option, param, part, setting, size, spec
from spikejax.neurons import NEURONS
from spikejax.neurons.core.contract import Neuron
from spikejax.neurons.lif import LIF
from spikejax.registry import Registry, UnknownName


@spec
class Inner:
    """A spec inside another one."""

    width: Leaf = param(default=1.0, low=0, high=2, unit="s", doc="how wide")
    kind: str = option(default="a", choices=("a", "b"), doc="which")

    derived: ClassVar = ("half",)

    @property
    def half(self):
        return self.width / 2

    def with_derived(self, half):
        return dataclasses.replace(self, width=2 * half)


class Net(nn.Module):
    """A Flax module, of which JAX knows nothing."""

    units: int
    gain: float = 1.0
    inner: Inner = Inner()


@spec
class Outer:
    """A spec of specs."""

    count: int = size(default=2, low=1, doc="how many")
    level: Leaf = param(default=0.5, doc="where")
    limit: Leaf = param(default=None, low=0, doc="how far; anywhere if None")
    name: str = setting(default="x", doc="what")
    inner: Inner = part(default=Inner(), doc="inside")
    several: tuple = part(default=(), doc="some")
    net: Net | None = part(default=None, doc="a module")
    fixed: Inner = part(default=Inner(), static=True, doc="structure")

    def check(self):
        if self.count > 5:
            raise ValueError("expected a count up to 5")


WHOLE = Outer(several=(Inner(width=0.1), Inner(kind="b")), net=Net(3, gain=0.25))


# --- Pytrees --------------------------------------------------------------------------------------


def test_numbers_are_leaves_and_choices_structure():
    leaves = jax.tree.leaves(WHOLE)
    assert leaves == [0.5, 1.0, 0.1, 1.0, 0.25, 1.0]
    other = jax.tree.unflatten(jax.tree.structure(WHOLE), [2.0] * 6)
    assert (other.level, other.several[1].width, other.net.gain, other.net.inner.width) == (2,) * 4
    assert other.fixed == Inner() and other.several[1].kind == "b" and other.net.units == 3
    for changes in ({"count": 3}, {"name": "y"}, {"net": Net(4)}, {"several": ()}, {"limit": 1.0}):
        changed = dataclasses.replace(WHOLE, **changes)
        assert jax.tree.structure(changed) != jax.tree.structure(WHOLE)
    chex.assert_trees_all_equal_structs(WHOLE, dataclasses.replace(WHOLE, level=7.0))


def test_a_program_serves_all_values():
    traced = chex.assert_max_traces(lambda outer: outer.level * outer.net.gain, n=1)
    function = jax.jit(traced)
    for level in (1.0, 2.0):
        assert function(dataclasses.replace(WHOLE, level=level)) == level / 4


def test_equal_by_contents():
    array = Inner(width=np.array([0.5, 1.0]))
    assert array == Inner(width=np.array([0.5, 1.0])) != Inner(width=np.array([0.5, 1.5]))
    assert hash(array) == hash(Inner(width=np.array([0.5, 1.0])))
    assert Inner() != Outer() and Inner() == Inner() and len({Inner(), Inner()}) == 1


def test_classes_with_the_same_fields_have_other_structures():
    @spec
    class Twin:
        width: Leaf = param(default=1.0, doc="")
        kind: str = option(default="a", choices=("a", "b"), doc="")

    assert jax.tree.structure(Twin()) != jax.tree.structure(Inner())


def test_a_gradient_is_not_held_to_the_bounds():
    gradient = jax.grad(lambda inner: -100 * inner.width)(Inner())
    assert type(gradient) is Inner and gradient.width == -100


# --- Fields ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values, message",
    [
        ({"width": 3.0}, r"Inner.width must lie in \[0, 2\], found 3.0"),
        ({"width": np.array([1.0, -1.0])}, "Inner.width must lie in"),
        ({"width": float("nan")}, "Inner.width must lie in .* found nan"),
        ({"width": "1"}, "Inner.width must be a number, an array or an initialiser, found '1'"),
        ({"width": True}, "found True"),
        ({"width": [1.0]}, "give an array"),
        ({"width": None}, "found None"),
        ({"kind": "c"}, r"Inner.kind must be one of \('a', 'b'\), found 'c'"),
    ],
)
def test_values_that_cannot_be(values, message):
    with pytest.raises(ValueError, match=message):
        Inner(**values)


@pytest.mark.parametrize(
    "values, message",
    [
        ({"count": 0}, "Outer.count must be an integer of at least 1, found 0"),
        ({"count": 2.0}, "found 2.0"),
        ({"count": True}, "found True"),
        ({"count": 6}, "expected a count up to 5"),
        ({"limit": -1.0}, "Outer.limit must lie in"),
    ],
)
def test_sizes_that_cannot_be(values, message):
    with pytest.raises(ValueError, match=message):
        Outer(**values)


def test_values_that_can():
    assert Inner(width=1).width == 1.0 and isinstance(Inner(width=1).width, float)
    assert Outer(limit=None).limit is None and Outer(limit=2).limit == 2.0
    jax.jit(lambda width: Inner(width=width).width)(5.0)  # a traced value is not looked at
    assert callable(Inner(width=nn.initializers.ones).width)
    assert list(fields_of(Outer)) == ["level", "limit"] and list(fields_of(Outer, "size")) == [
        "count"
    ]
    with pytest.raises(TypeError):
        Inner(1.0)  # by name only


# --- Paths ----------------------------------------------------------------------------------------


def test_places():
    found = paths.places(WHOLE)
    roles = {path: place.role for path, place in found.items()}
    assert roles["level"] == roles["inner.width"] == roles["several.0.width"] == "leaf"
    assert roles["net.gain"] == roles["net.inner.width"] == "leaf"
    assert roles["count"] == roles["net.units"] == roles["several.1.kind"] == "choice"
    assert roles["inner"] == roles["net"] == "part" and roles["inner.half"] == "derived"


@pytest.mark.parametrize(
    "path, full",
    [("level", "level"), ("gain", "net.gain"), ("net.inner.width", "net.inner.width"),
     ("inner.width", "inner.width"), ("0.kind", "several.0.kind")],
)  # fmt: skip
def test_a_path_or_any_end_of_it_that_is_unique(path, full):
    assert paths.find(path, paths.places(WHOLE)) == full


def test_paths_that_are_not_there_or_not_unique():
    known = paths.places(WHOLE)
    with pytest.raises(UnknownName, match="width is ambiguous: .*net.inner.width"):
        paths.find("width", known)
    with pytest.raises(UnknownName, match="unknown setting 'gian'; did you mean gain"):
        paths.find("gian", known)


def test_replaced_by_path():
    changes = {"net.gain": 3.0, "several.1.width": 0.7, "inner.half": 0.25, "inner.kind": "b"}
    found = paths.replace(WHOLE, {**changes, "count": 4, "net.units": 9})
    assert (found.net.gain, found.net.units, found.several[1].width) == (3.0, 9, 0.7)
    assert found.inner == Inner(width=0.5, kind="b") and found.count == 4
    assert found.several[0] == WHOLE.several[0] and WHOLE.net.gain == 0.25
    whole = paths.replace(WHOLE, {"inner": Inner(width=2.0), "inner.kind": "b"})
    assert whole.inner == Inner(width=2.0, kind="b")
    with pytest.raises(ValueError, match="Inner.width must lie in"):
        paths.replace(WHOLE, {"several.0.width": 5.0})


def test_a_module_keeps_its_name():
    named = Net(3, name="first")
    assert paths.replace(named, {"gain": 2.0}).name == "first"
    assert pytree.rebuilt(named, {}).units == 3


# --- Names ----------------------------------------------------------------------------------------


def is_neuron(value):
    return isinstance(value, type) and issubclass(value, Neuron) and value is not Neuron


def test_a_name_of_the_package_or_a_module_and_a_name():
    assert NEURONS.find("lif") is LIF and NEURONS["lif"] is LIF
    assert NEURONS.find("spikejax.neurons.lif:LIF") is LIF
    assert NEURONS.name_of(LIF) == "lif" and NEURONS.name_of(Inner) == f"{__name__}:Inner"
    with pytest.raises(TypeError):
        NEURONS["mine"] = LIF  # pyright: ignore


def test_names_that_are_not_there():
    with pytest.raises(UnknownName, match="unknown neuron 'tclif'; did you mean tc_lif"):
        NEURONS.find("tclif")
    with pytest.raises(ValueError, match="expected a neuron at no_such:X, found no module no_such"):
        NEURONS.find("no_such:X")
    with pytest.raises(
        ValueError, match="found no 'LIV' in spikejax.neurons.lif; did you mean LIF"
    ):
        NEURONS.find("spikejax.neurons.lif:LIV")
    with pytest.raises(ValueError, match="expected a neuron called .*:Inner, found <class"):
        NEURONS.find(f"{__name__}:Inner")
    with pytest.raises(ValueError, match="has no name by which it can be found again"):
        registry.path_of(lambda: None)


def test_an_error_inside_of_a_module_is_not_hidden(tmp_path, monkeypatch):
    (tmp_path / "lab_broken.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        registry.load("lab_broken:X")


def test_an_entry_point_of_an_installed_package(monkeypatch):
    def entry_points(group, name):
        found = metadata.EntryPoint(name, "spikejax.neurons.lif:LIF", group)
        return [found] if (group, name) == ("spikejax.neurons", "from_elsewhere") else []

    monkeypatch.setattr(registry.metadata, "entry_points", entry_points)
    assert NEURONS.find("from_elsewhere") is LIF
    with pytest.raises(UnknownName):
        NEURONS.find("from_nowhere")


@pytest.mark.parametrize(
    "files, message",
    [
        ({"two": "A, B"}, "expected one neuron in lab_room.two, found 2; keep one per file"),
        ({"one": "A", "other": "A"}, "two members of lab_room are called same; rename one"),
    ],
)
def test_a_room_that_cannot_be(files, message, tmp_path, monkeypatch):
    room = tmp_path / "lab_room"
    room.mkdir()
    (room / "__init__.py").touch()
    for name, classes in files.items():
        text = "from spikejax.neurons.lif import LIF\n"
        for member in classes.split(", "):
            text += f"class {member}(LIF):\n    spec_name = None\n"
        if len(files) > 1:
            text = text.replace("None", "'same'")
        (room / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [n for n in sys.modules if n.startswith("lab_room")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError, match=message):
        Registry("neuron", "lab_room", is_neuron)
    assert isinstance(sys.modules["lab_room"], types.ModuleType)
    for name in [n for n in sys.modules if n.startswith("lab_room")]:
        sys.modules.pop(name)
