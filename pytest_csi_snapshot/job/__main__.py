"""``python -m pytest_csi_snapshot.job manifest|run|collect``; see the package.

Exit codes are those of a run: ``collect`` ends with the verdict's.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pytest_csi_snapshot import __version__
from pytest_csi_snapshot.command_line import Parser
from pytest_csi_snapshot.errors import EnvironmentTrouble, RunError, UsageTrouble
from pytest_csi_snapshot.job import collecting, pod
from pytest_csi_snapshot.job.manifest import Wish, manifest
from pytest_csi_snapshot.shards import MOST

NAME = "csi-snapshot"


def main(arguments: Sequence[str]) -> int:
    """The program; its exit code."""
    from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError

    split = list(arguments).index("--") if "--" in arguments else len(arguments)
    chosen = parser().parse_args(arguments[:split])
    try:
        return int(chosen.run(chosen, tuple(arguments[split + 1 :])))
    except (ApiError, ApiUnreachableError) as error:
        trouble: RunError = EnvironmentTrouble("the cluster does not do it", why=str(error))
    except RunError as error:
        trouble = error
    print(f"csi-snapshot: {trouble}", file=sys.stderr)
    return trouble.exit_code


def parser() -> Parser:
    """The command line; what stands behind ``--`` is pytest's."""
    whole = Parser(prog="python -m pytest_csi_snapshot.job", description="The suites as a Job, in shards.")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser(
        "manifest", help="print the objects, for kubectl apply -f -; arguments of pytest go behind --"
    )
    one.add_argument("--driver", required=True, help="name of the CSIDriver object")
    one.add_argument("--shards", type=int, default=4, help=f"pods, at most {MOST} (default: 4)")
    one.add_argument(
        "--image", default=f"pytest-csi-snapshot/suites:{__version__}", help="image with this package"
    )
    one.set_defaults(run=_manifest)
    _names(one)
    one = commands.add_parser("run", help="in a pod of the Job: run one shard")
    one.add_argument("--job", required=True)
    one.add_argument("--shards", type=int, required=True)
    one.set_defaults(run=lambda chosen, rest: pod.run(chosen.job, chosen.shards, rest))
    one = commands.add_parser("collect", help="wait for the Job, and make one report of those of its shards")
    one.add_argument("--report", type=Path, default=Path("csi-report"), metavar="DIR", help="folder of the report")
    one.add_argument("--kubeconfig")
    one.add_argument("--context")
    one.add_argument("--keep", action="store_true", help="leave the shards' reports in the cluster")
    one.set_defaults(run=_collect)
    _names(one)
    return whole


def _names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default=NAME, help=f"of the Job (default: {NAME})")
    parser.add_argument("--namespace", default=NAME, help=f"of the Job (default: {NAME})")


def _manifest(chosen: argparse.Namespace, rest: tuple[str, ...]) -> int:
    import yaml

    if not 1 <= chosen.shards <= MOST:
        raise UsageTrouble(f"--shards {chosen.shards}: there can be 1 to {MOST}")
    wish = Wish(chosen.driver, chosen.shards, chosen.image, chosen.name, chosen.namespace, rest)
    print(yaml.safe_dump_all(manifest(wish), sort_keys=False), end="")
    return 0


def _collect(chosen: argparse.Namespace, _rest: tuple[str, ...]) -> int:
    from kubernetes.config import ConfigException

    from pytest_csi_snapshot.kube.client import KubeClient
    from pytest_csi_snapshot.report import program

    try:
        client = KubeClient.from_kubeconfig(
            chosen.kubeconfig, chosen.context, user_agent="pytest-csi-snapshot-job"
        )
    except (ConfigException, OSError) as error:
        raise EnvironmentTrouble(
            "no usable kubeconfig", why=str(error), do="see --kubeconfig, --context"
        ) from error
    job = collecting.await_job(client, chosen.namespace, chosen.name, lambda line: print(line, flush=True))
    with tempfile.TemporaryDirectory(prefix="csi-shards-") as scratch:
        found, missing = collecting.reports(client, job, Path(scratch))
        for line in missing:
            print(f"csi-snapshot: {line}; kubectl logs tells why", file=sys.stderr)
        if not found:
            raise EnvironmentTrouble("no shard has left a report")
        code = program.main(["merge", *map(str, found), "-o", str(chosen.report)])
    if not chosen.keep and not missing and code != UsageTrouble.exit_code:  # a report was made
        collecting.forget(client, job)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
