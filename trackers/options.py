"""Every threshold of the place memory, with its unit and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import InvalidValueError


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOptions:
    """How stillness, presence and departure are judged. All times are seconds, all shares 0-1.

    The defaults lie on flat parts of their curves over real footage (`gotcha bench events`).

    Attributes:
        candidate_score: detections below it are ignored altogether.
        keep_score: a standing place is seen by a detection of at least this score.
        begin_score: at least half of the looks in the stillness window must score this much.
        stillness_s: how long boxes and picture must be still before a place is confirmed.
        still_iou: median IoU of the window's boxes with their median box.
        half_iou: IoU of the median boxes of the window's two halves: slow creeping fails here.
        patience: a vehicle seen badly is confirmed when mean score (misses count 0) times seconds of still
            picture reach this: 8 s at 0.31, 16 s at 0.16 ...
        patience_score: ... if the mean score is at least this ...
        patience_peak_share: ... and this share of looks reached `begin_score`.
        unarrived_peak: what was in the view from the start must reach this score in that share of the looks:
            bushes and awnings are taken for a car at 0.26 on average and 0.41 now and then, while no vehicle
            of the footage is lost up to 0.50. What came while it was watched is no bush.
        least_side: vehicles whose shorter side is less than this share of the picture's longer side are not
            judged: 16 px at the detector's 640, below which it is wrong too often (model card).
        sliver: a box at the picture's edge with less of its other side's length than this is too small a
            part of a vehicle to be judged.
        small_side: what stands and whose size (root of its area) is at most this share of the picture's
            longer side gets a closer look: 51 px at the detector's 640, where scores begin to fall.
        look_step_s: shortest time between two looks, so that a fast stream is judged like a slow one.
        near_score: what only closer looks show is confirmed at this mean score, not at `patience_score`.
        match_iou: a detection belongs to a place from this IoU.
        fit_iou: its box fits the place (it did not move) from this IoU.
        same_box_iou: another vehicle whose box overlaps the place this much took its place.
        picture_px: longer side of the grey picture in which appearances are compared.
        picture_still: unshifted correlation from which nothing moved (dating, creep); strict, so that no
            second is claimed that is not proven.
        block_keep: correlation of one block from which that block is recognised.
        block_share: share of open textured blocks from which the vehicle is surely recognised.
        doubt_share: share from which it may still be there: light and shadows, or something rolled a little;
            a detection that fits well decides.
        doubt_s: longest time in doubt.
        dating_s: a departure is dated back to the last stillness within this time.
        gone_s: absent from box and picture this long (and in two frames) means departed.
        differs_s: another picture in the same box this long (and in two frames) means replaced or moved.
        covered_s: longest time a place waits behind something in front of it.
        cover_score: a foreign detection of at least this score may be in front of a place.
        open_share: a place is judged while at least this share of its textured blocks is open.
        creep_iou: IoU with the first box below which the vehicle moved.
        inside_share: a new place lying this far inside a standing one is a part of it.
        overlap_iou: a new place overlapping a standing, visible one this much is the same vehicle.
        aside_keep: correlation from which the vehicle is found a little aside: it rolled.
        refresh_s: how often the reference picture follows slow changes of light.
        gap_s: a longer pause between two frames is handled like a lost connection.
        history_dense_s: span of the closely spaced grey history for dating arrivals.
        history_span_s: span of the whole grey history.
        gate_px: width of the motion gate's grey picture.
        gate_step: grey levels by which a pixel of the gate must change.
        gate_share: share of pixels that changed and came to rest which opens the gate.
        forced_s: the detector runs at least this often.
        settle_s: the detector runs on every frame this long after the start or a gap.
        light_share: share of changed pixels that is a change of light rather than of traffic.
        light_s: how long after it pictures are not held against a vehicle.
        max_places: bound of the memory; weakest candidates are dropped first.
    """

    candidate_score: float = 0.10
    keep_score: float = 0.15
    begin_score: float = 0.40
    stillness_s: float = 3.0
    still_iou: float = 0.75
    half_iou: float = 0.80
    patience: float = 2.5
    patience_score: float = 0.15
    patience_peak_share: float = 0.04
    unarrived_peak: float = 0.50
    least_side: float = 0.025
    sliver: float = 0.5
    small_side: float = 0.08
    look_step_s: float = 0.4
    near_score: float = 0.3
    match_iou: float = 0.40
    fit_iou: float = 0.80
    same_box_iou: float = 0.60
    picture_px: int = 480
    picture_still: float = 0.93
    block_keep: float = 0.60
    block_share: float = 0.70
    doubt_share: float = 0.45
    doubt_s: float = 6.0
    dating_s: float = 5.0
    gone_s: float = 1.0
    differs_s: float = 2.0
    covered_s: float = 300.0
    cover_score: float = 0.25
    open_share: float = 0.25
    creep_iou: float = 0.60
    inside_share: float = 0.85
    overlap_iou: float = 0.50
    aside_keep: float = 0.80
    refresh_s: float = 20.0
    gap_s: float = 12.0
    history_dense_s: float = 12.0
    history_span_s: float = 60.0
    gate_px: int = 160
    gate_step: int = 20
    gate_share: float = 0.01
    forced_s: float = 10.0
    settle_s: float = 4.0
    light_share: float = 0.40
    light_s: float = 3.0
    max_places: int = 64

    def __post_init__(self) -> None:
        if not 0.0 <= self.candidate_score <= self.keep_score <= self.begin_score <= 1.0:
            raise InvalidValueError(
                "expected 0 <= candidate_score <= keep_score <= begin_score <= 1, got "
                f"{self.candidate_score}, {self.keep_score}, {self.begin_score}"
            )
        for name in ("stillness_s", "patience", "gone_s", "differs_s", "forced_s", "gap_s"):
            if getattr(self, name) <= 0.0:
                raise InvalidValueError(f"expected {name} > 0, got {getattr(self, name)}")
        if self.max_places < 1 or self.picture_px < 64 or self.gate_px < 32:
            raise InvalidValueError(
                "expected max_places >= 1, picture_px >= 64 and gate_px >= 32, got "
                f"{self.max_places}, {self.picture_px} and {self.gate_px}"
            )
