"""How a run went in time: whose time it was, what determined its end, and what it could not be shorter than. Pure.

The critical path goes backwards from the test that ended last: before a test came the one that its worker ran
before it, and before a test that ran alone the one that ended last of all. The bound is what the cluster sets: the
seconds in which tests waited for it, the tests that run alone one after the other, the others spread over the
workers as evenly as can be, but none shorter than the longest of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_csi_snapshot.report.building import sum_of
from pytest_csi_snapshot.report.model import ReportedTest, RunTime

PARTS = ("driver", "controller", "kubelet", "cluster", "harness")


def time_of(tests: Iterable[ReportedTest], workers: int) -> RunTime:
    """The time of a run of one process, or of ``workers`` beside each other."""
    ran = [test for test in tests if _length(test)]
    if not ran:
        return RunTime()
    path = _critical(ran)
    longest = max(ran, key=lambda test: (_length(test), test.id))
    return RunTime(
        seconds=sum_of(test.seconds for test in ran),
        makespan=round(max(map(_end, ran)) - min(test.began for test in ran), 3),
        longest=longest.id,
        least=round(_least(ran, workers), 3),
        critical=tuple(test.id for test in path),
        on_path=sum_of(test.seconds for test in path),
    )


def lines_about(time: RunTime, tests: Sequence[ReportedTest], workers: int) -> list[str]:
    """The same for the terminal; [] where no test ran."""
    if not time.longest:
        return []
    parts = {part: getattr(time.seconds, part) for part in PARTS}
    whole = sum(parts.values())  # of a test that ran without the library, nothing but its length is known
    shares = ", ".join(f"{part} {seconds / whole:.0%}" for part, seconds in parts.items() if whole)
    beside = f" of {workers} workers" if workers > 1 else ""
    longest = next(test for test in tests if test.id == time.longest)
    took = f"tests took {time.makespan:.1f} s{beside}"
    took += f"; of all that they waited and worked: {shares}" if shares else ""
    path = f"critical path: {len(time.critical)} of {len(tests)} tests, {time.on_path.total:.1f} s"
    bound = f"the cluster allows no less than {time.least:.1f} s"
    return [took, f"{path}; {bound}; longest: {_length(longest):.1f} s {longest.id}"]


def _least(tests: Sequence[ReportedTest], workers: int) -> float:
    """Seconds, of the time only in which a test waited for somebody else."""
    alone = sum(_foreign(test) for test in tests if test.alone)
    others = [_foreign(test) for test in tests if not test.alone]
    return alone + max(max(others, default=0.0), sum(others) / max(workers, 1))


def _critical(tests: Sequence[ReportedTest]) -> list[ReportedTest]:
    path = [max(tests, key=_end)]
    while True:
        here = path[-1]
        earlier = [
            test for test in tests if test.began < here.began and (here.alone or test.worker == here.worker)
        ]
        if not earlier:
            return path[::-1]
        path.append(max(earlier, key=_end))


def _length(test: ReportedTest) -> float:
    return test.phases.setup + test.phases.call + test.phases.teardown


def _end(test: ReportedTest) -> float:
    return test.began + _length(test)


def _foreign(test: ReportedTest) -> float:
    return max(0.0, test.seconds.total - test.seconds.harness)
