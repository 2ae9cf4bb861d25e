"""The file of an evidence pack: a zip with the report for people and for programs, and the masked copies."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from gotcha.cli.report_json import Json, moment_json, stored_json
from gotcha.export_contents import PackContents
from gotcha.export_pdf import evidence_pdf
from storage.chain import Proof

_README = """\
이 묶음의 사진과 영상은 사람의 머리와 다른 차량의 번호판을 가린 사본입니다.
가릴 것이 없는 파일은 원본 그대로입니다.
원본은 변경 없이 보관되며, report.json 의 original_sha256 으로 대조할 수 있습니다.

Photos and clips in this pack are copies with people's heads and other vehicles' plates hidden; a file in
which there was nothing to hide is the original itself ("same": true in report.json). The originals are kept
unaltered; original_sha256 in report.json is the SHA-256 each must have.

  report.pdf    for reading
  report.json   the report, its evidence and its place in the hash chain, for programs
  record.json   the record whose SHA-256 is chain.record_sha256 in report.json
  evidence/     the copies; sha256 in report.json is theirs
"""


@contextmanager
def partial_file(folder: Path) -> Iterator[Path]:
    """A new file for this user alone; gone at the end unless it was renamed."""
    descriptor, name = tempfile.mkstemp(prefix=".gotcha-", suffix=".partial", dir=folder)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def write_pack(path: Path, contents: PackContents, proof: Proof) -> None:
    """Write a pack whole, so that it is on disk afterwards.

    Args:
        path: of the zip; what it holds is replaced.
        contents: what goes into it.
        proof: the record that the chain's hash is of.

    Raises:
        OSError: there is no room, or the file is not to be written.
    """
    with zipfile.ZipFile(path, "w") as pack:
        _add(pack, "README.txt", _README.encode(), contents.made_at)
        _add(pack, "report.pdf", evidence_pdf(contents), contents.made_at)
        text = json.dumps(_pack_json(contents), ensure_ascii=False, indent=2)
        _add(pack, "report.json", text.encode(), contents.made_at)
        _add(pack, "record.json", proof.record, contents.made_at)
        for item in contents.items:
            _add(pack, item.name, item.data, item.evidence.taken_at, squeeze=False)
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _add(pack: zipfile.ZipFile, name: str, data: bytes, at: datetime, *, squeeze: bool = True) -> None:
    info = zipfile.ZipInfo(name, at.timetuple()[:6])
    info.external_attr = 0o600 << 16
    info.compress_type = zipfile.ZIP_DEFLATED if squeeze else zipfile.ZIP_STORED
    pack.writestr(info, data)


def _pack_json(contents: PackContents) -> dict[str, Json]:
    link = contents.link
    found = stored_json(contents.stored, contents.history)
    found["plate_corrected"] = contents.plate_corrected
    found["evidence"] = [
        {
            "file": item.name,
            "kind": item.evidence.kind.value,
            "taken_at": moment_json(item.evidence.taken_at),
            "media_type": item.evidence.media_type,
            "sha256": item.sha256,
            "original_sha256": item.evidence.sha256,
            "original_key": item.evidence.key,
            "same": item.same,
            "hidden": {"heads": item.heads, "plates": item.plates},
        }
        for item in contents.items
    ]
    found["chain"] = {
        "camera": link.camera,
        "position": link.position,
        "kind": link.kind.value,
        "revision": link.revision,
        "at": moment_json(link.at),
        "record_sha256": link.record_sha256,
        "previous_sha256": link.previous_sha256,
        "link_sha256": link.link_sha256,
    }
    found["exported"] = {"at": moment_json(contents.made_at), "by": contents.made_by}
    return found
