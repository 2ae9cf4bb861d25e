"""Asking for a password: at the terminal without showing it, or from standard input for scripts."""

from __future__ import annotations

import sys

import typer


def asked_password(*, from_stdin: bool) -> str:
    """A new password, typed twice, or the first line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed
