"""S-MNIST: each image of MNIST read one pixel per step, row by row, 784 steps; not normalised."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from spikejax.data.core.dataset import Dataset, Facts, Source, Split, fingerprint
from spikejax.data.mnist import MNIST
from spikejax.fields import spec


@spec
class SMNIST(Source):
    """Sequential MNIST: inputs `[60000, 784, 1]` and `[10000, 784, 1]` of values 0 to 255.

    Step t is the pixel in row t // 28 and column t % 28.

    Reference: Q. V. Le, N. Jaitly, G. E. Hinton, "A Simple Way to Initialize Recurrent Networks of Rectified Linear
    Units", 2015, section 4.2.
    """

    facts = Facts(
        **{
            **MNIST.facts._asdict(),
            "title": "sequential MNIST, one pixel per step",
            "shape": "[784, 1]",
        }
    )

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Loads MNIST and unrolls its images over time; raises as `MNIST.load`."""
        images = MNIST().load(data_dir, download)
        train, test = _in_time(images.train), _in_time(images.test)
        return replace(
            images,
            name="smnist",
            kind="sequence",
            train=train,
            test=test,
            checksum=fingerprint(train.inputs, train.labels, test.inputs, test.labels),
            note="MNIST in the order of its own files, one pixel per step, row by row, not normalised; "
            f"{self.facts.licence}.",
        )

    def looked_in(self, data_dir: str | Path | None = None) -> Sequence[tuple[str, bool]]:
        """As MNIST."""
        return MNIST().looked_in(data_dir)


def _in_time(split: Split) -> Split:
    return Split(split.inputs.reshape(split.count, -1, 1), split.labels)
