"""Which clauses a run can judge at all: those of the API server need a cluster, those of the calls the socket."""

from __future__ import annotations

from pytest_csi_snapshot.requirements import Catalogue, catalogue
from pytest_csi_snapshot.settings import OWN_CLUSTERS, Settings

SOCKET = "rpc"
"""The area of the clauses that are judged at the driver's socket."""


def scope_of(settings: Settings) -> Catalogue:
    """The clauses of a run, in the order of the catalogue; the others neither help nor stop a driver."""
    whole = catalogue()
    if not settings.csi_driver and not settings.csi_endpoint:  # a plan of everything
        return whole
    if not settings.csi_driver:
        return Catalogue(tuple(clause for clause in whole.clauses if clause.area == SOCKET))
    if settings.csi_endpoint or settings.csi_cluster in OWN_CLUSTERS:
        return whole
    return Catalogue(tuple(clause for clause in whole.clauses if clause.area != SOCKET))


def out_of_reach(settings: Settings) -> str:
    """One line where everything that was chosen by clause or area is out of reach; "" otherwise."""
    chosen = settings.chosen
    if not chosen or not chosen.isdisjoint(scope_of(settings).by_id):
        return ""
    first = next(clause.id for clause in catalogue().clauses if clause.id in chosen)
    if catalogue().by_id[first].area == SOCKET:
        return f"{first} is judged at the driver's CSI socket: add --csi-endpoint"
    return f"{first} is judged in a cluster: add --csi-driver=NAME"
