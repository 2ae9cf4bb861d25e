"""How long records are kept, in the configuration file: read, tried out and written back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Engine

from gotcha.config_file import ConfigFile
from gotcha.config_services import RetentionConfig
from gotcha.retention import open_purge
from gotcha.section_change import checked, write_section
from web.retention_services import RetentionSheet


class FileRetention:
    """The section `retention` of a file; processes may share it.

    Args:
        file: the configuration.
        engine: of the database whose records are kept.
        now: the clock, aware UTC.
    """

    def __init__(self, file: ConfigFile, engine: Engine, now: Callable[[], datetime]) -> None:
        self._file = file
        self._engine = engine
        self._now = now

    def read(self) -> RetentionSheet:
        """The days that hold, defaults filled in.

        Raises:
            ConfigError: the file cannot be read.
        """
        text, revision = self._file.read()
        return RetentionSheet(revision=revision, days=self._file.parsed(text).retention.model_dump())

    def would_delete(self, days: Mapping[str, int]) -> Mapping[str, int]:
        """How much a purge under these days would delete now: by the state of the reports, and `access_log`.

        Raises:
            InvalidValueError: a number of days is out of its bounds.
            StorageError: the database does not answer.
        """
        text, _revision = self._file.read()
        config = self._file.parsed(text)
        purge = open_purge(
            config.model_copy(update={"retention": checked(RetentionConfig, days)}), self._engine
        )
        now = self._now()
        found = {state.value: count for state, count in purge.due_by_state(now).items() if count}
        entries = purge.log_entries(now)
        return {**found, "access_log": entries} if entries else found

    def write(self, days: Mapping[str, int], revision: str) -> RetentionSheet:
        """Put these days into the file; the next purge keeps to them.

        Raises:
            InvalidValueError: a number of days is out of its bounds, or a key is unknown.
            ConfigChangedError: the file is another one by now.
            ConfigError: the file cannot be read or written, or is not written one key a line.
        """
        rules = checked(RetentionConfig, days)
        write_section(self._file, "retention", rules, lambda _before: days, revision)
        return self.read()
