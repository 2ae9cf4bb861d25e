"""Holds pictures back after a connection until the camera sends the size it was told, or plainly will not."""

from __future__ import annotations

import httpx

from pipeline.errors import PictureError
from pipeline.geometry import Size
from sources.clocks import Clocks
from sources.esp32_control import CameraControl
from sources.jpeg_picture import JpegPicture
from sources.notifier import Notifier

# The sensor needs a moment, and pictures already taken come first.
_SETTLE_S = 3.0


class SettingsCheck:
    """One connection's settings, from setting them to seeing them in a decoded picture.

    Args:
        control: the camera's settings.
        client: for further settings.
        notifier: who is told.
        clocks: where time comes from.
    """

    def __init__(
        self, control: CameraControl, client: httpx.Client, notifier: Notifier, clocks: Clocks
    ) -> None:
        self._control = control
        self._client = client
        self._notifier = notifier
        self._clocks = clocks
        self._done = False
        self._refused = False
        self._until_s = 0.0

    def begin(self) -> None:
        """Sets size and quality."""
        if self._control.apply(self._client):
            self._until_s = self._clocks.monotonic() + _SETTLE_S
        else:
            # Said with the first picture: a camera that is away takes nothing, and says nothing either.
            self._refused = True

    def passes(self, data: bytes) -> bool:
        """Whether the picture may be used: the settings are in force, or will not come."""
        if self._done:
            return True
        if self._refused:
            return self._finish("the camera did not take its settings; its pictures are used as they come")
        wanted = self._control.wanted
        try:
            picture = JpegPicture(data)
            picture.verify()
        except PictureError:
            # Now and then one is damaged; a camera that sends nothing else must not go unnoticed.
            return self._clocks.monotonic() >= self._until_s
        if picture.size == wanted.size:
            self._control.confirm()
            return self._finish(f"the camera sends {wanted.size} as set")
        if self._clocks.monotonic() < self._until_s:
            return False
        if self._control.apply_next(self._client):
            self._until_s = self._clocks.monotonic() + _SETTLE_S
            return False
        return self._finish(_refusal(picture.size, wanted.size))

    def _finish(self, text: str) -> bool:
        self._done = True
        self._notifier.say("settings", text)
        return True


def _refusal(sent: Size, wanted: Size) -> str:
    return f"the camera sends {sent} though {wanted} was set; it is used as it comes"
