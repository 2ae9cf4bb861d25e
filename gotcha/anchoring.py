"""The ends of the chains, written down beside the database while a worker runs, and what is written there."""

from __future__ import annotations

import json
import logging
import threading
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from gotcha.beside import beside, outlasting
from gotcha.config import Config
from pipeline.errors import StorageError
from storage.anchors import Anchor, AnchorFile
from storage.chain import heads

_log = logging.getLogger(__name__)

# What was stored since the last time can be forged unseen by whoever may write the database.
EVERY_S = 60.0


def anchor_file(config: Config) -> AnchorFile:
    """The file of this machine: in its state folder, which a user of the database alone cannot write."""
    return AnchorFile(config.state_dir / "chain-anchors.jsonl")


def write_down_ends(config: Config, engine: Engine) -> None:
    """Write the ends of all chains down once.

    Raises:
        StorageError: the database or the file is not to be had.
    """
    anchor_file(config).note(heads(engine), at=datetime.now(UTC))


@contextmanager
def anchoring(file: AnchorFile, engine: Engine, *, every_s: float = EVERY_S) -> Iterator[None]:
    """Writes the ends of the chains down every minute while the block runs, in a thread, and at its end."""
    failed = "writing the ends of the chains down failed with an unexpected error"

    def note() -> None:
        with outlasting(_log, "%s", failed, level=logging.ERROR):
            file.note(heads(engine), at=datetime.now(UTC))

    def work(stop: threading.Event) -> None:
        while not stop.wait(every_s):
            note()
        note()

    with beside("anchors", work):
        yield


def anchors_of(paths: Iterable[Path]) -> tuple[Anchor, ...]:
    """What is written down in the anchor files of other machines and in evidence packs.

    Raises:
        StorageError: one of them is neither.
    """
    return tuple(anchor for path in paths for anchor in _anchors_in(path))


def _anchors_in(path: Path) -> tuple[Anchor, ...]:
    if not path.is_file():
        raise StorageError(f"there is no file {path} to compare the chains with")
    if not zipfile.is_zipfile(path):
        return AnchorFile(path).read()
    try:
        with zipfile.ZipFile(path) as pack:
            link = json.loads(pack.read("report.json"))["chain"]
            return (
                Anchor(
                    camera=str(link["camera"]),
                    position=int(link["position"]),
                    link_sha256=str(link["link_sha256"]),
                    at=datetime.fromisoformat(link["at"]),
                ),
            )
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{path} is no evidence pack of Gotcha: {error}") from error
