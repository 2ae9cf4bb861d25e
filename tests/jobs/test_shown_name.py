"""A file's name as its sender gives it must not be read as another."""

from __future__ import annotations

import pytest

from jobs.shown_name import shown_name


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("gate.jpg", "gate.jpg"),
        ("사진 1.jpg", "사진 1.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\card\\gate.jpg", "gate.jpg"),
        ("gate\n.jpg\x00\x9b", "gate.jpg"),
        # Shown as "gate_exe.jpg" by what heeds the marks.
        ("gate_\u202egpj.exe", "gate_gpj.exe"),
        ("gate\u200b\ufeff.jpg", "gate.jpg"),
        ("\ud83dgate.jpg", "gate.jpg"),
        ("x" * 300 + ".jpg", "x" * 116 + ".jpg"),
        ("\u202e", "photo"),
        ("", "photo"),
    ],
)
def test_what_is_shown_of_a_name(said: str, shown: str) -> None:
    assert shown_name(said, "photo") == shown
