"""The requirements: every clause, read from the catalogue's files and checked.

The catalogue is data (``clauses/<family>.yaml``), so that a report, a plan and a page of documentation say the
same sentence. Knows nothing of tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from pytest_csi_snapshot.errors import UsageTrouble

CLAUSES = "pytest_csi_snapshot.clauses"
AREAS = (
    "preflight",
    "api",
    "snapshot",
    "status",
    "finalizers",
    "deletion",
    "restore",
    "clone",
    "expansion",
    "secrets",
    "availability",
    "groups",
    "rpc",
)
"""In the order of a report; availability is what several nodes and several instances of a controller owe."""
LEVELS = ("MUST", "SHOULD", "MAY")
BASES = ("contract", "de-facto")
OWNERS: Mapping[str, str] = {
    "CRD": "snapshot CRDs in the API server",
    "CORE": "kube control plane",
    "SC": "snapshot-controller",
    "SS": "csi-snapshotter",
    "EP": "external-provisioner",
    "ER": "external-resizer",
    "EA": "external-attacher",
    "DRV": "driver",
    "ADM": "cluster setup",
}
"""Who is to blame when a clause is not kept: short name -> the component in words."""

NEEDS: Mapping[str, str] = {
    "snap": "dynamic snapshots",
    "list": "LIST_SNAPSHOTS",
    "clone": "CLONE_VOLUME",
    "xc": "expansion by the controller",
    "xn": "expansion on the node",
    "xon": "online expansion",
    "xoff": "offline expansion",
    "fs": "Filesystem volumes",
    "blk": "raw Block volumes",
    "grow": "a filesystem that grows when a restore or clone is larger than its source",
    "group": "group snapshots",
    "xns": "cross-namespace data sources",
    "secrets": "secrets in the classes",
    "dist": "node-local deployment",
    "cap-limit": "a size that the driver surely refuses",
    "slow": "snapshots with a visible phase of not being ready",
    "admin": "cluster-scoped objects may be created and patched",
    "serial": "cluster-wide state may be changed, so nothing may run beside it",
    "disrupt": "controllers may be stopped and started",
    "metrics": "the metrics port of the controllers",
    "grpc": "the CSI socket",
}

_ID = re.compile(r"[A-Z]+(-[A-Z]+)*-\d{3}")
_VERSION = re.compile(r"\d+(\.\d+){1,2}")
_FIELDS = frozenset({"id", "level", "basis", "owners", "sentence", "needs", "source"})
_OPTIONAL = frozenset({"since", "unseen", "seen"})


@dataclass(frozen=True)
class Clause:
    """One requirement. ``owners`` are keys of OWNERS, ``needs`` keys of NEEDS, ``source`` says where it stands.

    ``since`` gives the versions from which it holds, by owner ("SC": "8.1"). ``unseen`` is the reason why it
    cannot be seen from outside, "" where a test can. ``seen`` is what running it against the upstream
    controllers has shown, where that is worth telling.
    """

    id: str
    level: str
    basis: str
    owners: tuple[str, ...]
    sentence: str
    needs: tuple[str, ...]
    source: str
    area: str
    since: tuple[tuple[str, str], ...] = ()
    unseen: str = ""
    seen: str = ""

    @property
    def family(self) -> str:
        """The id without its number: ``SNAP-DYN``."""
        return self.id.rpartition("-")[0]

    @property
    def blamed(self) -> tuple[str, ...]:
        """The components to blame, in words."""
        return tuple(OWNERS[owner] for owner in self.owners)


@dataclass(frozen=True)
class Catalogue:
    """All clauses, in the order of the files."""

    clauses: tuple[Clause, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Clause]:
        """Clauses by id."""
        return {clause.id: clause for clause in self.clauses}

    @cached_property
    def families(self) -> tuple[str, ...]:
        """The families there are, in order."""
        return tuple(dict.fromkeys(clause.family for clause in self.clauses))

    def select(
        self, prefixes: Iterable[str], areas: Iterable[str] = (), levels: Iterable[str] = ()
    ) -> frozenset[str]:
        """The ids that a choice of ids, families, areas and levels leaves; an empty choice leaves all."""
        wanted, rooms, ranks = tuple(prefixes), frozenset(areas), frozenset(levels)
        return frozenset(
            clause.id
            for clause in self.clauses
            if (not wanted or any(covers(prefix, clause.id) for prefix in wanted))
            and (not rooms or clause.area in rooms)
            and (not ranks or clause.level in ranks)
        )


def covers(prefix: str, clause: str) -> bool:
    """Whether a clause is meant by an id or by the beginning of one: FIN means FIN-001, SNAP also SNAP-DYN-001."""
    return clause == prefix or clause.startswith(prefix.rstrip("-") + "-")


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The packaged catalogue, read once per process. Raises UsageTrouble where a file of it is wrong."""
    from importlib.resources import files

    names = sorted(entry.name for entry in files(CLAUSES).iterdir() if entry.name.endswith(".yaml"))
    return read_catalogue((name, files(CLAUSES).joinpath(name).read_text("utf-8")) for name in names)


