"""Who gets the page at the front door, and what its files may do."""

from __future__ import annotations

import re

import pytest

from pytest_csi_snapshot.reference_impl.backend import ui
from pytest_csi_snapshot.reference_impl.backend.engine import Engine

from .http import Http

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def http(engine: Engine) -> Http:
    return Http(engine)


@pytest.mark.parametrize(
    ("accept", "query", "kind"),
    [
        (FIREFOX, "", "text/html"),
        ("application/json, TEXT/HTML;q=0.5", "", "text/html"),
        ("*/*", "?_format=html", "text/html"),
        (FIREFOX, "?_format=json", "application/json"),
        ("*/*", "", "application/json"),
        ("application/json", "", "application/json"),
        ("", "", "application/json"),
    ],
)
def test_browsers_get_the_page_and_clients_the_versions(http: Http, accept: str, query: str, kind: str) -> None:
    answer = http.get(f"/{query}", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Vary"]) == (200, "Accept")
    assert answer.headers["Content-Type"].partition(";")[0] == kind
    assert http.get("/v1", headers={"Accept": FIREFOX}).json()["id"] == "v1"


def test_the_page_names_only_files_that_are_served(http: Http) -> None:
    page = http.get("/", headers={"Accept": FIREFOX})
    named = set(re.findall(r'(?:src|href)="(ui/[^"]+)"', page.text))
    assert named
    for name in named | {f"ui/{path.name}" for path in ui.FOLDER.glob("*.js")}:
        answer = http.get(f"/{name}")
        assert answer.status_code == 200, name
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = http.get("/ui/main.js", headers={"If-None-Match": http.get("/ui/main.js").headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_scripts_name_only_modules_that_are_there() -> None:
    for script in ui.FOLDER.glob("*.js"):
        for module in re.findall(r'from "\./([^"]+)"', script.read_text()):
            assert (ui.FOLDER / module).is_file(), (script.name, module)


@pytest.mark.parametrize(
    "path", ["/ui/__init__.py", "/ui/", "/ui/nothing.js", "/ui/../api.py", "/ui/%2e%2e/api.py"]
)
def test_nothing_else_is_served(http: Http, path: str) -> None:
    assert http.get(path).status_code == 404
