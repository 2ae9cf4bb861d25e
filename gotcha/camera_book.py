"""The cameras in the configuration file: read for the dashboard, checked, tried out and written back."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydantic import JsonValue

from gotcha.camera_login import WrittenAddress, WrittenLogin, kept, written_login
from gotcha.camera_text import with_camera, with_settings, without_camera
from gotcha.camera_trial import CameraToTry, try_camera
from gotcha.config import Config
from gotcha.config_cameras import CAMERA_KINDS
from gotcha.config_file import ConfigFile
from gotcha.config_passwords import PasswordFile, known_values
from gotcha.config_yaml import YamlDocument
from pipeline.errors import ConfigChangedError, ConfigError, InvalidValueError
from web.camera_services import CameraDraft, CameraEntry, CameraSheet, CameraTried

_ADDRESSES = ("url", "analysis_url")
_NOT_OF_THE_SOURCE = frozenset({"kind", "zones", "masks", *_ADDRESSES})
_PLACE = re.compile(r"\S+ line \d+: cameras\.[^.:]+\.?")
_NAME = re.compile(r"[\w-]{1,64}")
_UNDONE_AT_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What a change can be taken back to."""

    revision_after: str
    text: str
    passwords: Mapping[str, str] = field(repr=False)


class FileCameras:
    """Cameras in a file; processes may share it, each takes back only its own changes.

    Args:
        file: the configuration.
    """

    def __init__(self, file: ConfigFile) -> None:
        self._file = file
        self._passwords = PasswordFile(file.path)
        self._past: list[_Past] = []
        self._changing = threading.Lock()

    def read(self) -> CameraSheet:
        """The cameras as they stand in the file.

        Raises:
            ConfigError: the file or that of the passwords cannot be read.
        """
        text, revision = self._file.read()
        passwords = self._passwords.read()
        cameras = tuple(_entry(name, raw, passwords) for name, raw in _raw(text).items())
        return CameraSheet(revision=revision, cameras=cameras, undoes=self._undoes(revision))

    def add(self, draft: CameraDraft, revision: str) -> CameraSheet:
        def edit(text: str) -> tuple[str, Mapping[str, str]]:
            if draft.name in _raw(text):
                raise InvalidValueError(f"name: there is a camera {draft.name!r} already")
            login = written_login(draft, {}, text)
            return with_camera(text, draft.name, _wanted(draft, login)), login.passwords

        return self._change(edit, draft.name, revision)

    def change(self, draft: CameraDraft, revision: str) -> CameraSheet:
        def edit(text: str) -> tuple[str, Mapping[str, str]]:
            raw = _known(text, draft.name)
            login = written_login(draft, _addresses(raw), text)
            wanted = _wanted(draft, login)
            fields = CAMERA_KINDS[draft.kind].model_fields
            # What the form does not know of stays, as far as the kind has it.
            for key in raw:
                if key not in wanted and key not in fields:
                    wanted[key] = None
            return with_settings(text, draft.name, wanted), login.passwords

        return self._change(edit, draft.name, revision)

    def remove(self, camera: str, revision: str) -> CameraSheet:
        def edit(text: str) -> tuple[str, Mapping[str, str]]:
            _known(text, camera)
            return without_camera(text, camera), {}

        return self._change(edit, camera, revision)

    def undo(self, revision: str) -> CameraSheet:
        with self._changing:
            if not self._undoes(revision):
                raise ConfigChangedError("there is nothing to take back: the configuration is another by now")
            past = self._past[-1]

            with self._writing_passwords() as write:

                def back(_text: str) -> str:
                    write(past.passwords)
                    return past.text

                self._file.change(back, revision)
            self._past.pop()
        return self.read()

    def try_out(self, draft: CameraDraft) -> CameraTried:
        text, _revision = self._file.read()
        raw = _raw(text).get(draft.name)
        login = written_login(draft, {} if raw is None else _addresses(raw), text)
        wanted = {key: value for key, value in _wanted(draft, login).items() if value is not None}
        # Written beside the others once, so that it is checked as it would be when it is saved.
        alone = json.dumps({"cameras": {draft.name: wanted}}, ensure_ascii=False)
        values = {**known_values(self._file.path), **login.passwords}
        try:
            self._file.parsed(alone, login.passwords)
        except ConfigError as error:
            raise InvalidValueError(_sentences(str(error))) from None
        named = {name: values[name] for name in _variables(wanted) if name in values}
        return try_camera(CameraToTry(name=draft.name, config=alone, values=named))

    def _change(
        self, edit: Callable[[str], tuple[str, Mapping[str, str]]], camera: str, revision: str
    ) -> CameraSheet:
        with self._changing:
            past: list[tuple[str, Mapping[str, str]]] = []

            def checked(text: str) -> str:
                # Read here, where nobody else writes.
                passwords = self._passwords.read()
                past.append((text, passwords))
                changed, new = edit(text)
                try:
                    after = self._file.parsed(changed, new)
                except ConfigError as error:
                    raise InvalidValueError(_sentences(str(error))) from None
                _refuse_more(self._file.parsed(text), after, camera)
                kept_ones = {
                    name: value for name, value in {**passwords, **new}.items() if f"${{{name}}}" in changed
                }
                # First: who reads the new configuration finds its passwords.
                write(kept_ones)
                return changed

            with self._writing_passwords() as write:
                after = self._file.change(checked, revision)
            ((before, passwords),) = past
            self._past.append(_Past(revision_after=after, text=before, passwords=passwords))
            del self._past[:-_UNDONE_AT_MOST]
        return self.read()

    @contextmanager
    def _writing_passwords(self) -> Iterator[Callable[[Mapping[str, str]], None]]:
        """Gives what writes passwords beside a change of the file: if that fails, they are as they were.

        Only what was written here is taken back: another program may have written others meanwhile.
        """
        before: list[Mapping[str, str]] = []

        def write(passwords: Mapping[str, str]) -> None:
            there = self._passwords.read()
            if passwords != there:
                self._passwords.write(passwords)
                before.append(there)

        try:
            yield write
        except ConfigError:
            for passwords in before:
                self._passwords.write(passwords)
            raise

    def _undoes(self, revision: str) -> bool:
        return bool(self._past) and self._past[-1].revision_after == revision


