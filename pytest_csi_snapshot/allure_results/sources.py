"""The addresses of what a clause's source names, as links."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SIGS = "https://github.com/kubernetes-csi"
_LINKS: tuple[tuple[str, str], ...] = (
    (r"(https?://\S+)", r"\1"),
    (r"CSI spec(?: \w+)?", "https://github.com/container-storage-interface/spec/blob/master/spec.md"),
    (r"kubernetes-csi docs ([\w-]+)", r"https://kubernetes-csi.github.io/docs/\1.html"),
    (r"(external-\w+)#(\d+)", rf"{_SIGS}/\1/issues/\2"),
    (r"(external-\w+) ((?:pkg|client|cmd)/[\w./-]*\w)", rf"{_SIGS}/\1/blob/master/\2"),
    (r"KEP-(\d+)", r"https://github.com/kubernetes/enhancements/issues/\1"),
)
"""What a part of a source looks like -> where that is."""


def links(source: str) -> Iterator[tuple[str, str]]:
    """(name, address) of each part of a source that has an address."""
    for part in re.split(r"[,;] ", source):
        for pattern, address in _LINKS:
            if found := re.match(pattern, part.strip()):
                yield found[0], found.expand(address)
                break
