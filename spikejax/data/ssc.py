"""Spiking Speech Commands: spoken words as spikes of 700 channels of a cochlea model."""

from typing import ClassVar

from spikejax.data.core.dataset import Facts
from spikejax.data.core.spike_trains import SpikeTrains
from spikejax.fields import spec


@spec
class SSC(SpikeTrains):
    """Spiking Speech Commands: 75,466 recordings for training, 9,981 for validation, 20,382 for test, 35 classes.

    Made from Google's Speech Commands v2. The files are those of the distribution, unpacked. `load` pads all
    recordings to the longest, which takes several gigabytes; `stream("train")` is a source for `inputs.grain_batches`
    that takes as much as the file.

    Reference: B. Cramer, Y. Stradmann, J. Schemmel, F. Zenke, The Heidelberg spiking data sets for the systematic
    evaluation of spiking neural networks, 2022.
    """

    facts = Facts(
        title="Spiking Speech Commands, spoken words as spikes of 700 channels",
        licence="CC BY 4.0",
        reference="B. Cramer et al., The Heidelberg spiking data sets for the systematic evaluation of spiking neural "
        "networks, 2022",
        samples=105_829,
        shape="events of 700 channels",
        classes=35,
        download="nothing: get ssc_train.h5.zip (md5 d102be95e7144fcc0553d1f45ba94170), ssc_valid.h5.zip (md5 "
        "b4eee3516a4a90dd0c71a6ac23a8ae43) and ssc_test.h5.zip (md5 a35ff1e9cffdd02a20eb850c17c37748), some 2 GB, from "
        "zenkelab.org/datasets and unpack them",
    )
    title: ClassVar = "Spiking Speech Commands"
    files: ClassVar = {
        "train": "ssc_train.h5",
        "validation": "ssc_valid.h5",
        "test": "ssc_test.h5",
    }
