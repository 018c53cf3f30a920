"""What a CI job trusts: from what was judged to an exit code, with the reasons.

Pure but for the files of waivers and baselines, and for ``settling``, which hooks into pytest. The same function
judges a run that is ending and a report that was written long ago.
"""

from __future__ import annotations

from pytest_csi_snapshot.gating.baseline import Baseline, read_baseline
from pytest_csi_snapshot.gating.judgement import Gate, Judgement, judge
from pytest_csi_snapshot.gating.subject import Said, Subject, of_report
from pytest_csi_snapshot.gating.waivers import Use, Waiver, read_waivers

__all__ = [
    "Baseline",
    "Gate",
    "Judgement",
    "Said",
    "Subject",
    "Use",
    "Waiver",
    "judge",
    "of_report",
    "read_baseline",
    "read_waivers",
]
