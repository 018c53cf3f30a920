"""By what a run is judged: the gate, the waivers and the baseline of its settings, read before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.gating.baseline import Baseline, read_baseline
from pytest_csi_snapshot.gating.judgement import Gate, Judgement, judge
from pytest_csi_snapshot.gating.subject import Subject
from pytest_csi_snapshot.gating.waivers import Waiver, read_waivers
from pytest_csi_snapshot.settings import Settings


@dataclass(frozen=True)
class Terms:
    """What decides about the exit code of a run. ``waivers_file`` is where the waivers were read from."""

    gate: Gate
    today: date
    waivers: tuple[Waiver, ...] = ()
    baseline: Baseline | None = None
    allow_unknown: bool = False
    waivers_file: str = ""

    def judge(self, subject: Subject) -> Judgement:
        """Judge a run by them."""
        return judge(
            subject, self.gate, self.waivers, self.baseline, allow_unknown=self.allow_unknown, today=self.today
        )


def terms_of(settings: Settings, today: date) -> Terms:
    """The terms that the settings name. Raises UsageTrouble, one line, for a file that is wrong."""
    waivers, baseline = settings.csi_waivers, settings.csi_baseline
    compared = read_baseline(Path(baseline)) if baseline else None
    if compared and settings.csi_driver and compared.driver != settings.driver_name:
        raise UsageTrouble(
            f"--csi-baseline: {compared.origin} is about driver {compared.driver}",
            why=f"this run is about {settings.driver_name}",
        )
    return Terms(
        Gate(settings.csi_gate),
        today,
        read_waivers(Path(waivers)) if waivers else (),
        compared,
        settings.csi_allow_unknown,
        waivers,
    )
