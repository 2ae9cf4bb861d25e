"""Every sentence of the pages, in each language: flat catalogues, one file for each part of the pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "English", "ko": "한국어"})
DEFAULT = "en"
_FOLDER = Path(__file__).parent / "languages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's sentences.

    Attributes:
        language: its code, also of the page's `lang`.
        sentences: by key, such as `login.title`.
    """

    language: str
    sentences: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The sentence of `key`, with `values` in its places.

        Raises:
            KeyError: there is no such sentence, or a value for one of its places is missing.
        """
        return self.sentences[key].format_map(values)

    def has(self, key: str) -> bool:
        """Whether there is a sentence of this key."""
        return key in self.sentences

    def age(self, seconds: float) -> str:
        """How long ago, in the largest unit that fits."""
        whole = max(0, int(seconds))
        for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
            if whole >= 2 * size:
                return self(f"age.{unit}", number=whole // size)
        return self("age.seconds", number=whole)


@cache
def words(language: str) -> Words:
    """The sentences of a language.

    Raises:
        KeyError: there is no such language.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    sentences: dict[str, str] = {}
    for path in sorted((_FOLDER / language).glob("*.json")):
        for key, sentence in json.loads(path.read_text(encoding="utf-8")).items():
            name = f"{path.stem}.{key}"
            sentences[name] = sentence
    return Words(language=language, sentences=MappingProxyType(sentences))


def preferred(cookie: str | None, accept_language: str | None) -> str:
    """The language to show: the one chosen by hand, else the first that the browser prefers and we have.

    Args:
        cookie: the chosen one, or None.
        accept_language: the header (RFC 9110 12.5.4), or None.
    """
    if cookie is not None and cookie in LANGUAGES:
        return cookie
    wanted: list[tuple[float, str]] = []
    for part in (accept_language or "").split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        wanted.append((-quality, tag.partition("-")[0].lower()))
    return next(
        (tag for _quality, tag in sorted(wanted, key=lambda one: one[0]) if tag in LANGUAGES), DEFAULT
    )
