"""What every tool's networks are made of and driven with, and the record of what they did.  Needs NumPy and nir."""

import io
import json
import zlib
from importlib.metadata import version
from pathlib import Path

import nir
import numpy as np

FOLDER = Path(__file__).parent
STEPS, BATCH, SIZES = 16, 3, (6, 8, 4)
IMAGE, CHANNELS = (2, 4, 4), 3  # channels first
DECAY, SYNAPTIC, THRESHOLD = 0.75, 0.5, 0.9


def draws(name: str, shape: tuple[int, ...], scale: float) -> np.ndarray:
    """Normal values, other draws for another name, of few digits: sums of them are exact in any order."""
    values = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape)
    return (np.round(64 * scale * values) / 64).astype(np.float32)


def weights(name: str, outputs: int, inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """W `[outputs, inputs]` and b of a layer."""
    return draws(f"{name} W", (outputs, inputs), 0.7), draws(f"{name} b", (outputs,), 0.2)


def currents(images: bool = False) -> np.ndarray:
    """The inputs `[T, B, *F]`."""
    return draws("inputs", (STEPS, BATCH, *(IMAGE if images else SIZES[:1])), 1.0)


class Record:
    """The graphs that a tool wrote, what its networks did, and what it made of other graphs."""

    def __init__(self, tool: str, *packages: str):
        self.arrays: dict[str, np.ndarray] = {}
        self.meta = {"versions": {name: version(name) for name in (*packages, "nir")}, "errors": {}}
        self.tool = tool

    def wrote(self, name: str, graph, outputs: np.ndarray) -> None:
        """A graph and the outputs `[T, B, F]` of the network that it was made of."""
        file = io.BytesIO()
        nir.write(file, graph)
        self.arrays[f"{name}/graph"] = np.frombuffer(file.getvalue(), np.uint8)
        self.arrays[f"{name}/outputs"] = np.asarray(outputs, np.float32)

    def attempt(self, name: str, function) -> None:
        """Records what a function records, or the error that it raises."""
        try:
            function()
        except Exception as error:
            self.meta["errors"][name] = f"{type(error).__name__}: {error}".splitlines()[0][:300]

    def read(self, name: str, outputs: np.ndarray) -> None:
        """The outputs of a graph of spikejax in this tool."""
        self.arrays[f"spikejax {name}/outputs"] = np.asarray(outputs, np.float32)

    def save(self) -> None:
        """Writes the file and prints a line for each network."""
        for name, values in self.arrays.items():
            if name.endswith("outputs"):
                print(f"{self.tool} {name}: mean {values.mean():.3f}")
        for name, error in self.meta["errors"].items():
            print(f"{self.tool} {name}: {error}")
        meta = np.array(json.dumps(self.meta, sort_keys=True))
        np.savez_compressed(FOLDER / f"{self.tool}.npz", meta=meta, **self.arrays)


def graphs() -> dict[str, nir.NIRGraph]:
    """The graphs that spikejax wrote, by name."""
    with np.load(FOLDER / "spikejax.npz") as arrays:
        found = {n: arrays[n].tobytes() for n in arrays.files if n.endswith("/graph")}
    return {name.removesuffix("/graph"): nir.read(io.BytesIO(x)) for name, x in found.items()}
