"""Data inside a page: JSON that no browser takes for markup, and what its scripts and styles are allowed by."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape

_UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def embedded(value: object) -> str:
    """A value as JSON for the inside of a ``<script>``: ASCII without ``<``, ``>`` and ``&``.

    Nothing in it can end the element or begin a comment, and it survives being read in any encoding.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True, default=str).translate(_UNSAFE)


def element(identifier: str, value: object) -> str:
    """A ``<script>`` that holds a value and is never run."""
    return f'<script type="application/json" id="{identifier}">{embedded(value)}</script>\n'


def markup(text: object) -> str:
    """A text for between tags; what has no place in a file of UTF-8, half of a surrogate pair, is spelled out."""
    return escape(str(text).encode("utf-8", "backslashreplace").decode())


def fingerprint(text: str) -> str:
    """How a content security policy names an inline script or style."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def policy(script: str, style: str) -> str:
    """What the page may do: run this script and use this style; load and send nothing, parse no data as markup."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {fingerprint(script)}",
            f"style-src {fingerprint(style)}",
            "img-src data:",  # its icon
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
