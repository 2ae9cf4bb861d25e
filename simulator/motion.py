"""How far along its way a vehicle is at any time: constant accelerations between exact instants."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

from pipeline.errors import InvalidValueError


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """From `start_s` on: begins at `place_m` with `speed` (m/s) and accelerates by `accel` (m/s2)."""

    start_s: float
    place_m: float
    speed: float
    accel: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """A time of standing still, seconds; `start_s` or `end_s` may be infinite."""

    start_s: float
    end_s: float
    place_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """Progress along a way, metres, as a function of time; before the first phase its speed holds."""

    phases: tuple[Phase, ...]
    halts: tuple[Halt, ...]

    def place(self, t_s: float) -> float:
        """Metres along the way at `t_s`."""
        phase = self._phase(t_s)
        dt = t_s - phase.start_s
        if dt < 0:
            return phase.place_m + phase.speed * dt
        return phase.place_m + phase.speed * dt + 0.5 * phase.accel * dt * dt

    def speed(self, t_s: float) -> float:
        """Metres a second at `t_s`."""
        phase = self._phase(t_s)
        return phase.speed + phase.accel * max(0.0, t_s - phase.start_s)

    def braking(self, t_s: float) -> bool:
        """Whether the brake lamps burn."""
        return self._phase(t_s).accel < -0.3

    def halt_at(self, t_s: float) -> Halt | None:
        """The halt in which `t_s` lies, or None while moving."""
        for halt in self.halts:
            if halt.start_s <= t_s <= halt.end_s:
                return halt
        return None

    def _phase(self, t_s: float) -> Phase:
        index = bisect_right([p.start_s for p in self.phases], t_s) - 1
        return self.phases[max(index, 0)]


class Journey:
    """Writes a Motion: cruise in, halt here from then to then, go on."""

    def __init__(self, cruise: float, accel: float = 1.8) -> None:
        if cruise <= 0 or accel <= 0:
            raise InvalidValueError(f"expected positive speed and acceleration, got {cruise} and {accel}")
        self._cruise, self._accel = cruise, accel
        self._phases: list[Phase] = []
        self._halts: list[Halt] = []

    def pass_by(self, t_s: float, place_m: float = 0.0) -> Motion:
        """Drive through without a stop, at `place_m` at `t_s`."""
        return Motion(phases=(Phase(start_s=t_s, place_m=place_m, speed=self._cruise, accel=0.0),), halts=())

    def halt(self, start_s: float, end_s: float, place_m: float) -> Journey:
        """Stand at `place_m` from `start_s` to `end_s`; the way there fits exactly.

        The first halt is reached by braking from cruising speed (or stands from the beginning when `start_s`
        is minus infinity); a later one by starting from the halt before and arriving as soon as is smooth.

        Raises:
            InvalidValueError: there is not enough time to come here from the halt before.
        """
        if not self._halts:
            self._arrive_first(start_s, place_m)
        else:
            self._move_from(self._halts[-1], start_s, place_m)
        self._phases.append(Phase(start_s=max(start_s, -1e9), place_m=place_m, speed=0.0, accel=0.0))
        self._halts.append(Halt(start_s=start_s, end_s=end_s, place_m=place_m))
        return self

    def _arrive_first(self, start_s: float, place_m: float) -> None:
        if math.isinf(start_s):
            return
        duration = self._cruise / self._accel
        way = self._cruise * duration / 2
        self._phases.append(
            Phase(start_s=start_s - duration, place_m=place_m - way, speed=self._cruise, accel=-self._accel)
        )

    def _move_from(self, last: Halt, start_s: float, place_m: float) -> None:
        distance, time = place_m - last.place_m, start_s - last.end_s
        if time <= 0 or distance <= 0:
            raise InvalidValueError(f"expected a later halt farther on, got {distance} m in {time} s")
        # half the time speeding up, half slowing down
        accel = 4 * distance / time**2
        if accel > 4.0:
            raise InvalidValueError(f"expected at most 4 m/s2, got {accel:.1f} for {distance} m in {time} s")
        middle = last.end_s + time / 2
        self._phases.append(Phase(start_s=last.end_s, place_m=last.place_m, speed=0.0, accel=accel))
        self._phases.append(
            Phase(start_s=middle, place_m=last.place_m + distance / 2, speed=accel * time / 2, accel=-accel)
        )

    def leave(self) -> Motion:
        """End the journey: drive off after the last halt (never, when that has no end)."""
        last = self._halts[-1]
        if not math.isinf(last.end_s):
            duration = self._cruise / self._accel
            way = self._cruise * duration / 2
            self._phases.append(Phase(start_s=last.end_s, place_m=last.place_m, speed=0.0, accel=self._accel))
            self._phases.append(
                Phase(
                    start_s=last.end_s + duration, place_m=last.place_m + way, speed=self._cruise, accel=0.0
                )
            )
        return Motion(phases=tuple(self._phases), halts=tuple(self._halts))
