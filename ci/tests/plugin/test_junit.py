"""What a JUnit file says about clauses, and about the run as a whole; alone and with workers."""

from __future__ import annotations

from xml.etree import ElementTree

from .conftest import Demo
from .test_reports import EVERYTHING, WORKERS

Properties = list[tuple[str | None, str | None]]


def properties(element: ElementTree.Element | None) -> Properties:
    assert element is not None
    return [(each.get("name"), each.get("value")) for each in element.iter("property")]


@WORKERS
def test_properties_of_tests_and_of_the_suite(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=EVERYTHING)
    demo.run("--junit-xml=out.xml", *workers)
    root = ElementTree.parse(demo.path / "out.xml")
    cases = {case.get("name"): case for case in root.iter("testcase")}
    passed = properties(cases["test_passes"])
    assert passed[:4] == [
        ("csi_clause", "DEL-001"),
        ("csi_level", "DEL-001 MUST"),
        ("csi_outcome", "DEL-001 passed"),
        ("csi_result", "passed"),
    ]
    assert [name for name, _ in passed[4:]] == ["csi_price", "csi_evidence"]
    failed = properties(cases["test_fails"])
    for told in (
        ("csi_outcome", "SNAP-DYN-002 failed"),
        ("csi_outcome", "SNAP-DYN-001 unknown"),
        ("csi_blamed", "SNAP-DYN-002 snapshot-controller v8.6.0"),
        ("csi_result", "failed"),
    ):
        assert told in failed
    failure = cases["test_fails"].find("failure")
    assert failure is not None
    assert failure.get("message") == "SNAP-DYN-002: expected driver a, observed driver b"
    assert "blamed on      snapshot-controller v8.6.0" in str(failure.text)
    for name, why in (("test_cannot_tell", "df shows the host"), ("test_forgets", "no check recorded")):
        skipped = cases[name].find("skipped")
        assert skipped is not None, f"{name} is unknown, which is no pass"
        assert why in str(skipped.get("message"))
        assert ("csi_result", "unknown") in properties(cases[name])
    (suite,) = root.iter("testsuite")
    told_of_all = dict(properties(suite.find("properties")))
    assert told_of_all["csi_driver"] == "driver.longhorn.io"
    assert told_of_all["csi_result"] == "not conformant"
    assert told_of_all["csi_exit_code"] == "1"
    assert told_of_all["csi_reason"] == "SNAP-DYN-002 (MUST) failed"
    assert "driver 1.4.0" in str(told_of_all["csi_versions"])
