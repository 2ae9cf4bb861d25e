"""Docstrings of commands as their help."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def taught(command: Callable[..., Any]) -> str:
    """The docstring of `command` for `--help`: paragraphs that flow, examples that keep their lines.

    Typer keeps the line breaks of a docstring, which fall anywhere on a terminal of another width.

    Args:
        command: a function whose docstring has paragraphs, and examples that begin with `gotcha`.
    """
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join(_shown([line.strip() for line in paragraph.splitlines()]) for paragraph in paragraphs)


def _shown(lines: list[str]) -> str:
    if all(line.startswith("gotcha ") for line in lines):
        return "\n".join(f"  [bold]{line}[/]" for line in lines)
    return " ".join(lines)
