"""CIFAR-10: 60,000 photographs of 10 classes in the order of its own files; `core.cifar` says where it is found."""

from pathlib import Path

from spikejax.data.core import cifar
from spikejax.data.core.dataset import Dataset, Facts, Source, fingerprint
from spikejax.data.core.stored import Stored
from spikejax.data.formats.cifar_binary import Distribution
from spikejax.fields import size, spec

# The archive's checksum is the one in TFDS's table for its builder, those of the members are the ones in the Ruby port
# of torchvision; the first two members were compared with real images, which a test repeats.
DISTRIBUTION = Distribution(
    name="cifar10",
    title="CIFAR-10",
    address="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    archive=Stored(
        "cifar-10-binary.tar.gz",
        170_052_171,
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    ),
    folder="cifar-10-batches-bin",
    train=tuple(
        Stored(f"data_batch_{number}.bin", 30_730_000, sha256)
        for number, sha256 in enumerate(
            (
                "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
                "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
                "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
                "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
                "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
            ),
            1,
        )
    ),
    test=Stored(
        "test_batch.bin",
        30_730_000,
        "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    ),
    labels=(("label", 10),),
)


@spec
class CIFAR10(Source):
    """CIFAR-10: images `[50000, 32, 32, 3]` for training and `[10000, 32, 32, 3]` for test, RGB, values 0 to 255.

    Reference: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
    """

    train: int | None = size(default=None, doc="how many training images; all 50,000 if None")
    test: int | None = size(default=None, doc="how many test images; all 10,000 if None")

    facts = Facts(
        title="CIFAR-10, 32x32 photographs of 10 classes",
        licence="none stated by its authors",
        reference="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
        samples=60_000,
        shape="[32, 32, 3]",
        classes=10,
        download="the official archive cifar-10-binary.tar.gz, 170 MB, only if it is allowed",
    )

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Loads the images; raises as `core.cifar.splits`."""
        sizes = self.train, self.test
        train, test = cifar.splits(DISTRIBUTION, 0, sizes, data_dir, download)
        return Dataset(
            name="cifar10",
            train=train,
            test=test,
            classes=10,
            kind="image",
            scale=255.0,
            checksum=fingerprint(train.inputs, train.labels, test.inputs, test.labels),
            note=f"CIFAR-10 in the order of its own files, {train.count:,} training and {test.count:,} test images, "
            f"not normalised; licence: {self.facts.licence}.",
        )

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """Where `load` looks, in order, and whether something is there; nothing is read."""
        return cifar.looked_in(DISTRIBUTION, data_dir)
