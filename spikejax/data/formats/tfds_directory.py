"""The directory of a data set that TFDS has prepared, looked at before TFDS reads it.

Its JSON files name the classes that decode examples, which TFDS imports, and the files of the examples, which it opens
wherever they are; so they are compared with what TFDS writes.
"""

import json
from pathlib import Path
from typing import Any

from spikejax.data.core.dataset import CorruptData
from spikejax.data.core.stored import size_of

MOST_JSON = 2**20  # bytes
MOST_BYTES = 2**28  # of a file of examples; those of MNIST have 23 MB
_FEATURES = "tensorflow_datasets.core.features."
_TEMPLATE = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"
_REMEDY = "delete this directory"


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON file that is an object.

    Raises:
      MissingData: there is no such file.
      CorruptData: it is too large, no JSON, or something else than an object.
    """
    size_of(path, MOST_JSON)
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise CorruptData(
            f"{path}: expected a JSON object, found a file that cannot be read ({error}); {_REMEDY}"
        ) from error
    if not isinstance(found, dict):
        raise CorruptData(
            f"{path}: expected a JSON object, found {type(found).__name__}; {_REMEDY}"
        )
    return found


def check_prepared(directory: Path, name: str, most: int) -> None:
    """Checks that what TFDS would read is what it writes.

    Args:
      directory: of a version of the data set.
      name: of the data set.
      most: number of examples that the largest split may have.

    Raises:
      MissingData: one of the JSON files is not there.
      CorruptData: they name other classes or files, or more examples; or a file is too large or not a regular one.
    """
    for file in directory.iterdir():
        if not file.is_dir():
            size_of(file, MOST_BYTES)
    _check_splits(directory / "dataset_info.json", name, most)
    path = directory / "features.json"
    for found in _class_names(read_json(path)):
        if not found.startswith(_FEATURES):
            raise CorruptData(
                f"{path}: expected classes of {_FEATURES[:-1]}, found {found!r}; {_REMEDY}"
            )


def _check_splits(path, name, most):
    information = read_json(path)
    splits = information.get("splits")
    if information.get("name") != name or not isinstance(splits, list) or not splits:
        raise CorruptData(
            f"{path}: expected the splits of {name}, found those of {str(information.get('name'))[:99]!r}: "
            f"{str(splits)[:99]}; {_REMEDY}"
        )
    for split in splits:
        # As a protocol buffer, it may spell its keys in two ways.
        known = (
            {k.replace("_", "").lower(): v for k, v in split.items()}
            if isinstance(split, dict)
            else {}
        )
        if known.get("name") not in ("train", "test"):
            raise CorruptData(
                f"{path}: expected the splits train and test, found {str(split)[:99]}; {_REMEDY}"
            )
        template, lengths = known.get("filepathtemplate"), known.get("shardlengths")
        if template not in (None, "", _TEMPLATE):
            raise CorruptData(
                f"{path}: expected files named {_TEMPLATE}, found {template!r}; {_REMEDY}"
            )
        try:
            count = sum(int(length) for length in lengths)  # pyright: ignore[reportOptionalIterable]
        except (TypeError, ValueError):
            count = -1
        if not 1 <= count <= most:
            raise CorruptData(
                f"{path}: expected 1 to {most} examples in the files of a split, found {str(lengths)[:99]}; "
                f"{_REMEDY}"
            )


def _class_names(tree):
    """What stands in a JSON value under the keys by which TFDS names classes, at any depth."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            # "type" is the older key; a feature called so is an object.
            keys = ("pythonClassName", "python_class_name", "type")
            yield from (part[key] for key in keys if isinstance(part.get(key), str))
            # JSON inside of a string, which images and class labels have no need of.
            yield from (key for key in ("jsonFeature", "json_feature") if key in part)
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
