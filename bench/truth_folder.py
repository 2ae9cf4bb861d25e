"""The folder of pictures or footage with truth that a benchmark is given."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import ConfigError


def truth_folder(arguments: Sequence[str] | None, *, name: str, about: str | None, needs: str) -> Path:
    """The folder that `--truth` names.

    Args:
        arguments: of the command line, without the benchmark's name.
        name: the benchmark's.
        about: its description.
        needs: what the folder must hold, relative to it.

    Raises:
        ConfigError: there is no such folder; says what it must hold.
    """
    parser = argparse.ArgumentParser(
        prog=f"gotcha bench {name}", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--truth", type=Path, required=True, metavar="DIR", help=f"holds {needs}")
    folder = Path(parser.parse_args(arguments).truth)
    if not (folder / needs).exists():
        raise ConfigError(f"{folder} holds no {needs}: name the folder that does with --truth")
    return folder
