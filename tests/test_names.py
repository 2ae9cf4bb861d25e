"""Nothing that is installed may take the name of one of our folders."""

from __future__ import annotations

import importlib.metadata

OURS = ("pipeline", "sources", "trackers", "vision", "storage", "jobs", "web", "gotcha", "simulator", "bench")


def test_no_installed_distribution_has_a_package_of_our_name() -> None:
    """PyPI's `trackers` would shadow, or be shadowed by, our folder: which one depends on the path."""
    installed = importlib.metadata.packages_distributions()
    for name in OURS:
        owners = set(installed.get(name, [])) - {"gotcha-parking"}
        assert not owners, f"{owners} installs a top-level package named {name}"
