"""What the settings of retention work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSheet:
    """How long records are kept, as the API answers.

    Attributes:
        revision: of the configuration; a change says which one it was made for.
        days: by the key of config.yaml, such as `final_days`.
    """

    revision: str
    days: Mapping[str, int]


class RetentionBook(Protocol):
    """Reads and writes how long records are kept; checks it as the configuration is checked."""

    def read(self) -> RetentionSheet:
        """The days that hold.

        Raises:
            ConfigError: they cannot be read.
        """
        ...

    def would_delete(self, days: Mapping[str, int]) -> Mapping[str, int]:
        """How much would be deleted now under these days, by the state of reports and `access_log`.

        Raises:
            InvalidValueError: a number is out of its bounds.
        """
        ...

    def write(self, days: Mapping[str, int], revision: str) -> RetentionSheet:
        """Keep records so long from now on.

        Raises:
            InvalidValueError: a number is out of its bounds.
            ConfigChangedError: the configuration is another one by now.
            ConfigError: it cannot be written.
        """
        ...
