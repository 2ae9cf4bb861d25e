"""Fixtures that tests of several folders share, and the order in which the files of tests are begun."""

from __future__ import annotations

import hypothesis
import pytest

from tests.databases import database_url, empty_database, engine
from tests.postgres import new_postgres_database
from tests.s3 import new_bucket, s3_endpoint

__all__ = ["database_url", "empty_database", "engine", "new_bucket", "new_postgres_database", "s3_endpoint"]

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("gotcha", deadline=None)
hypothesis.settings.load_profile("gotcha")

# What watches a street live or renders one takes longest, waiting most of it. Begun first, beside each other,
# none is left to wait for when all else is done. `make test` hands out whole files in this order.
_FIRST = (
    "test_camera_hand_over.py",
    "test_end_to_end.py",
    "test_journey.py",
    "test_export_command.py",
    "test_bad_input.py",
    "test_ingesting.py",
    "test_video_entrances.py",
    "test_file_camera.py",
    "test_faults.py",
    "test_openapi.py",
    "test_in_browser.py",
    "test_photo_command.py",
    "test_live_view.py",
    "test_uploads.py",
    "test_run_command.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; the others, and the tests of a file, stay as they are."""
    rank = {name: place for place, name in enumerate(_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))
