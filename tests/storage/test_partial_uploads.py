"""Uploads in pieces when several requests meet: nothing is made anew, nothing of another one is lost."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pipeline.errors import UploadError, UploadRefusedError
from storage.partial_uploads import KEPT_S, PartialUploads


@pytest.fixture
def partials(tmp_path: Path) -> PartialUploads:
    return PartialUploads(tmp_path / "unfinished", limit_bytes=1000, most=5)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "unfinished").iterdir())


def test_a_piece_for_an_upload_that_was_given_up_leaves_nothing(
    partials: PartialUploads, tmp_path: Path
) -> None:
    upload = partials.begin(owner="kim", size_bytes=3, asked={})
    partials.discard(upload.id)
    with pytest.raises(UploadRefusedError, match="gone"), partials.held(upload.id):
        pass
    assert names(tmp_path) == []


def test_a_piece_that_comes_as_another_completes_the_upload_keeps_the_answer(
    partials: PartialUploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = partials.begin(owner="kim", size_bytes=3, asked={})
    with partials.held(upload.id) as writer:
        writer.write(b"abc")
    # The other request ends between this one's opening of the file and its look at it.
    before = partials.get

    def ends(upload_id: str) -> object:
        monkeypatch.setattr(partials, "get", before)
        partials.answered(upload_id, "a" * 32)
        return before(upload_id)

    monkeypatch.setattr(partials, "get", ends)
    with pytest.raises(UploadError, match="just completed"), partials.held(upload.id):
        pass
    after = partials.get(upload.id)
    assert after is not None
    assert after.answer == "a" * 32


def test_a_file_that_vanishes_while_old_ones_are_cleared_is_nobodys_fault(
    partials: PartialUploads, tmp_path: Path
) -> None:
    """Each description is written under another name first; a dead link is listed and gone as well."""
    old = partials.begin(owner="kim", size_bytes=3, asked={})
    (tmp_path / "unfinished" / f"{'b' * 32}.new").symlink_to("gone")
    long_ago = time.time() - KEPT_S - 60
    for name in (f"{old.id}.part", f"{old.id}.json"):
        os.utime(tmp_path / "unfinished" / name, (long_ago, long_ago))
    assert partials.begin(owner="kim", size_bytes=3, asked={}).offset == 0
    assert partials.get(old.id) is None