def _raw(text: str) -> dict[str, dict[str, JsonValue]]:
    cameras: dict[str, dict[str, JsonValue]] = json.loads(YamlDocument(text, "config").as_json()).get(
        "cameras"
    )
    return cameras or {}


def _known(text: str, camera: str) -> dict[str, JsonValue]:
    cameras = _raw(text)
    if camera not in cameras:
        raise ConfigChangedError(f"there is no camera {camera!r} any more")
    return cameras[camera]


def _addresses(raw: Mapping[str, JsonValue]) -> dict[str, str]:
    return {key: str(raw[key]) for key in _ADDRESSES if raw.get(key)}


def _entry(name: str, raw: Mapping[str, JsonValue], passwords: Mapping[str, str]) -> CameraEntry:
    taken = {key: WrittenAddress.parsed(value) for key, value in _addresses(raw).items()}
    variables = tuple(name for one in taken.values() for name in one.variables)
    return CameraEntry(
        name=name,
        kind=str(raw["kind"]),
        address=taken["url"].shown if "url" in taken else None,
        analysis_address=taken["analysis_url"].shown if "analysis_url" in taken else None,
        user=next((one.user for one in taken.values() if one.user), ""),
        password=kept(variables, passwords),
        settings={key: value for key, value in raw.items() if key not in _NOT_OF_THE_SOURCE},
    )


def _wanted(draft: CameraDraft, login: WrittenLogin) -> dict[str, JsonValue]:
    """The keys of a camera's source for the file; None takes one away."""
    if not _NAME.fullmatch(draft.name):
        raise InvalidValueError("name: expected letters, digits, - and _, at most 64 of them")
    fields = CAMERA_KINDS[draft.kind].model_fields
    foreign = [key for key, value in draft.settings.items() if value is not None and key not in fields]
    foreign += [key for key, value in login.addresses.items() if value is not None and key not in fields]
    if foreign:
        raise InvalidValueError(f"a camera of the kind {draft.kind} has no {', '.join(foreign)}")
    return {"kind": draft.kind, **login.addresses, **draft.settings}


def _variables(settings: Mapping[str, JsonValue]) -> tuple[str, ...]:
    return tuple(
        name for value in _addresses(settings).values() for name in WrittenAddress.parsed(value).variables
    )


def _refuse_more(before: Config, after: Config, camera: str) -> None:
    """The change must be what was asked for and nothing else, however the file is written."""
    cameras = {name: one for name, one in before.cameras.items() if name != camera}
    if camera in after.cameras:
        cameras[camera] = after.cameras[camera]
    old, new = before.cameras.get(camera), after.cameras.get(camera)
    same_zones = old is None or new is None or (old.zones, old.masks) == (new.zones, new.masks)
    if before.model_copy(update={"cameras": cameras}) != after or not same_zones:
        raise ConfigError(
            f"the camera {camera} is tied to other parts of the configuration (an anchor or an alias): "
            "change it in the file itself"
        )


def _sentences(text: str) -> str:
    """Faults of a file as faults of a form."""
    return "\n".join(_PLACE.sub("", line) for line in text.splitlines())
