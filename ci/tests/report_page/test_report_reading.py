"""What a reader is told: the verdict, failures, clauses, their pages, and what is compared."""

from __future__ import annotations

from playwright.sync_api import expect

from .conftest import Visit
from .sample import ERRORED, FAILED, WAIVED, Sample


def test_the_verdict_is_first(visit: Visit) -> None:
    window = visit()
    verdict = window.page.get_by_role("region", name="Not conformant")
    expect(verdict.get_by_role("heading", level=1)).to_have_text("Not conformant")
    for words in (
        "driver.longhorn.io",
        "Kubernetes v1.37.2",
        "2026-01-01 10:00:00 UTC",
        "213 of 216 MUST clauses passed, 2 failed",
        "Exit code 1, gate must",
        f"{FAILED} failed",
        "worker gw2 crashed",
        "-k 'not clone'",
    ):
        expect(verdict).to_contain_text(words)
    verdict.get_by_role("link", name="2 failed").click()
    expect(window.rows).to_have_count(2)


def test_failures_are_told_in_full(visit: Visit, sample: Sample) -> None:
    window = visit()
    failures = window.page.get_by_role("region", name="Failures")
    expect(failures.get_by_role("article")).to_have_count(2)
    told = failures.get_by_role("article", name=FAILED)
    for words in (
        "With policy Delete, deleting a VolumeSnapshot deletes its content",
        "the backend no longer has the snapshot",
        "the backend still has the snapshot: </script>",
        "snapshot-controller 0.1.0, csi-snapshotter 0.1.0, driver 0.1.0",
        "was DeleteSnapshot called",
    ):
        expect(told).to_contain_text(words)
    expect(failures.get_by_role("article", name=WAIVED)).to_contain_text("waived")
    expect(failures.get_by_text(ERRORED, exact=True)).to_be_visible()
    told.get_by_text("What was seen before it").click()
    expect(told).to_contain_text("readyToUse true, bound, terminating")


def test_a_command_is_copied(visit: Visit, sample: Sample) -> None:
    window = visit(permissions=["clipboard-read", "clipboard-write"])
    told = window.page.get_by_role("article", name=FAILED)
    told.get_by_role("button", name="Copy").click()
    expect(told.get_by_role("button", name="Copied")).to_be_visible()
    failed = next(clause for clause in sample.report["clauses"] if clause["id"] == FAILED)
    assert window.page.evaluate("navigator.clipboard.readText()") == failed["failures"][0]["rerun"]


def test_the_page_of_a_clause(visit: Visit, sample: Sample) -> None:
    window = visit()
    window.page.get_by_role("article", name=FAILED).get_by_role("link", name=FAILED).click()
    assert window.place == f"#/clause/{FAILED}"
    page = window.page
    expect(page.get_by_role("heading", level=1)).to_have_text(FAILED)
    failed = next(clause for clause in sample.report["clauses"] if clause["id"] == FAILED)
    expect(page.locator(".statement")).to_have_text(failed["sentence"])
    expect(page.get_by_text(failed["source"], exact=True)).to_be_visible()
    expect(page.locator("article.test")).to_have_count(len(failed["tests"]))
    check = page.locator("table.checks tbody tr").first
    expect(check).to_contain_text("readyToUse true")
    expect(check).to_contain_text("failed")
    page.get_by_role("link", name="Next DEL-002").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("DEL-002")
    page.go_back()
    page.go_back()
    expect(page.get_by_role("region", name="Failures")).to_be_visible()


def test_bodies_logs_and_calls_are_there_on_demand(visit: Visit) -> None:
    window = visit(place=f"clause/{FAILED}")
    test = window.page.locator("article.test").first
    test.get_by_text("Objects (1)").click()
    test.get_by_text("first and last version").click()
    expect(test.locator(".diff .minus")).to_have_text("-   readyToUse: false\n")
    expect(test.locator(".diff .plus")).to_have_text(["+   readyToUse: true\n", "+   restoreSize: 1Gi\n"])
    test.get_by_text("Logs (1)").click()
    test.get_by_text("csi-snapshotter", exact=True).click()
    expect(test.get_by_label("Log of csi-snapshotter")).to_contain_text("I0101 syncing")
    window.open("clause/RPC-CRS-001")
    called = window.page.locator("article.test").first
    called.get_by_text("Calls of the driver (1)").click()
    expect(called.get_by_label("Request")).to_contain_text("source_volume_id: vol-1")


def test_evidence_that_could_not_be_written_is_told(visit: Visit) -> None:
    window = visit("unwritten")
    verdict = window.page.get_by_role("region", name="Conformant")
    expect(verdict).to_contain_text("the evidence of 330 tests could not be written: No space left on device")
    window.open(f"clause/{FAILED}")
    test = window.page.locator("article.test").first
    expect(test).to_contain_text("The evidence of this test could not be written: No space left on device")


def test_hostile_words_are_words(visit: Visit) -> None:
    window = visit(place=f"clause/{FAILED}")
    told = window.page.locator("table.checks").first
    expect(told).to_contain_text(
        "</script><!-- \"quoted\" 'single' \\u202egnirts\\u202c \\u0007 \\u001b[31m & \\ud800 שלום"
    )


def test_what_is_not_in_the_report(visit: Visit) -> None:
    window = visit(place="clause/%E0%A4%A")
    expect(window.page.get_by_text("This report has nothing called %E0%A4%A.")).to_be_visible()
    window.open("nowhere")
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Not conformant")


def test_what_changed_since_a_report(visit: Visit) -> None:
    window = visit("compared", "compare")
    compared = window.page.get_by_role("region", name="Comparison")
    expect(compared.get_by_role("heading", name="Broken (2)")).to_be_visible()
    expect(compared.get_by_role("listitem").filter(has_text=FAILED)).to_contain_text("passed → failed")
    timing = window.page.get_by_role("region", name="Timing")
    expect(timing.locator(".quantiles.before")).to_have_count(3)
    expect(timing.locator("circle.before").first).to_be_visible()


def test_how_long_it_takes(visit: Visit) -> None:
    window = visit(place="timing")
    timing = window.page.get_by_role("region", name="Timing")
    for phase in ("claim bound", "pod ready", "snapshot ready"):
        expect(timing.get_by_role("img", name=f"{phase}: median")).to_be_visible()
    expect(timing.get_by_role("img", name="driver").first).to_be_visible()
    timing.locator(".longest a").first.click()
    expect(window.page.locator("article.test")).to_have_count(1)


def test_the_run(visit: Visit) -> None:
    run = visit(place="run").page.get_by_role("region", name="Run")
    expect(run.get_by_role("row", name="csi_slow_factor 2 ini")).to_be_visible()
    expect(run.get_by_role("row", name="snapshot-controller 0.1.0")).to_be_visible()
    expect(run.get_by_role("row", name="GROUP no –")).to_be_visible()


def test_a_report_of_nothing(visit: Visit) -> None:
    window = visit("empty")
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Nothing judged")
    window.fits()
