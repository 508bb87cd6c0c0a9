"""CIFAR-100: 60,000 photographs of 100 classes in the order of its own files; `core.cifar` says where it is found."""

from pathlib import Path

from spikejax.data.core import cifar
from spikejax.data.core.dataset import Dataset, Facts, Source, fingerprint
from spikejax.data.core.stored import Stored
from spikejax.data.formats.cifar_binary import Distribution
from spikejax.fields import option, size, spec

# The archive's checksum is the one in TFDS's table for its builder, those of the members are the ones in the Ruby port
# of torchvision.
DISTRIBUTION = Distribution(
    name="cifar100",
    title="CIFAR-100",
    address="https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    archive=Stored(
        "cifar-100-binary.tar.gz",
        168_513_733,
        "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    ),
    folder="cifar-100-binary",
    train=(
        Stored(
            "train.bin",
            153_700_000,
            "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
        ),
    ),
    test=Stored(
        "test.bin",
        30_740_000,
        "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a",
    ),
    labels=(("coarse_label", 20), ("label", 100)),
)


@spec
class CIFAR100(Source):
    """CIFAR-100: images `[50000, 32, 32, 3]` for training and `[10000, 32, 32, 3]` for test, RGB, values 0 to 255.

    Each image has a fine label, one of 100 classes, and a coarse one, one of 20 groups of five classes.

    Reference: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
    """

    labels: str = option(default="fine", choices=("fine", "coarse"), doc="100 or 20 classes")
    train: int | None = size(default=None, doc="how many training images; all 50,000 if None")
    test: int | None = size(default=None, doc="how many test images; all 10,000 if None")

    facts = Facts(
        title="CIFAR-100, 32x32 photographs of 100 classes",
        licence="none stated by its authors",
        reference="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
        samples=60_000,
        shape="[32, 32, 3]",
        classes=100,
        download="the official archive cifar-100-binary.tar.gz, 169 MB, only if it is allowed",
    )

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Loads the images; raises as `core.cifar.splits`."""
        column = ("coarse", "fine").index(self.labels)
        sizes = self.train, self.test
        train, test = cifar.splits(DISTRIBUTION, column, sizes, data_dir, download)
        return Dataset(
            name="cifar100",
            train=train,
            test=test,
            classes=DISTRIBUTION.labels[column][1],
            kind="image",
            scale=255.0,
            checksum=fingerprint(train.inputs, train.labels, test.inputs, test.labels),
            note=f"CIFAR-100 in the order of its own files, {self.labels} labels, {train.count:,} training and "
            f"{test.count:,} test images, not normalised; licence: {self.facts.licence}.",
        )

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """Where `load` looks, in order, and whether something is there; nothing is read."""
        return cifar.looked_in(DISTRIBUTION, data_dir)
