"""The cameras a program watches, each in a thread: those it holds the lease of, shared with other nodes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

import redis

from gotcha.camera_group import Wanted, join_all
from gotcha.camera_runner import CameraRunner
from jobs.camera_leases import CameraLeases, Node
from jobs.lease import Lease
from pipeline.errors import GotchaError

_log = logging.getLogger(__name__)

ROUND_S = 1.0
# Watching stops this long before a lease runs out: longer than one frame takes on a busy machine.
MARGIN_S = 4.0
# A free camera is left to the node that watches fewest for this long; then whoever comes takes it.
_LEFT_TO_OTHERS_S = 3.0
# Between two cameras that are handed to a node that watches fewer.
_SETTLE_S = 5.0
_GIVE_BACK_S = 0.4


@dataclass(slots=True, kw_only=True)
class _Seat:
    """A camera that is being watched here, and who shall have it next."""

    lease: Lease
    edition: int
    runner: CameraRunner
    thread: threading.Thread
    promised_to: str | None = None
    stop: threading.Event = field(default_factory=threading.Event)


class SharedCameras:
    """Takes leases, watches, hands over; one control thread.

    A node takes a free camera when it watches no more cameras than the others, and hands one over when
    another node watches at least two fewer. What happens to a camera goes to its memory before its lease.
    A camera that is changed is given up and taken anew; each node goes by the configuration it has.

    Args:
        leases: of this node.
        wanted: the cameras it would watch.
        runner: makes a camera's runner under a lease.
        dropped: is told of a camera that is not watched any more, as it was removed.
    """

    def __init__(
        self,
        leases: CameraLeases,
        wanted: Wanted,
        runner: Callable[[Lease], CameraRunner],
        dropped: Callable[[str], None],
    ) -> None:
        self._leases = leases
        self._wanted = wanted
        self._runner = runner
        self._dropped = dropped
        # Of which there is nothing left to watch here, as they are now.
        self._closed: dict[str, int] = {}
        # Those of them whose settings were changed while the program ran: they are changed again, not over.
        self._failed_anew: set[str] = set()
        self._seats: dict[str, _Seat] = {}
        self._free_since: dict[str, float] = {}
        self._handed_over_s = 0.0
        self._away = False
        self._waiting_said = False
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera-leases", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def keep_up(self) -> None:
        """Nothing: the control thread does, as each step of it needs the leases."""

    @property
    def over(self) -> bool:
        return bool(self._wanted()) and not self._open() and not self._failed_anew

    def _open(self) -> list[str]:
        return sorted(name for name, edition in self._wanted().items() if self._closed.get(name) != edition)

    def end(self, timeout_s: float) -> None:
        self._ending.set()
        for seat in tuple(self._seats.values()):
            seat.stop.set()
        join_all([seat.thread for seat in tuple(self._seats.values())], timeout_s)
        if self._thread.ident is not None:
            # It gives the leases back, so that others need not wait until they expire.
            self._thread.join(_GIVE_BACK_S)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._round()
                if self._away:
                    self._away = False
                    _log.info("Redis is back: cameras are shared again")
            except redis.RedisError as error:
                if not self._away:
                    self._away = True
                    _log.error(
                        "Redis is away: no camera is begun, and those watched stop when their leases end, "
                        "or two nodes might watch one; a node that is alone needs no leases "
                        "(queue: {share_cameras: false}): %s",
                        error,
                    )
            except Exception:  # noqa: BLE001 - a thread's border: leases must go on being looked after
                _log.exception("a round of the camera leases failed")
            self._stop_lost()
            self._ending.wait(ROUND_S)
        self._give_everything_back()

    def _round(self) -> None:
        for seat in self._seats.values():
            if not seat.lease.lost and not self._leases.renew(seat.lease):
                _log.error("%s: another node watches it now", seat.lease.camera)
        self._stop_changed()
        self._collect()
        self._leases.announce(self._open(), len(self._seats))
        nodes = self._leases.nodes()
        self._take_free(nodes)
        self._hand_over(nodes)

    def _stop_changed(self) -> None:
        wanted = self._wanted()
        for name, seat in self._seats.items():
            if wanted.get(name) != seat.edition:
                seat.stop.set()
        self._failed_anew = {
            name for name in self._failed_anew if self._closed.get(name) == wanted.get(name, -1)
        }

    def _stop_lost(self) -> None:
        for seat in self._seats.values():
            if not seat.lease.held(for_s=MARGIN_S) and not seat.stop.is_set():
                _log.warning("%s: its lease runs out, watching stops", seat.lease.camera)
                seat.stop.set()

    def _collect(self) -> None:
        """Clear away the seats whose threads have ended, and say in Redis why."""
        for camera, seat in tuple(self._seats.items()):
            if seat.thread.is_alive():
                continue
            del self._seats[camera]
            wanted = self._wanted().get(camera)
            if wanted is None:
                self._dropped(camera)
                _log.info("%s: removed, not watched any more", camera)
            if wanted == seat.edition and seat.runner.footage_over:
                self._closed[camera] = seat.edition
                self._leases.end(seat.lease)
                continue
            if wanted == seat.edition and seat.runner.failure is not None:
                # Another node may reach it.
                self._closed[camera] = seat.edition
                if seat.edition:
                    self._failed_anew.add(camera)
            self._leases.release(seat.lease, to=seat.promised_to)

    def _take_free(self, nodes: tuple[Node, ...]) -> None:
        wanted = [camera for camera in self._open() if camera not in self._seats]
        editions = self._wanted()
        wanted = [camera for camera in wanted if camera in editions]
        now = monotonic()
        free = [camera for camera, holder in self._leases.holders(wanted).items() if holder is None]
        self._free_since = {camera: self._free_since.get(camera, now) for camera in free}
        for camera in free:
            others = [n for n in nodes if n.name != self._leases.node and camera in n.cameras]
            fewest = min((node.watching for node in others), default=len(self._seats))
            if len(self._seats) > fewest and now - self._free_since[camera] < _LEFT_TO_OTHERS_S:
                continue
            answer = self._leases.acquire(camera)
            if answer.ended:
                _log.info("%s: its footage has ended on another node", camera)
                self._closed[camera] = editions[camera]
            elif answer.lease is not None:
                self._free_since.pop(camera)
                self._sit_down(answer.lease, editions[camera])
            elif answer.wait_s and not self._waiting_said:
                self._waiting_said = True
                _log.info(
                    "Redis has started anew: watching begins in %.0f s, when nobody can still hold a camera",
                    answer.wait_s,
                )

    def _sit_down(self, lease: Lease, edition: int) -> None:
        try:
            runner = self._runner(lease)
        except GotchaError as error:
            _log.error("%s: not watched: %s", lease.camera, error)
            self._closed[lease.camera] = edition
            self._leases.release(lease)
            return
        stop = threading.Event()
        thread = threading.Thread(target=runner.run, args=(stop,), name=f"watch-{lease.camera}", daemon=True)
        self._seats[lease.camera] = _Seat(
            lease=lease, edition=edition, runner=runner, thread=thread, stop=stop
        )
        _log.info("%s: watched by this node (%s)", lease.camera, self._leases.node)
        thread.start()

    def _hand_over(self, nodes: tuple[Node, ...]) -> None:
        staying = [seat for seat in self._seats.values() if not seat.stop.is_set()]
        if monotonic() - self._handed_over_s < _SETTLE_S or len(staying) < len(self._seats):
            return
        for node in sorted(nodes, key=lambda node: node.watching):
            if node.name == self._leases.node or len(staying) - node.watching < 2:
                continue
            seat = next((seat for seat in staying if seat.lease.camera in node.cameras), None)
            if seat is not None:
                _log.info("%s: handed over to node %s", seat.lease.camera, node.name)
                seat.promised_to = node.name
                seat.stop.set()
                self._handed_over_s = monotonic()
                return

    def _give_everything_back(self) -> None:
        for seat in self._seats.values():
            seat.stop.set()
        join_all([seat.thread for seat in self._seats.values()], MARGIN_S)
        try:
            for seat in self._seats.values():
                # Who still runs keeps its lease until that ends by itself: nobody else watches meanwhile.
                if not seat.thread.is_alive():
                    self._leases.release(seat.lease)
            self._leases.withdraw()
        except redis.RedisError as error:
            _log.debug("leases end by themselves: %s", error)
