"""Files that a command is told to write: looked at before the work that fills them begins."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import ConfigError, GotchaError

STANDARD_OUTPUT = Path("-")


def refuse_unusable(outputs: Iterable[Path], *, read: Path) -> None:
    """Hours of work are not begun for a file that cannot be written, nor is what is read written over.

    Args:
        outputs: the files; `-` is standard output, and looked at by nobody.
        read: the file that the work is about.

    Raises:
        ConfigError: one is `read` itself, or stands there twice.
        GotchaError: one cannot be written.
    """
    seen: set[Path] = set()
    for path in outputs:
        if path == STANDARD_OUTPUT:
            continue
        whole = path.resolve()
        if whole == read.resolve() or (path.exists() and path.samefile(read)):
            raise ConfigError(f"{path} is the file that is read: it would be written over")
        if whole in seen:
            raise ConfigError(f"{path} is to be written twice: name two files")
        seen.add(whole)
        _refuse_unwritable(path)


def _refuse_unwritable(path: Path) -> None:
    if path.is_dir():
        reason = "it is a folder"
    elif not path.exists() and not path.parent.is_dir():
        reason = "No such file or directory"
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        reason = "Permission denied"
    else:
        return
    raise GotchaError(f"{path} cannot be written: {reason}")
