"""Makes the pages of Allure from the results of a run, by the program that ci/allure pins.

python ci/generate_allure_pages.py RESULTS PAGES
python ci/generate_allure_pages.py --empty RESULTS    before a run: the pages show all that is there
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent / "allure"
PROGRAM = HERE / "node_modules" / ".bin" / "allure"
INSTALLED = HERE / "node_modules" / ".installed"
LOCK = HERE / "package-lock.json"


def install() -> None:
    """Have npm install what the lock file says, unless it has; its own cache is asked first."""
    if INSTALLED.exists() and INSTALLED.stat().st_mtime >= LOCK.stat().st_mtime:
        return
    subprocess.run(["npm", "ci", "--prefer-offline", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    INSTALLED.touch()


def generate(results: Path, pages: Path) -> None:
    """Replace ``pages`` by the pages of these results. Raises CalledProcessError."""
    shutil.rmtree(pages, ignore_errors=True)
    command = [str(PROGRAM), "generate", str(results.resolve()), "--output", str(pages.resolve())]
    # It looks for a configuration in the current folder.
    environment = {**os.environ, "CSI_ALLURE_RESULTS": str(results.resolve())}
    subprocess.run(command, cwd=HERE, check=True, env=environment)
    index = pages / "index.html"
    index.write_text(without_analytics(index.read_text("utf-8")), "utf-8")


def without_analytics(page: str) -> str:
    """The page, without what tells others that it was opened; Allure has no setting for that."""
    return re.sub(r"<script[^>]*>(?:(?!</script>).)*</script>", _unless_analytics, page, flags=re.DOTALL)


def _unless_analytics(script: re.Match[str]) -> str:
    return "" if re.search(r"googletagmanager|gtag\(", script[0]) else script[0]


def main(args: list[str]) -> int:
    if args[:1] == ["--empty"]:
        shutil.rmtree(args[1], ignore_errors=True)
        return 0
    if len(args) != 2:
        print(__doc__, file=sys.stderr)
        return 4
    results, pages = map(Path, args)
    if not any(results.glob("*-result.json")):
        print(f"{results} has no results of Allure: run pytest with --alluredir={results} first", file=sys.stderr)
        return 4
    if shutil.which("npm") is None:
        print("npm is missing, with which Allure is installed: install Node.js 20 or later", file=sys.stderr)
        return 3
    install()
    generate(results, pages)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
