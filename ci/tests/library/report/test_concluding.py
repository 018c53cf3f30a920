"""What a report says that it lacks, once the judgement is there: each thing once."""

from __future__ import annotations

from dataclasses import replace

from pytest_csi_snapshot.gating import Judgement
from pytest_csi_snapshot.report.concluding import concluded
from pytest_csi_snapshot.verdict import Verdict

from .samples import CATALOGUE, report

FILE = "suites/test_a.py: errored"
OF_THE_FILE = "suites/test_a.py::test_b: errored"
WHERE = "worker gw1 crashed in suites/test_a.py::test_c; its evidence is lost"
HOW = "worker gw1 crashed: Not properly terminated"
ANOTHER = "worker gw10 crashed: Not properly terminated"


def test_what_went_wrong_for_good_is_missing_once() -> None:
    judgement = Judgement(3, (), lasting=(FILE, OF_THE_FILE, HOW, ANOTHER))
    made = concluded(replace(report(), missing=(FILE, WHERE)), Verdict(CATALOGUE, ()), judgement, exit_code=3)
    assert made.missing == (FILE, WHERE, OF_THE_FILE, ANOTHER)
