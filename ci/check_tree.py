"""Facts about the tree that no linter checks: the three links, module sizes, equal wheels."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINKS = {"fixtures", "reference_impl", "suites"}
LONGEST = 400  # lines; past that a module holds more than one concept


def git_files(*patterns: str) -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", "--stage", *patterns], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return listing.stdout.splitlines()


def links() -> list[str]:
    found = {line.split("\t")[1] for line in git_files() if line.startswith("120000")}
    wanted = {f"pytest_csi_snapshot/{name}" for name in LINKS}
    return [f"links are {sorted(found)}, wanted {sorted(wanted)}"] if found != wanted else []


def long_modules() -> list[str]:
    troubles = []
    for line in git_files("*.py"):
        path = line.split("\t")[1]
        if line.startswith("120000") or path.endswith(("_pb2.py", "_pb2_grpc.py")):
            continue
        lines = (ROOT / path).read_text().count("\n")
        if lines > LONGEST:
            troubles.append(f"{path} has {lines} lines, {LONGEST} are allowed: split it by concept")
    return troubles


def wheels() -> list[str]:
    """The wheel made from the tree and the one made from the sdist hold the same files."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, args in {"direct": ["--wheel"], "from-sdist": []}.items():
            subprocess.run(
                [sys.executable, "-m", "build", *args, "--outdir", f"{scratch}/{name}", str(ROOT)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        direct, from_sdist = (
            set(zipfile.ZipFile(next(Path(scratch, name).glob("*.whl"))).namelist())
            for name in ("direct", "from-sdist")
        )
    differing = sorted(direct ^ from_sdist)
    troubles = [f"wheels differ: only in one of them: {', '.join(differing)}"] if differing else []
    needed = {
        "pytest_csi_snapshot/fixtures/kind/Containerfile",
        "pytest_csi_snapshot/fixtures/kind/Containerfile.upstream",
        "pytest_csi_snapshot/fixtures/programs/kind/go.mod",
        "pytest_csi_snapshot/fixtures/programs/kind/go.sum",
        "pytest_csi_snapshot/fixtures/programs/kubernetes/go.mod",
        "pytest_csi_snapshot/fixtures/programs/kubernetes/go.sum",
        "pytest_csi_snapshot/fixtures/programs/reference-grant-crd/go.mod",
        "pytest_csi_snapshot/fixtures/programs/snapshot-crds/go.mod",
        "pytest_csi_snapshot/known_deviations.yaml",
        "pytest_csi_snapshot/report.schema.json",
        "pytest_csi_snapshot/suites/test_dynamic.py",
        "pytest_csi_snapshot/suites/walkthrough/files/database.py",
        "pytest_csi_snapshot/suites/walkthrough/files/snapshotclass.yaml",
    }
    upstream = ROOT / "fixtures" / "programs" / "upstream"
    needed |= {f"pytest_csi_snapshot/{path.relative_to(ROOT)}" for path in upstream.glob("*/go.*")}
    page = ROOT / "reference_impl" / "backend" / "ui"
    needed |= {f"pytest_csi_snapshot/{path.relative_to(ROOT)}" for path in page.iterdir() if path.is_file()}
    page = ROOT / "pytest_csi_snapshot" / "html" / "assets"
    needed |= {str(path.relative_to(ROOT)) for path in page.iterdir() if path.is_file()}
    return troubles + [f"the wheel lacks {name}" for name in sorted(needed - direct)]


def main() -> int:
    troubles = links() + long_modules() + wheels()
    for trouble in troubles:
        print(trouble, file=sys.stderr)
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
