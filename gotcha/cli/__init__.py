"""The command line: `gotcha`."""

from gotcha.cli.app import main

__all__ = ["main"]
