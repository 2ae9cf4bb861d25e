"""What an e-mail says of an event, in the language of those it goes to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gotcha.config import Config
from jobs.notify_channels import Letter
from web.words import Words, words

# In the order they are written in; what else a body holds is for programs.
_FACTS = (
    "vehicle",
    "plate",
    "zone",
    "zone_kind",
    "camera",
    "parked_at",
    "since",
    "cause",
    "report",
    "url",
)
_TIMES = frozenset({"parked_at", "since"})
# Facts whose values are words of the catalogue.
_NAMED = {"vehicle": "vehicle", "zone_kind": "zone"}


def letter(body: Mapping[str, str], config: Config) -> Letter:
    """The letter of an event.

    Args:
        body: what happened, as `jobs.notifier` says it; an event without a sentence of its own keeps the
            body's English `text`.
        config: its language, and the time zones that times are told in.
    """
    say = words(config.notifications.language)
    facts = {name: _told(name, body[name], body, config, say) for name in _FACTS if name in body}
    sentence = f"letter.{body['event'].replace('.', '_')}"
    subject = say(sentence, **{**body, **facts}) if say.has(sentence) else body["text"]
    lines = [f"{say(f'letter.fact_{name}')}: {value}" for name, value in facts.items()]
    return Letter(subject=f"Gotcha: {subject}", text="\n".join([subject, "", *lines]))


def _told(name: str, value: str, body: Mapping[str, str], config: Config, say: Words) -> str:
    if name in _TIMES:
        return _local(value, body.get("camera"), config)
    key = f"{_NAMED[name]}.{value}" if name in _NAMED else ""
    return say(key) if say.has(key) else value


def _local(time: str, camera: str | None, config: Config) -> str:
    """Such as `2026-11-20 21:03:05+09:00`; what is only a day stays as it is."""
    at = datetime.fromisoformat(time)
    if at.tzinfo is None:
        return time
    zone = config.time_zone_of(camera) if camera in config.cameras else config.time_zone
    return at.astimezone(zone).isoformat(sep=" ", timespec="seconds")
