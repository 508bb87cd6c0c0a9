"""The ground: specs as pytrees, their fields, values by path."""

import dataclasses
from typing import ClassVar

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax import paths, pytree
from spikejax.fields import Leaf, fields_of, option, param, part, setting, size, spec
from spikejax.registry import UnknownName


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
        (
            {"width": "1"},
            "Inner.width must be a real number, an array or an initialiser, found '1'",
        ),
        ({"width": True}, "found True"),
        ({"width": [1.0]}, "give an array"),
        ({"width": None}, "found None"),
        ({"width": np.bool_(True)}, "found True"),
        ({"width": np.array("1")}, "found '1'"),
        ({"width": np.float32(2.5)}, r"Inner.width must lie in \[0, 2\], found 2.5"),
        ({"width": jnp.array([0.5, 2.5])}, "Inner.width must lie in"),
        ({"width": np.array([True])}, "found an array of bool"),
        ({"width": 1j}, "Inner.width must be a real number, an array or .*, found 1j"),
        ({"width": np.array([1j])}, "found an array of complex128"),
        ({"width": object()}, "Inner.width must be a real number, .*, found <object"),
        ({"width": jax.random.key(0)}, "found an array of key"),
        ({"width": jax.ShapeDtypeStruct((2,), jnp.complex64)}, "found an array of complex64"),
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
        ({"count": np.int64(6), "level": np.float32(1)}, "expected a count up to 5"),
    ],
)
def test_sizes_that_cannot_be(values, message):
    with pytest.raises(ValueError, match=message):
        Outer(**values)


@pytest.mark.parametrize(
    "kind", [np.float32, np.float64, np.array, jnp.float32, jnp.bfloat16, jnp.array]
)
def test_numbers_of_numpy_and_jax_are_those_of_python(kind):
    made = Outer(level=kind(0.5), limit=kind(2), count=np.int8(3), inner=Inner(width=kind(1.5)))
    assert made == Outer(level=0.5, limit=2.0, count=3, inner=Inner(width=1.5))
    assert all(type(leaf) is float for leaf in jax.tree.leaves(made))
    assert type(made.count) is int and Outer(count=jnp.int32(3)).count == 3
    assert hash(made) == hash(dataclasses.replace(made))


def test_lists_are_tuples():
    assert Outer(several=[Inner()], name=["a", [1, 2]]) == Outer(
        several=(Inner(),), name=("a", (1, 2))
    )


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


class Chain(nn.Module):
    """A Flax module whose parts are members of a list, with what is no part among them."""

    layers: list


CHAIN = Chain([Net(3), nn.relu, Inner(width=0.5), 0.25, 7])


def test_members_of_a_list_have_their_own_roles():
    found = paths.places(CHAIN)
    roles = {path: place.role for path, place in found.items() if path.count(".") < 2}
    assert roles == {
        "layers": "part",
        "layers.0": "part",
        "layers.1": "choice",
        "layers.2": "part",
        "layers.3": "leaf",
        "layers.4": "choice",
    }
    assert found["layers.0.inner.width"].value == 1.0 and found["layers.2.width"].value == 0.5
    outer = Outer(net=CHAIN)
    assert jax.tree.leaves(outer) == [0.5, 1.0, 1.0, 1.0, 0.5, 0.25]
    doubled = jax.tree.map(lambda x: 2 * x, outer).net
    assert doubled == Chain([Net(3, 2.0, Inner(width=2.0)), nn.relu, Inner(width=1.0), 0.5, 7])


def test_members_of_a_list_are_replaced():
    found = paths.replace(CHAIN, {"0.gain": 3.0, "layers.1": nn.tanh, "2": Inner(), "2.kind": "b"})
    assert found == Chain([Net(3, gain=3.0), nn.tanh, Inner(kind="b"), 0.25, 7])
