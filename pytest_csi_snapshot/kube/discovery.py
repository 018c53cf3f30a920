"""What an API server serves of one API group."""

from __future__ import annotations

from .client import KubeClient
from .kinds import GROUP_API, GROUP_VERSIONS
from .refusals import ApiError
from .repeating import lost, repeating


def group_versions(client: KubeClient) -> tuple[str, ...]:
    """The versions of group snapshots that are served, the one to prefer first; none without their CRDs.

    Raises ApiError and ApiUnreachableError.
    """
    try:
        found = repeating(lost)(client.request, "GET", f"/apis/{GROUP_API}").get("versions") or []
    except ApiError as error:
        if error.not_found:
            return ()
        raise
    served = {version["version"] for version in found}
    return tuple(version for version in GROUP_VERSIONS if version in served)
