"""A throwaway environment for each library: pinned, created once, kept under `.cache/peers/NAME`.

`python -m experiments.peers.environments [NAME ...]` creates them beforehand.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2] / ".cache" / "peers"
# The same PyTorch for all. If a CPU build is offered besides the usual one, installers prefer it.
TORCH = "torch==2.13.0"


def _here(*packages: str) -> tuple[str, ...]:
    """The versions installed here, so that JAX libraries differ in nothing else."""
    return tuple(f"{package}=={metadata.version(package)}" for package in packages)


@dataclass(frozen=True)
class Pins:
    """What is installed.

    Args:
      requirements: installed with their dependencies.
      bare: installed without dependencies; those in use are among the requirements. SpikingJelly and Norse depend on
        torchvision, which has a build for GPUs alone (gigabytes), and on packages for data sets and plots.
      python: the minimum version; where this Python is older, uv finds or downloads that one.
    """

    requirements: tuple[str, ...]
    bare: tuple[str, ...] = ()
    python: tuple[int, int] = (3, 11)


PINS = {
    "spyx": Pins(("spyx==1.0.0", *_here("jax", "jaxlib", "flax", "optax", "numpy"))),
    "jaxpike": Pins(("jaxpike==0.1.4", *_here("jax", "jaxlib", "optax", "numpy"))),
    "snntorch": Pins(("snntorch==1.0.0", TORCH, *_here("numpy"))),
    "spikingjelly": Pins(
        (TORCH, "loguru<1", "packaging", *_here("numpy")), bare=("spikingjelly==2.0.0",)
    ),
    # Its trainer requires this version of JAX, and that one of Flax.
    "sparxml": Pins(
        (
            *("sparxml==0.1.1", "dewml==0.1.0", "jax==0.11.2", "jaxlib==0.11.2", "flax==0.12.12"),
            *_here("optax", "numpy"),
        ),
        python=(3, 12),
    ),
    "norse": Pins((TORCH, "nir==1.0.8", "nirtorch==2.6", *_here("numpy")), bare=("norse==1.1.0",)),
}


class Unavailable(Exception):
    """A library cannot be installed here; says why in one line."""


class NoPython(Exception):
    """No Python of the version that a library needs; names it, and says what was tried."""


def interpreter(name: str) -> Path:
    """The Python of a library's environment, which is created if it is missing or has other pins.

    Raises:
      Unavailable: there is no Python that is new enough for it, or the installation fails.
    """
    pins = PINS[name]
    folder = ROOT / name
    python = folder / "bin" / "python"
    made, wanted = folder / "pins.json", json.dumps(asdict(pins))
    if not made.is_file() or made.read_text(encoding="utf-8") != wanted:
        print(f"installing {name} into {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _install(folder, python, pins)
        except NoPython as error:
            raise Unavailable(f"{name} needs {error}") from error
        except (OSError, subprocess.CalledProcessError) as error:
            said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
            raise Unavailable(
                f"{name} cannot be installed: {said[-1] if said else error}"
            ) from error
        made.write_text(wanted, encoding="utf-8")
    return python


def _install(folder: Path, python: Path, pins: Pins) -> None:
    uv = shutil.which("uv")
    if sys.version_info[:2] < pins.python:
        _create_with(uv, folder, "{}.{}".format(*pins.python))
    elif uv:
        _run(uv, "venv", "--python", sys.executable, str(folder))
    else:
        _run(sys.executable, "-m", "venv", str(folder))
    if uv:
        install = [uv, "pip", "install", "--python", str(python)]
    else:
        install = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    _run(*install, *pins.requirements)
    if pins.bare:
        _run(*install, "--no-deps", *pins.bare)


def _create_with(uv: str | None, folder: Path, version: str) -> None:
    """An environment of another Python than this one, which is too old."""
    wanted = f"Python {version} or newer: this is {sys.version_info[0]}.{sys.version_info[1]}"
    if uv is None:
        raise NoPython(f"{wanted}, and there is no uv that could provide it")
    try:
        _run(uv, "venv", "--python", version, str(folder))
    except subprocess.CalledProcessError as error:
        raise NoPython(f"{wanted}, and uv neither finds nor downloads {version}") from error


def _run(*command: str) -> None:
    # An interpreter in another environment must not see the packages of this one.
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, check=True, capture_output=True, text=True, env=clean)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or PINS:
        try:
            print(interpreter(wanted))
        except Unavailable as problem:
            print(problem)
