"""Generates ``docs/requirements/``: a page for each family of clauses, from the catalogue and the suites.

python ci/generate_requirements.py            write the pages
python ci/generate_requirements.py --check    exit 1 if one differs, is missing, or stands for no family
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from check_clauses import collect

from pytest_csi_snapshot.requirements import AREAS, LEVELS, NEEDS, OWNERS, Clause, catalogue

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "requirements"
PACKAGED = "pytest_csi_snapshot/suites/"

INDEX = """\
# The requirements

What a CSI driver, its sidecars, the snapshot controller and the cluster owe to those who take, restore, clone and
expand volumes: {total} clauses. This page and the others of this folder are generated from the catalogue
(`pytest_csi_snapshot/clauses/`) and the suites.

A clause has a level (MUST, SHOULD, MAY) and a basis: the *contract* is what the API, the CSI specification or
published documentation promise; *de-facto* is what today's controllers of Kubernetes do and drivers rely on. The
owner is who is to blame where it is not kept. A clause counts as executed where a check that names it held in a
test that passed. What was *seen* was seen with the upstream controllers on Kubernetes 1.37.2: external-snapshotter
v8.7.0, external-provisioner v6.4.0, external-attacher v4.13.0 and external-resizer v2.3.0 before the reference
driver, or their heads of that summer before hostpath.
"""


def pages(carried: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """File name -> text, for all families and the index."""
    tests = tests_of(carried)
    families: dict[str, list[Clause]] = defaultdict(list)
    for clause in catalogue().clauses:
        families[clause.family].append(clause)
    made = {f"{family.lower()}.md": family_page(family, some, tests) for family, some in families.items()}
    made["README.md"] = index(families)
    return made


def tests_of(carried: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Clause -> its tests, each once however many variants it has: ``test_restore.py::test_name``."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for test, clauses in carried.items():
        for clause in clauses:
            found[clause][test.removeprefix(PACKAGED).partition("[")[0]] = None
    return {clause: list(tests) for clause, tests in found.items()}


def index(families: Mapping[str, Sequence[Clause]]) -> str:
    lines = [INDEX.format(total=sum(len(some) for some in families.values()))]
    lines += [f"| area | family | {' | '.join(LEVELS)} |", f"|---|---|{'---|' * len(LEVELS)}"]
    for area in AREAS:
        for family, some in families.items():
            if some[0].area == area:
                counts = (str(sum(clause.level == level for clause in some) or "") for level in LEVELS)
                lines.append(f"| {area} | [{family}]({family.lower()}.md) | {' | '.join(counts)} |")
    return "\n".join(lines) + "\n"


def family_page(family: str, clauses: Sequence[Clause], tests: Mapping[str, Sequence[str]]) -> str:
    lines = [f"# {family}", "", f"{len(clauses)} clauses, area {clauses[0].area}. [All requirements](README.md)"]
    for clause in clauses:
        lines += ["", f"## {clause.id}", "", clause.sentence, "", *facts(clause), *shown_by(clause, tests)]
    return "\n".join(lines) + "\n"


def facts(clause: Clause) -> Iterator[str]:
    """What is known of a clause besides its sentence, as a list."""
    yield f"- {clause.level}, {clause.basis}; owed by {', '.join(clause.blamed)}"
    if clause.needs:
        yield f"- needs: {'; '.join(NEEDS[need] for need in clause.needs)}"
    if clause.since:
        yield f"- from {', '.join(f'{OWNERS[owner]} {version}' for owner, version in clause.since)}"
    yield f"- source: {clause.source}"
    if clause.seen:
        yield f"- seen: {clause.seen}"


def shown_by(clause: Clause, tests: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if clause.unseen:
        yield f"- cannot be seen from outside: {clause.unseen}"
    else:
        yield f"- shown by {', '.join(f'`{test}`' for test in tests.get(clause.id, [])) or 'no test yet'}"


def differing(made: Mapping[str, str]) -> list[str]:
    """Names of pages that are not as they would be made now."""
    there = {path.name: path.read_text() for path in PAGES.glob("*.md")}
    return sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))


def main(argv: list[str]) -> int:
    made = pages(collect())
    if "--check" in argv:
        different = differing(made)
        if different:
            print(f"docs/requirements: {', '.join(different)} differ: run python ci/generate_requirements.py")
        return 1 if different else 0
    PAGES.mkdir(parents=True, exist_ok=True)
    for name in differing(made):
        if name in made:
            (PAGES / name).write_text(made[name])
        else:
            (PAGES / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
