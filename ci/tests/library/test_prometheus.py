"""What is read from a page of metrics."""

from __future__ import annotations

from pytest_csi_snapshot.prometheus import Sample, samples

PAGE = """\
# HELP operations_total How often.
# TYPE operations_total counter
operations_total{name="a",text="with \\"quotes\\", a comma} and a brace"} 3
operations_total 4.5e+01 1700000000000
broken{name="a"} three
in_flight 0
"""


def test_samples_of_a_page() -> None:
    found = list(samples(PAGE))
    assert [sample.name for sample in found] == ["operations_total", "operations_total", "in_flight"]
    assert found[0].labels["name"] == "a"
    assert set(found[0].labels) == {"name", "text"}
    assert found[1] == Sample("operations_total", {}, 45.0)
    assert found[2].value == 0