def read_catalogue(texts: Iterable[tuple[str, str]]) -> Catalogue:
    """A catalogue from (file name, YAML text) pairs; ids are unique over all of them. Raises UsageTrouble."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    clauses: list[Clause] = []
    for name, text in texts:
        document = yaml.load(text, Loader=loader)  # both are safe loaders
        clauses += _family(name, document)
    seen: set[str] = set()
    for clause in clauses:
        _require(clause.id not in seen, clause.id, "stands twice in the catalogue")
        seen.add(clause.id)
    _require(bool(clauses), CLAUSES, "holds no clause: reinstall the package")
    return Catalogue(tuple(clauses))


def _family(name: str, document: Any) -> list[Clause]:
    _require(isinstance(document, dict) and {"family", "area", "clauses"} <= document.keys(), name,
             "needs the keys family, area and clauses")  # fmt: skip
    _require(document["area"] in AREAS, name, f"unknown area {document['area']!r}")
    clauses = [_clause(name, entry, document["area"]) for entry in document["clauses"]]
    for clause in clauses:
        _require(clause.family == document["family"], clause.id, f"does not belong to the family of {name}")
    return clauses


def _clause(name: str, entry: Any, area: str) -> Clause:
    where = f"{name}: {entry.get('id', entry) if isinstance(entry, dict) else entry}"
    whole = isinstance(entry, dict) and _FIELDS <= entry.keys() <= _FIELDS | _OPTIONAL
    _require(whole, where, f"needs {', '.join(sorted(_FIELDS))}, may have {', '.join(sorted(_OPTIONAL))}")
    _require(bool(_ID.fullmatch(str(entry["id"]))), where, "the id is not of the form FAMILY-001")
    _require(entry["level"] in LEVELS, where, f"unknown level {entry['level']!r}")
    _require(entry["basis"] in BASES, where, f"unknown basis {entry['basis']!r}")
    owners, needs = tuple(entry["owners"]), tuple(entry["needs"])
    _require(bool(owners) and set(owners) <= OWNERS.keys(), where, f"unknown owner in {owners}")
    _require(set(needs) <= NEEDS.keys(), where, f"unknown need in {needs}")
    sentence = " ".join(str(entry["sentence"]).split())
    _require(sentence.endswith("."), where, "the sentence does not end with a full stop")
    return Clause(
        entry["id"],
        entry["level"],
        entry["basis"],
        owners,
        sentence,
        needs,
        str(entry["source"]),
        area,
        _since(where, entry.get("since", {})),
        *(" ".join(str(entry.get(key, "")).split()) for key in ("unseen", "seen")),
    )


def _since(where: str, versions: Any) -> tuple[tuple[str, str], ...]:
    _require(
        isinstance(versions, dict) and versions.keys() <= OWNERS.keys(), where, f"unknown owner in {versions}"
    )
    for version in versions.values():
        whole = isinstance(version, str) and bool(_VERSION.fullmatch(version))
        _require(whole, where, f"{version!r} is not a version in quotes")
    return tuple(versions.items())


def _require(condition: bool, where: str, what: str) -> None:
    if not condition:
        raise UsageTrouble(f"{where}: {what}")
