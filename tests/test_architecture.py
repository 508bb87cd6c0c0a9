"""The house: who may import whom, how large things may be, and what the public names say of themselves."""

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
OTHERS = sorted(
    path for folder in ("experiments", "tests") for path in (ROOT / folder).rglob("*.py")
)

# What each room may import of the package; a room is a module or a folder right under spikejax/. They stand in the
# order of the house: each imports only of those before it, so there is no circle.
ROOMS = {
    "pytree": set(),
    "registry": set(),
    "files": set(),
    "tables": set(),
    "extras": set(),
    "fields": {"pytree"},
    "paths": {"pytree", "registry"},
    "surrogate": {"pytree", "fields", "registry"},
    "dynamics": set(),
    "devices": {"files"},
    "neurons": {"surrogate", "dynamics", "fields", "registry"},
    "layers": {"dynamics", "neurons", "surrogate", "registry"},
    "networks": {"layers", "neurons", "surrogate", "dynamics"}
    | {"registry", "pytree", "fields", "files", "extras"},
    "data": {"registry", "extras", "fields", "files"},
    "inputs": {"extras", "fields", "registry"},
    "objectives": {"dynamics", "devices", "fields", "registry"},
    "training": {"devices", "inputs", "fields", "registry", "files", "extras"},
    "sweeps": {"devices"},
    "analysis": set(),
    "plot": {"extras", "files"},
    "catalogue": {"layers", "neurons", "dynamics", "surrogate", "tables"},
    "runs": {
        "layers",
        "networks",
        "neurons",
        "surrogate",
        "dynamics",
        "data",
        "inputs",
        "objectives",
    }
    | {"training", "sweeps", "devices", "plot"}
    | {"pytree", "fields", "paths", "registry", "files", "tables"},
    "recipes": {"runs", "networks", "layers", "neurons", "surrogate"}
    | {"training", "objectives", "inputs", "data"}
    | {"paths", "registry"},
    "cli": {"runs", "recipes", "catalogue", "plot", "sweeps", "devices", "data", "networks"}
    | {"neurons", "paths", "registry", "tables"},
    "__init__": {"dynamics", "fields", "layers", "networks", "neurons", "surrogate", "runs"},
    "__main__": {"cli"},
}
# Where a package may be imported at all.
HOMES = {
    "flax": {"layers", "networks"},
    "optax": {"training"},
    "orbax": {"training"},
    "matplotlib": {"plot"},
    "tensorflow_datasets": {"data"},
    "h5py": {"data"},
    "nir": {"networks"},
    "safetensors": {"networks"},
    "grain": {"inputs"},
    "PIL": {"data"},
    "librosa": {"data"},
    "tyro": {"cli"},
    "tqdm": {"training"},
    "tensorboardX": {"training"},
}


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """Every module that a file imports, also inside of functions, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name"
            if node.module == "spikejax":
                yield from (f"spikejax.{alias.name}" for alias in node.names)
            else:
                yield node.module


def by_path(paths, root=ROOT):
    return {"argvalues": paths, "ids": [str(path.relative_to(root)) for path in paths]}


def test_every_room_is_known():
    assert {room(path) for path in SOURCES} == set(ROOMS)


def test_rooms_stand_above_what_they_import():
    below = set()
    for name, allowed in ROOMS.items():
        # The package's own face looks at runs only when asked for, and stands beside the command line.
        assert allowed <= below, f"{name} imports {allowed - below}, which do not stand below it"
        below.add(name)


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_imports_all_that_it_may(name):
    """What is allowed is used: the list says how the house is, not how it once was."""
    found = set()
    for path in SOURCES:
        if room(path) == name:
            modules = (module.split(".") for module in imports(path))
            found |= {parts[1] for parts in modules if parts[0] == "spikejax" and len(parts) > 1}
    assert ROOMS[name] <= found | {name}, f"not imported: {ROOMS[name] - found}"


@pytest.mark.parametrize("path", **by_path(SOURCES, PACKAGE))
def test_imports_point_downwards(path):
    own = room(path)
    for name in imports(path):
        package, _, rest = name.partition(".")
        if package == "spikejax":
            # A room or a module of the ground: from the package's own face, which has names of all rooms, nothing.
            target = rest.partition(".")[0]
            assert target in {own, *ROOMS[own], "__version__"}, f"{own} imports {name}"
        assert own in HOMES.get(package, {own}), f"{package} is for {HOMES.get(package)}"
        assert package != "experiments"


def test_where_custom_vjp_and_scans_stand():
    def files_with(text):
        return {room(path) for path in SOURCES if text in path.read_text(encoding="utf-8")}

    # The rules of a spike, of the fused kernels, and of a convolution.
    assert files_with("jax.custom_vjp") == {"surrogate", "dynamics", "layers"}
    # Over time in dynamics; over micro-batches, the batches of an epoch and the images of a convolution elsewhere; that
    # of another program.
    assert files_with("lax.scan(") == {"dynamics", "layers", "training", "sweeps", "analysis"}
    pallas = {
        path.parent.name for path in SOURCES if "import pallas" in path.read_text(encoding="utf-8")
    }
    assert pallas == {"kernels"}


@pytest.mark.parametrize("path", **by_path(SOURCES + OTHERS))
def test_one_idea_a_file(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    assert path.stem not in ("utils", "helpers", "common", "misc")
    assert ast.get_docstring(ast.parse(text)) or path.name == "__init__.py" and not text


def test_the_root_is_small():
    modules = [path for path in PACKAGE.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= 10


@pytest.mark.parametrize("path", **by_path(SOURCES, PACKAGE))
def test_functions_are_small(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            given = node.args
            count = len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs)
            assert count - (given.args[:1] != [] and given.args[0].arg in ("self", "cls")) <= 9, (
                node.name
            )
            assert (node.end_lineno or 0) - node.lineno < 110, node.name


def asks(node):
    """Whether a call asks whether an object has an attribute: `hasattr`, or `getattr` with a default."""
    name = getattr(node.func, "id", None)
    return name == "hasattr" or (name == "getattr" and len(node.args) == 3)


def test_little_is_asked_of_objects():
    """What a neuron, a network or a data set offers is declared, not probed."""
    calls = [
        path
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and asks(node)
    ]
    assert len(calls) <= 21


@pytest.mark.parametrize("path", **by_path(SOURCES, PACKAGE))
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
        "import sys; sys.modules['h5py'] = None\n"
        "from spikejax.data.formats.events_hdf5 import read; read('x.h5', 1)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    hint = 'h5py is not installed; install it with: pip install "spikejax[all]"'
    assert done.returncode == 1 and done.stderr.strip().endswith(hint)


def test_modules_do_not_share_a_name_with_what_they_export():
    for path in SOURCES:
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        module = importlib.import_module(dotted)
        own = module.__name__.rpartition(".")[2]
        values = vars(module).items()
        defined = [name for name, x in values if getattr(x, "__module__", "") == module.__name__]
        assert own not in defined, module.__name__
