"""The packaged suites, collected from any directory, with ids that are the same everywhere.

Passes the files, not their folder: an explicit file is collected whatever ``python_files``, ``norecursedirs`` or
``testpaths`` of the user's project say. Does not know what a clause is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

SUITES = "pytest_csi_snapshot.suites"
"""The package whose test files are the suites; its name gives the ids their beginning."""


WALKTHROUGH = "walkthrough"
"""Folder of the suites that no ordinary run collects."""


STRESS = "stress"
"""Folder of the suites that a stress run consists of, and no other run."""


RPC = "rpc"
"""Folder of the suites that need a driver's socket and no cluster."""


class OwnNames:
    """Immune to ``python_functions`` and ``python_classes`` of the user's project."""

    def funcnamefilter(self, name: str) -> bool:
        """Test functions are called test…"""
        return name.startswith("test")

    def classnamefilter(self, name: str) -> bool:
        """Test classes are called Test…"""
        return name.startswith("Test")


class SuiteClass(OwnNames, pytest.Class):
    """A class in the suites."""


class SuiteModule(OwnNames, pytest.Module):
    """A file of the suites."""


class SuiteCollector:
    """Makes SuiteModules of the files below the suites."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
        """Node ids begin with the package's path, not with that of the checkout or the site-packages."""
        path = module_path.resolve()
        if not path.is_relative_to(self._folder):
            return None
        nodeid = f"{id_prefix()}/{path.relative_to(self._folder).as_posix()}"
        module: pytest.Module = SuiteModule.from_parent(parent, path=module_path, nodeid=nodeid)
        return module

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(
        self, collector: pytest.Module | pytest.Class, name: str, obj: object
    ) -> pytest.Collector | None:
        """Classes of a SuiteModule keep its rules for their methods."""
        if not isinstance(obj, type) or not isinstance(collector, OwnNames) or not collector.classnamefilter(name):
            return None
        found: pytest.Collector = SuiteClass.from_parent(collector, name=name, obj=obj)
        return found


def id_prefix() -> str:
    """What every id of a packaged test begins with: ``pytest_csi_snapshot/suites``."""
    return SUITES.replace(".", "/")


@cache
def suites_folder() -> Path:
    """Where the suites lie. Raises pytest.UsageError, one line, where the package has lost them."""
    package = SUITES.rpartition(".")[0]
    spec = find_spec(SUITES)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places or not suite_files(Path(places[0])):
        where = places[0] if places else f"{id_prefix()} beside {package}"
        raise pytest.UsageError(f"the packaged suites ({where}) are missing: reinstall pytest-csi-snapshot "
                                "(a checkout needs its symbolic links)")  # fmt: skip
    return Path(places[0])


def suite_files(folder: Path) -> list[Path]:
    """The test files below a folder, sorted, because every xdist worker must collect the same order.

    The files of the walkthrough and of a stress run are those of their own folders only.
    """
    files = folder.rglob("test_*.py")
    return sorted(path for path in files if path.relative_to(folder).parts[0] not in (WALKTHROUGH, STRESS))


def point_at_suites(config: pytest.Config, folder: str = "") -> None:
    """Replace what was asked for by packaged files: those that a printed id or a path means, else all.

    ``folder`` is the one of the suites whose files are all.
    """
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        pyargs = bool(config.option.pyargs)
        directory = config.invocation_params.dir
        config.args[:] = [each for arg in config.args for each in resolve(arg, directory, pyargs)]
    else:
        config.args[:] = [str(path) for path in suite_files(suites_folder() / folder)]
        config.args_source = pytest.Config.ArgsSource.ARGS


def names_suites(config: pytest.Config) -> bool:
    """Whether an argument of the command line lies in the suites."""
    pyargs = bool(config.option.pyargs)
    directory = config.invocation_params.dir
    return any(_inside(arg.partition("::")[0], directory, pyargs) is not None for arg in config.args)


def names_folder(config: pytest.Config, folder: str) -> bool:
    """Whether an argument of the command line lies in that folder of the suites."""
    pyargs = bool(config.option.pyargs)
    directory = config.invocation_params.dir
    named = (_inside(arg.partition("::")[0], directory, pyargs) for arg in config.args)
    return any(inside is not None and inside.parts[:1] == (folder,) for inside in named)


def resolve(arg: str, directory: Path, pyargs: bool = False) -> list[str]:
    """The arguments that an argument stands for.

    A printed id works from any directory; a path of the checkout means the packaged file behind it; a folder means
    its files. Anything outside the suites stays as it is.
    """
    path_text, colons, rest = arg.partition("::")
    inside = _inside(path_text, directory, pyargs)
    if inside is None:
        return [arg]
    target = suites_folder() / inside
    if target.is_dir() and not colons:
        return [str(path) for path in suite_files(target)]
    return [f"{target}{colons}{rest}"]


def _inside(text: str, directory: Path, pyargs: bool) -> Path | None:
    """The part of a path below the suites; None where it lies elsewhere."""
    if pyargs and (text == SUITES or text.startswith(SUITES + ".")):
        return _module_path(text[len(SUITES) + 1 :])
    path = directory / text
    if path.exists():
        return _relative_to(path.resolve(), suites_folder().resolve())
    # An id printed in a directory below rootdir begins with "../".
    printed = re.fullmatch(rf"(?:\.\./)*{re.escape(id_prefix())}(?:/(?P<rest>.*))?", text)
    return Path(printed["rest"] or "") if printed else None


def _module_path(dotted: str) -> Path:
    path = Path(*dotted.split(".")) if dotted else Path()
    return path if (suites_folder() / path).is_dir() else path.with_suffix(".py")


def _relative_to(path: Path, folder: Path) -> Path | None:
    return path.relative_to(folder) if path.is_relative_to(folder) else None


def modules_of(nodeids: Iterable[str]) -> dict[str, str]:
    """The importable module of each packaged test id; ids of other tests are left out."""
    found = {}
    for nodeid in nodeids:
        path = nodeid.partition("::")[0]
        if path.startswith(id_prefix() + "/") and path.endswith(".py"):
            found[nodeid] = path.removesuffix(".py").replace("/", ".")
    return found
