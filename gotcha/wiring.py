"""From a configuration to one camera's watch: the place that knows every class."""

from __future__ import annotations

import functools

from gotcha.config import Config
from gotcha.config_cameras import DeviceCamera
from gotcha.device_inbox import DatabaseInbox
from gotcha.device_interval import slower_clock
from gotcha.models import Models
from gotcha.plate_region import grammar_name
from gotcha.record_ids import ids_of
from pipeline.casework import Casework
from pipeline.dwell import DwellTimer
from pipeline.evidence import ClipCutter, EvidenceRecorder, EvidenceTools
from pipeline.idle_pace import IdlePace, longest_wait_s
from pipeline.investigation import ClipSpan, Investigation
from pipeline.latin_plates import grammar_for
from pipeline.plate_watch import PlateWatch
from pipeline.repeats import Repeats
from pipeline.report import EvidenceStore, ReportSink
from pipeline.sights import Sights
from pipeline.standing import StandingVehicles
from pipeline.view_watch import ViewWatch
from pipeline.watch import CameraWatch, WatchParts
from trackers.place_tracker import PlaceTracker
from trackers.slow_pace import SlowPace
from vision.annotate import mark_photo
from vision.encode import encode_jpeg
from vision.view_picture import draw_view


def build_watch(
    config: Config, name: str, *, models: Models, evidence: EvidenceStore, sink: ReportSink, cut: ClipCutter
) -> CameraWatch:
    """The watch of the camera `name`.

    Args:
        config: the whole configuration.
        name: the camera.
        models: shared by all cameras.
        evidence: where its evidence goes.
        sink: where its reports go.
        cut: cuts clips out of its source.

    Raises:
        ConfigError: there is no camera of that name.
    """
    zones = config.zones_of(name)
    new_id = ids_of(config, name)
    region = config.region_of(name)
    tools = EvidenceTools(
        encode=functools.partial(encode_jpeg, quality=config.evidence.jpeg_quality),
        mark=mark_photo,
        draw_view=draw_view,
        cut=cut,
        time_zone=config.time_zone_of(name),
    )
    plates = PlateWatch(scanner=models.scanner(region), grammar=grammar_for(grammar_name(region)))
    sights = Sights(store=evidence)
    casework = Casework(
        camera=name,
        zones=zones,
        investigation=Investigation(
            recorder=EvidenceRecorder(camera=name, store=evidence, tools=tools),
            plates=plates,
            sights=sights,
            clip=ClipSpan(before_s=config.evidence.clip_before_s, after_s=config.evidence.clip_after_s),
        ),
        plates=plates,
        repeats=Repeats(window_s=config.repeats.window_s),
        sights=sights,
        sink=sink,
        new_id=new_id,
    )
    return CameraWatch(
        camera=name,
        zones=zones,
        masks=config.camera(name).masks,
        analysis_long_side=config.detector.input_px,
        # Each of the few frames of a camera that sleeps is looked at when it comes.
        pace=None
        if isinstance(config.camera(name), DeviceCamera)
        else IdlePace(longest_s=longest_wait_s(zones)),
        parts=WatchParts(
            detector=models.detector,
            tracker=_tracker(config, name),
            dwell=DwellTimer(zones),
            view=ViewWatch(),
            casework=casework,
            sink=sink,
            new_id=new_id,
        ),
    )


def _tracker(config: Config, name: str) -> StandingVehicles:
    places = PlaceTracker(areas=tuple(zone.polygon for zone in config.zones_of(name)))
    if not isinstance(config.camera(name), DeviceCamera):
        return places
    told = DatabaseInbox(config, name)
    return SlowPace(places, lambda: slower_clock(told.interval_s()))
