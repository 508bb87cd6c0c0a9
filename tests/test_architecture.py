"""The house: who may import whom, how long a file may be, and what the public names say of themselves."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import spikejax

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "spikejax"
SOURCES = sorted(PACKAGE.rglob("*.py"))

# What each room may import of the package; a room is a module or a folder right under spikejax/. A room
# stands below all that import it: no circle, no arrow that runs back up.
ROOMS = {
    "pytree": set(),
    "registry": set(),
    "extras": set(),
    "surrogate": {"pytree"},
    "dynamics": set(),
    "neurons": {"surrogate", "dynamics", "pytree", "registry"},
    "layers": {"dynamics", "neurons"},
    "networks": {"layers", "neurons"},
    "data": {"registry", "extras"},
    "inputs": set(),
    "devices": set(),
    "objectives": {"inputs", "dynamics", "devices"},
    "training": {"devices", "inputs", "extras", "runs"},
    "sweeps": {"devices", "training"},
    "plot": {"extras"},
    "catalogue": {"neurons", "dynamics", "surrogate", "runs"},
    "recipes": {"neurons"},
    "runs": {"recipes", "catalogue", "networks", "neurons", "surrogate", "registry", "plot", "data"}
    | {"devices", "inputs", "objectives", "sweeps", "training"},
    "cli": {"runs", "recipes", "catalogue", "plot", "sweeps", "training", "devices", "data"}
    | {"neurons", "surrogate", "registry", "extras"},
    "__main__": {"cli"},
    "__init__": {"dynamics", "layers", "networks", "neurons", "surrogate"},
}
# Where a package may be imported at all.
HOMES = {
    "flax": {"layers", "networks"},
    "optax": {"training"},
    "orbax": {"training"},
    "matplotlib": {"plot"},
    "tensorflow_datasets": {"data"},
    "h5py": {"data"},
    "tyro": {"cli"},
}


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """Every module that a file imports, also inside functions, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name"
            if node.module == "spikejax":
                yield from (f"spikejax.{alias.name}" for alias in node.names)
            else:
                yield node.module


def test_every_room_is_known():
    assert {room(path) for path in SOURCES} == set(ROOMS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(path):
    own = room(path)
    for name in imports(path):
        package, _, rest = name.partition(".")
        if package == "spikejax" and rest:
            target = rest.partition(".")[0]
            assert target == own or target in ROOMS[own], f"{own} must not import {name}"
        assert own in HOMES.get(package, {own}), (
            f"{package} is imported outside {HOMES.get(package)}"
        )


def test_custom_vjp_and_the_scan_over_steps_stand_in_one_place():
    def files_with(text):
        return {room(path) for path in SOURCES if text in path.read_text(encoding="utf-8")}

    assert files_with("jax.custom_vjp") == {"surrogate"}
    assert files_with("lax.scan(") == {"dynamics", "training"}


@pytest.mark.parametrize(
    "path", SOURCES + sorted((ROOT / "experiments").glob("*/*.py")), ids=lambda path: path.name
)
def test_one_idea_a_file(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
    assert path.stem not in ("utils", "helpers", "common", "misc")
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_public_definitions_are_documented(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


@pytest.mark.parametrize("name", spikejax.__all__)
def test_public_names_exist_and_speak(name):
    value = getattr(spikejax, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert inspect.getdoc(value)


def test_importing_the_library_is_light():
    heavy = ["tensorflow_datasets", "orbax", "matplotlib", "optax", "tyro", "tqdm"]
    code = f"import sys, spikejax; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_extra_is_named_in_one_line():
    code = (
        "import sys; sys.modules['tyro'] = None\n"
        "from spikejax.cli import main; raise SystemExit(main(['train', 'digits']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert (
        done.stderr.strip()
        == 'spikejax: tyro is not installed; install it with: pip install "spikejax[all]"'
    )


def test_modules_do_not_share_a_name_with_what_they_export():
    for path in SOURCES:
        module = importlib.import_module(
            ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        )
        own = module.__name__.rpartition(".")[2]
        defined = [
            name
            for name, value in vars(module).items()
            if getattr(value, "__module__", "") == module.__name__
        ]
        assert own not in defined, module.__name__
