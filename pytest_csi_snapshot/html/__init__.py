"""The page of a report: one HTML file that needs nothing but a browser, made from the report and its evidence."""

from __future__ import annotations

from pytest_csi_snapshot.html.page import render
from pytest_csi_snapshot.html.reading import page_of

__all__ = ["page_of", "render"]
