"""Keeps watch over a camera's view, and says when its zones can no longer be trusted."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass

import numpy as np

from pipeline.errors import InvalidValueError
from pipeline.picture import Gray
from pipeline.report import CameraCondition
from pipeline.view_signature import BLOCKS, GRID, VIEW_SIZE, Floats, ViewFeatures, measure, shifted
from pipeline.view_verdict import FEWEST_BLOCKS, USUAL, ViewReference, ViewVerdict, judge_view

# The reference follows light and season with this time constant, seconds: slower than a vehicle parks, faster
# than dusk falls (30 to 40 minutes in Seoul, more in the north).
_ADAPT_S = 600.0
_LONGEST_STEP_S = 120.0
# The first pictures make the reference by plain averaging, so that it is not one moment's traffic.
_FIRST_PICTURES = 10
# A condition is never declared on fewer pictures than this, however long they lie apart.
_FEWEST_PICTURES = 3
_BACK_PICTURES = 2
# Not recognised for this long, whatever the reason of each picture: declared with the last reason.
_ANY_REASON_S = 60.0
# Small shifts of a well recognised view are measured, and it is learnt from, every so many pictures.
_MEASURE_SHIFT_EVERY = 10
_EMPTY_EDGES: Floats = np.zeros((VIEW_SIZE.height, VIEW_SIZE.width, 2), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSnapshot:
    """A view's reference, to be kept over a restart: without it a moved camera would be taken for usual.

    Attributes:
        edges: base64 of zlib of int8 (180, 320, 2), edges times 127.
        thumbnail: mean luma of each block, 220 numbers.
        brightness, fine, structured: as in `ViewReference`.
        pictures: how many made the reference; 0 when there is none.
        condition: the condition last declared.
        explanation: its sentence.
    """

    edges: str
    thumbnail: tuple[float, ...]
    brightness: float
    fine: float
    structured: float
    pictures: int
    condition: CameraCondition
    explanation: str


class ViewWatch:
    """Judges the view of one camera, about once a second.

    A condition is declared when it persists, and taken back when the view is back for some seconds. A moved
    camera stays `moved` until its view is back or an operator accepts the new one: never by itself.

    Args:
        frozen_after_s: seconds of byte-identical pictures (at least five) after which the picture is frozen.
            A camera's noise makes two equal pictures unlikely, but an encoder may repeat one for some seconds
            in a still night scene.
    """

    def __init__(self, *, frozen_after_s: float = 15.0) -> None:
        self._frozen_after_s = frozen_after_s
        self._reference: ViewReference | None = None
        self._condition = CameraCondition.OK
        self._explanation = ""
        self._candidate: ViewVerdict | None = None
        self._candidate_since_s = 0.0
        self._candidate_pictures = 0
        self._bad_since_s: float | None = None
        self._last_gray: Gray | None = None
        self._same_since_s = 0.0
        self._same_pictures = 0
        self._updates = 0
        self._learnt_s: float | None = None
        self._sway = (0.0, 0.0)

    @property
    def condition(self) -> CameraCondition:
        """The condition last declared."""
        return self._condition

    @property
    def explanation(self) -> str:
        """One sentence for people on the condition; "" while nothing was ever declared."""
        return self._explanation

    @property
    def in_doubt(self) -> bool:
        """The last picture was not the usual view, though nothing may be declared yet: a moment not to
        conclude from it that vehicles left.
        """
        return self._condition is not CameraCondition.OK or (
            self._candidate is not None and self._candidate.condition is not CameraCondition.OK
        )

    def update(self, gray: Gray, at_s: float) -> CameraCondition:
        """Take in a picture and say what the view is like; at most once a second, 1 ms.

        Args:
            gray: luma, uint8 (180, 320).
            at_s: media time, seconds, never going back.

        Raises:
            InvalidValueError: `gray` has another shape or type.
        """
        if gray.shape != (VIEW_SIZE.height, VIEW_SIZE.width) or gray.dtype != np.uint8:
            raise InvalidValueError(f"expected luma uint8 (180, 320), got {gray.dtype} {gray.shape}")
        self._updates += 1
        frozen = self._is_frozen(gray, at_s)
        if self._same_pictures == 1:
            features = measure(gray)
            self._consider(self._judge(features), at_s)
            self._learn(features, at_s)
        elif frozen and self._condition not in _PLAIN_BY_NATURE:
            self._consider(_FROZEN, at_s)
        elif self._candidate is not None and self._candidate.condition is not CameraCondition.OK:
            # Behind a lens cap no picture differs from the last: what it showed goes on.
            self._consider(self._candidate, at_s)
        return self._condition

    def accept_view(self) -> None:
        """The operator says that the view is right as it is now: learn it anew from the next pictures."""
        self._reference = None
        self._candidate = None
        self._bad_since_s = None
        self._condition = CameraCondition.OK
        self._explanation = "The view was accepted."

    def snapshot(self) -> ViewSnapshot:
        """The reference and the condition, for `restore` in a later run (about 100 kB)."""
        reference = self._reference
        edges = _EMPTY_EDGES if reference is None else reference.edges
        packed = zlib.compress(np.round(edges * 127).astype(np.int8).tobytes(), 6)
        return ViewSnapshot(
            edges=base64.b64encode(packed).decode("ascii"),
            thumbnail=() if reference is None else tuple(float(v) for v in reference.thumbnail.ravel()),
            brightness=0.0 if reference is None else reference.brightness,
            fine=0.0 if reference is None else reference.fine,
            structured=0.0 if reference is None else reference.structured,
            pictures=0 if reference is None else reference.pictures,
            condition=self._condition,
            explanation=self._explanation,
        )

    def restore(self, state: ViewSnapshot) -> None:
        """Continue from an earlier run: its view is the usual one.

        Raises:
            InvalidValueError: the state is damaged.
        """
        try:
            packed = zlib.decompress(base64.b64decode(state.edges, validate=True))
            edges = np.frombuffer(packed, dtype=np.int8).reshape(_EMPTY_EDGES.shape).astype(np.float32)
            blocks = np.array(state.thumbnail, dtype=np.float32)
            thumbnail = blocks.reshape(GRID) if state.pictures else blocks
        except (binascii.Error, zlib.error, ValueError) as error:
            raise InvalidValueError(f"expected the reference of a view, got damaged data: {error}") from error
        # Media time starts anew: what is learnt next counts from the first picture of this run.
        self._learnt_s = None
        if state.pictures:
            self._reference = ViewReference(
                edges=np.asarray(edges / 127, dtype=np.float32),
                brightness=state.brightness,
                fine=state.fine,
                structured=state.structured,
                thumbnail=thumbnail,
                pictures=state.pictures,
            )
        self._condition, self._explanation = state.condition, state.explanation

    def _is_frozen(self, gray: Gray, at_s: float) -> bool:
        if self._last_gray is None or not np.array_equal(gray, self._last_gray):
            self._last_gray, self._same_since_s, self._same_pictures = gray.copy(), at_s, 1
            return False
        self._same_pictures += 1
        return self._same_pictures >= 5 and at_s - self._same_since_s >= self._frozen_after_s

    def _judge(self, features: ViewFeatures) -> ViewVerdict:
        reference = self._reference
        if reference is None:
            if features.structured * BLOCKS >= FEWEST_BLOCKS:
                return USUAL
            return _DARK_START if features.brightness < 60.0 else _PLAIN_START
        verdict = judge_view(reference, features, self._condition, measure_shift=self._measures_shift())
        if verdict.condition is not CameraCondition.OK and reference.pictures < _FIRST_PICTURES:
            # What is hardly known cannot have changed: the first picture may have been one of a passing bus.
            self._reference = None
            return self._judge(features)
        return verdict

    def _consider(self, verdict: ViewVerdict, at_s: float) -> None:
        fine = verdict.condition is CameraCondition.OK
        if self._candidate is None or self._candidate.condition is not verdict.condition:
            self._candidate_since_s, self._candidate_pictures = at_s, 0
        self._candidate = verdict
        self._candidate_pictures += 1
        if fine:
            self._bad_since_s = None
        elif self._bad_since_s is None:
            self._bad_since_s = at_s
        if verdict.condition is self._condition:
            return
        needed = _BACK_PICTURES if fine else _FEWEST_PICTURES
        persists = at_s - self._candidate_since_s >= verdict.patience_s
        any_reason = self._bad_since_s is not None and at_s - self._bad_since_s >= _ANY_REASON_S
        # Once something is declared, another reason has to be as patient; only the first may be any.
        any_reason = any_reason and self._condition is CameraCondition.OK
        if (persists and self._candidate_pictures >= needed) or any_reason:
            self._condition, self._explanation = verdict.condition, verdict.text

    def _learn(self, features: ViewFeatures, at_s: float) -> None:
        verdict = self._candidate
        if verdict is None or self.in_doubt:
            return
        old = self._reference
        if old is None:
            self._reference = ViewReference(
                edges=features.edges,
                brightness=features.brightness,
                fine=features.fine,
                structured=features.structured,
                thumbnail=features.thumbnail,
                pictures=1,
            )
            self._learnt_s, self._sway = at_s, (0.0, 0.0)
            return
        if verdict.shift is not None:
            self._sway = verdict.shift
        elif not self._measures_shift():
            return
        count = old.pictures + 1
        passed_s = 0.0 if self._learnt_s is None else max(0.0, at_s - self._learnt_s)
        # One picture after a long gap is still only one picture.
        slow = 1.0 - float(np.exp(-min(passed_s, _LONGEST_STEP_S) / _ADAPT_S))
        share = min(0.5, max(slow, 1.0 / count if count <= _FIRST_PICTURES else 0.0))
        self._learnt_s = at_s
        # The picture is moved back, so that a slowly sinking mast does not take the reference with it.
        edges = shifted(features.edges, -self._sway[0], -self._sway[1])
        self._reference = ViewReference(
            edges=old.edges + share * (edges - old.edges),
            brightness=old.brightness + share * (features.brightness - old.brightness),
            fine=old.fine + share * (features.fine - old.fine),
            structured=old.structured + share * (features.structured - old.structured),
            thumbnail=old.thumbnail + share * (features.thumbnail - old.thumbnail),
            pictures=min(count, _FIRST_PICTURES),
        )

    def _measures_shift(self) -> bool:
        young = self._reference is not None and self._reference.pictures < _FIRST_PICTURES
        return young or self._updates % _MEASURE_SHIFT_EVERY == 0


_FROZEN = ViewVerdict(
    condition=CameraCondition.FROZEN,
    patience_s=0.0,
    text="The picture is frozen: the camera sends the same one again and again.",
)
# A covered lens and a black night send equal pictures without being frozen.
_PLAIN_BY_NATURE = frozenset({CameraCondition.BLOCKED, CameraCondition.DARK})
_DARK_START = ViewVerdict(
    condition=CameraCondition.DARK, patience_s=10.0, text="It is too dark to recognise anything."
)
_PLAIN_START = ViewVerdict(
    condition=CameraCondition.BLOCKED,
    patience_s=10.0,
    text="The view is blocked: the picture shows no structure.",
)
