"""Spoken digits as spikes: the Free Spoken Digit Dataset through the cochlea model of SHD. It is not SHD."""

from pathlib import Path

from spikejax.data.core.dataset import (
    DIRECTORY_VARIABLE,
    Dataset,
    Facts,
    MissingData,
    Source,
    Split,
    data_directory,
    fingerprint,
)
from spikejax.data.core.stored import Stored, verify
from spikejax.data.formats.events_hdf5 import read
from spikejax.fields import spec

CHANNELS = 700
STORED = (
    Stored(
        "fsd_shd_train.h5",
        44963912,
        "1e16ed1af107fdafaa80d80725434bd3ab730b33ee441cbe2818c20bf78e1696",
    ),
    Stored(
        "fsd_shd_test.h5",
        11457102,
        "db24981710626c841e9b0e8dc5b545d2ec50bdc7abb5a9bcfe15453c642110a0",
    ),
)


@spec
class FSDSHD(Source):
    """Spoken digits as events of 700 channels: English, 10 classes, 6 speakers, two of whom are in the test part only.

    The layout and the cochlea model are those of SHD, the recordings are not: a result on it is not a result on SHD.

    Reference: Z. Jackson et al., Free Spoken Digit Dataset, 2018; B. Cramer et al., The Heidelberg spiking data sets
    for the systematic evaluation of spiking neural networks, 2022, for the model.
    """

    facts = Facts(
        title="spoken digits as spikes of 700 channels (not SHD)",
        licence="CC BY-SA 4.0",
        reference="Z. Jackson et al., Free Spoken Digit Dataset, 2018; cochlea model of B. Cramer et al., 2022",
        samples=2299,
        shape="events of 700 channels",
        classes=10,
        download="nothing: it has no public address",
    )

    def load(self, data_dir: str | Path | None = None, download: bool = False) -> Dataset:
        """Reads the two HDF5 files.

        Raises:
          MissingData: they are not there.
          CorruptData: one of them is not what it should be.
          ModuleNotFoundError: h5py is not installed.
        """
        directory = data_directory(data_dir)
        files = [stored.file for stored in STORED]
        missing = [f for f in files if directory is None or not (directory / f).exists()]
        if missing or directory is None:
            raise MissingData(
                f"expected {' and '.join(missing)} in {directory or 'a data directory'}, found none; give the "
                f"directory that contains them, or name it in the environment variable {DIRECTORY_VARIABLE}"
            )
        parts = []
        for stored in STORED:
            # The HDF5 library can hang on a damaged file: it only opens what has the checksum.
            verify(directory / stored.file, stored, "restore it from a copy")
            found = read(directory / stored.file, CHANNELS, self.facts.classes)
            parts.append(Split({"times": found.times, "units": found.units}, found.labels))
        train, test = parts
        arrays = (
            array
            for part in parts
            for array in (part.inputs["times"], part.inputs["units"], part.labels)
        )
        return Dataset(
            name="fsd_shd",
            train=train,
            test=test,
            classes=10,
            kind="events",
            shape=(CHANNELS,),
            checksum=fingerprint(*arrays),
            note="The Free Spoken Digit Dataset as spikes of SHD's cochlea model; NOT SHD: other speakers and "
            f"recordings; {self.facts.licence}.",
        )

    def looked_in(self, data_dir: str | Path | None = None) -> list[tuple[str, bool]]:
        """The two files in the data directory."""
        directory = data_directory(data_dir) or Path()
        paths = [directory / stored.file for stored in STORED]
        return [(str(path), path.is_file()) for path in paths]
