"""Members by name: those of the package, those of installed packages, and any by `module:Name`."""

import sys
import types
from importlib import metadata

import pytest

from spikejax import registry
from spikejax.neurons import NEURONS
from spikejax.neurons.core.contract import Neuron
from spikejax.neurons.lif import LIF
from spikejax.objectives import LOSSES, METRICS, REGULARISERS, TET, Accuracy
from spikejax.registry import Registry, UnknownName


class Other:
    """Not a neuron."""


def is_neuron(value):
    return isinstance(value, type) and issubclass(value, Neuron) and value is not Neuron


def test_a_name_of_the_package_or_a_module_and_a_name():
    assert NEURONS.find("lif") is LIF and NEURONS["lif"] is LIF
    assert NEURONS.find("spikejax.neurons.lif:LIF") is LIF
    assert NEURONS.name_of(LIF) == "lif" and NEURONS.name_of(Other) == f"{__name__}:Other"
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
    with pytest.raises(ValueError, match="expected a neuron called .*:Other, found <class"):
        NEURONS.find(f"{__name__}:Other")
    with pytest.raises(ValueError, match="has no name by which it can be found again"):
        registry.path_of(lambda: None)


def test_an_error_inside_of_a_module_is_not_hidden(tmp_path, monkeypatch):
    (tmp_path / "lab_broken.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        registry.load("lab_broken:X")


def install(monkeypatch, *members):
    """As if a package with these entry points, (group, name, value), was installed."""
    entries = [metadata.EntryPoint(name, value, group) for group, name, value in members]

    def entry_points(group):
        return [entry for entry in entries if entry.group == group]

    monkeypatch.setattr(registry.metadata, "entry_points", entry_points)


def test_an_entry_point_of_an_installed_package(monkeypatch):
    install(
        monkeypatch,
        ("spikejax.neurons", "from_elsewhere", "spikejax.neurons.lif:LIF"),
        ("spikejax.neurons", "no_neuron", f"{__name__}:Other"),
        ("spikejax.neurons", "broken", "no_such_module:X"),
    )
    assert NEURONS.find("from_elsewhere") is LIF
    with pytest.raises(UnknownName, match="did you mean from_elsewhere"):
        NEURONS.find("from_elsewere")
    with pytest.raises(
        UnknownName, match="expected one of adaptive_relu, .*broken, .*from_elsewhere"
    ):
        NEURONS.find("qqqqqq")
    with pytest.raises(ValueError, match="expected a neuron called no_neuron, found <class"):
        NEURONS.find("no_neuron")


def test_one_name_for_members_of_several_kinds(monkeypatch):
    group = "spikejax.objectives"
    install(
        monkeypatch,
        (group, "both", "spikejax.objectives.metrics:Accuracy"),
        (group, "both", "spikejax.objectives.losses:TET"),
    )
    assert LOSSES.find("both") is TET and METRICS.find("both") is Accuracy
    with pytest.raises(ValueError, match="expected a regulariser called both, found"):
        REGULARISERS.find("both")


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
