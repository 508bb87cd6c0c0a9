"""What every peer is driven with, and the record of what it did.  Needs NumPy alone.

The loss's weights are multiples of a small power of two: they compress well.
"""

import json
import platform
import sys
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np

STEPS, BATCH, FEATURES = 24, 2, 3
SHAPE = (STEPS, BATCH, FEATURES)
FLAT = 1e-5  # a membrane nearer to its threshold could spike or not by rounding alone
RATES = (0.1, 0.6)  # spikes for each neuron and step


def dyadic(values, denominator: int) -> np.ndarray:
    return np.asarray(np.round(np.asarray(values) * denominator) / denominator, np.float32)


@dataclass(frozen=True)
class Drive:
    """Normal currents: `offset + scale * N(0, 1)`."""

    scale: float
    offset: float
    seed: int = 0
    shape: tuple[int, ...] = SHAPE

    def currents(self) -> np.ndarray:
        draws = np.random.default_rng(self.seed).standard_normal(self.shape)
        return (self.offset + self.scale * draws).astype(np.float32)


def weights(variable: str, shape: tuple[int, ...]) -> np.ndarray:
    """What the loss multiplies `variable` with: N(0, 1), other draws for another name."""
    return dyadic(_generator("weights", variable).standard_normal(shape), 4)


def parameter(name: str, shape: tuple[int, ...], scale: float, offset: float = 0.0) -> np.ndarray:
    """A parameter's values: `offset + scale * U(-1, 1)`, other draws for another name."""
    return dyadic(offset + scale * _generator("parameter", name).uniform(-1, 1, shape), 4096)


def _generator(*names: str) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(name.encode()) for name in names])


def surrogate_grid() -> np.ndarray:
    """401 points in [-2, 2] and ±10; none is 0 or a border (0.25, 0.5, 1, ...) of a piece."""
    numerators = 10 * np.arange(-200, 201) + 1
    return np.concatenate([[-10], numerators / 1024, [10]]).astype(np.float32)


def distance(excess: np.ndarray, borders: tuple[float, ...]) -> float:
    """The least distance of the spike function's arguments from its borders."""
    return min(float(np.abs(excess - border).min()) for border in borders)


class Record:
    """Collects a peer's cases, checks them and writes them to one file."""

    def __init__(self, peer: str, frameworks: tuple[str, ...]):
        self.arrays: dict[str, np.ndarray] = {}
        self.meta = {
            "peer": peer,
            "version": version(peer),
            "date": date.today().isoformat(),
            "python": platform.python_version(),
            "frameworks": {name: version(name) for name in (*frameworks, "numpy")},
            "cases": {},
            "surrogates": {},
            "defects": [],
        }

    def case(
        self,
        name: str,
        *,
        model: str,
        source: str,
        settings: Mapping[str, object],
        drive: Drive,
        traces: Mapping[str, np.ndarray],
        gradients: Mapping[str, np.ndarray],
        excess: np.ndarray | None = None,
        borders: tuple[float, ...] = (0.0,),
        parameters: Mapping[str, np.ndarray] | None = None,
        note: str = "",
        emitted: tuple[int, ...] = (0, 1),
    ) -> None:
        """Adds a case; `traces` holds "spikes", if the model has any, and the variables.

        `borders` are the arguments at which the spike function or its derivative jumps, `emitted` what spikes may be.
        """
        if name in self.meta["cases"]:
            raise ValueError(f"{name} is recorded already")
        entry = {
            "model": model,
            "class": source,
            "settings": dict(settings),
            "drive": asdict(drive),
            "variables": [variable for variable in traces if variable != "spikes"],
            "gradients": list(gradients),
            "note": note,
        }
        arrays = {"currents": drive.currents(), **traces}
        arrays |= {f"weights_{key}": weights(key, value.shape) for key, value in traces.items()}
        arrays |= {f"parameter_{key}": value for key, value in (parameters or {}).items()}
        arrays |= {f"gradient_{key}": value for key, value in gradients.items()}
        if "spikes" in traces:
            arrays["excess"] = excess
            entry["rate"] = round(float(traces["spikes"].mean()), 4)
            entry["distance"] = distance(excess, borders)
            if not RATES[0] <= entry["rate"] <= RATES[1]:
                raise ValueError(f"{name}: rate {entry['rate']}, {RATES} wanted")
            if entry["distance"] < FLAT:
                raise ValueError(f"{name}: {entry['distance']} from a border, choose another seed")
            if not np.isin(traces["spikes"], emitted).all():
                raise ValueError(f"{name}: spikes other than {emitted}")
        for key, value in arrays.items():
            if value.dtype != np.float32:
                raise ValueError(f"{name}/{key} is {value.dtype}")
            if not np.isfinite(value).all():
                raise ValueError(f"{name}/{key} is not finite")
            if key.startswith("gradient_") and not value.any():
                raise ValueError(f"{name}/{key} is zero throughout")
        self.meta["cases"][name] = entry
        self.arrays |= {f"{name}/{key}": value for key, value in arrays.items()}

    def surrogate(
        self,
        name: str,
        *,
        source: str,
        settings: Mapping[str, object],
        derivative: np.ndarray,
        note: str = "",
    ) -> None:
        """Adds a surrogate's derivative on the grid, where it is finite."""
        x = surrogate_grid()
        finite = np.isfinite(derivative)
        self.meta["surrogates"][name] = {
            "function": source,
            "settings": dict(settings),
            "note": note,
        }
        self.arrays[f"surrogate/{name}/x"] = x[finite]
        self.arrays[f"surrogate/{name}/derivative"] = derivative[finite].astype(np.float32)

    def defect(self, case: str, defect: str) -> None:
        self.meta["defects"].append({"case": case, "defect": defect})

    def save(self, path: Path) -> None:
        """Writes the file and prints a line for each case."""
        for name, entry in self.meta["cases"].items():
            gradient = np.abs(self.arrays[f"{name}/gradient_currents"]).max()
            print(
                f"{name:44} rate {entry.get('rate', float('nan')):.3f}"
                f"  distance {entry.get('distance', float('nan')):.1e}  gradient {gradient:.2e}"
            )
        np.savez_compressed(path, meta=np.array(json.dumps(self.meta)), **self.arrays)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def output() -> Path:
    """The file to write: the script's argument."""
    return Path(sys.argv[1])
