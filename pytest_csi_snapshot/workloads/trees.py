"""A small tree of files whose every byte, mode and link is known beforehand.

The listing that a pod sends back is compared with one computed here, not with what another pod said: a
driver that spoils data on the way in is found as well as one that spoils it on the way out.
Modes are such that applying a group to the volume does not change them. Who owns the files is up to the cluster:
the writer notes it in a file ``owner``, and the reader looks whether that is still so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

HOLE = 1024 * 1024
LINES = 1000


@dataclass(frozen=True)
class Tree:
    """A tree that differs from any other in each of its files: ``tag`` is in all of them.

    ``extra`` is a file that only this tree has.
    """

    tag: str
    extra: str = ""

    def write_script(self, root: str) -> str:
        """Shell that writes the tree below ``root``, over any other that is there, and syncs it."""
        tag = self.tag
        extra = f'echo "{tag} extra" > $d/{self.extra}' if self.extra else ":"
        return f"""
umask 0007; d={root}/tree; mkdir -p $d/dir/deep
echo "{tag} small" > $d/small
echo "{tag} tool" > $d/tool; chmod 0770 $d/tool
echo "{tag} deep" > $d/dir/deep/file
: > $d/empty
i=0; while [ $i -lt {LINES} ]; do echo "{tag} $i"; i=$((i+1)); done > $d/numbers
: > $d/hole; echo "{tag} end" | dd of=$d/hole bs=1024 seek={HOLE // 1024} conv=notrunc 2>/dev/null
ln -f $d/small $d/hard; [ -L $d/soft ] || ln -s numbers $d/soft
echo "{tag} $(stat -c %u $d/small)" > $d/owner
{extra}
{sync(root)}
"""

    def listing(self) -> dict[str, str]:
        """What ``list_script`` must print for this tree: path -> mode, links, size, digest."""
        small = f"{self.tag} small\n".encode()
        numbers = "".join(f"{self.tag} {i}\n" for i in range(LINES)).encode()
        expected = {
            "small": _line("660", 2, small),
            "hard": _line("660", 2, small),
            "tool": _line("770", 1, f"{self.tag} tool\n".encode()),
            "dir/deep/file": _line("660", 1, f"{self.tag} deep\n".encode()),
            "empty": _line("660", 1, b""),
            "numbers": _line("660", 1, numbers),
            "hole": _line("660", 1, bytes(HOLE) + f"{self.tag} end\n".encode()),
            "soft": f"link {hashlib.sha256(numbers).hexdigest()[:16]}",
            "later": "absent",
            "owner": f"{self.tag} kept",
        }
        if self.extra:
            expected[self.extra] = _line("660", 1, f"{self.tag} extra\n".encode())
        return expected


A = Tree("alpha")
"""What a source holds before the cut."""
B = Tree("bravo", extra="later")
"""What is written over it after the cut."""
C = Tree("charlie", extra="later")
"""What is written over both."""

_PATHS = "small hard tool dir/deep/file empty numbers hole soft later"


def list_script(root: str, label: str) -> str:
    """Shell that prints the tree below ``root``, one line a file, each beginning with ``label``."""
    return f"""
d={root}/tree
for f in {_PATHS}; do
  if [ -L $d/$f ]; then s=$(cat $d/$f | sha256sum); echo "{label} $f link ${{s%${{s#????????????????}}}}"
  elif [ -e $d/$f ]; then s=$(cat $d/$f | sha256sum); m=$(stat -c '%a %h %s' $d/$f)
    echo "{label} $f $m ${{s%${{s#????????????????}}}}"
  else echo "{label} $f absent"; fi
done
[ ! -e $d/owner ] || {{ read -r t o < $d/owner; n=$(stat -c %u $d/small)
  [ "$o" = "$n" ] && echo "{label} owner $t kept" || echo "{label} owner $t $o, now $n"; }}
"""


def read_listing(answer: str, label: str) -> dict[str, str]:
    """The lines of ``list_script`` in a pod's answer: path -> the rest."""
    rows = [line.split(" ", 2) for line in answer.splitlines() if line.startswith(f"{label} ")]
    return {row[1]: row[2] for row in rows if len(row) == 3}


def sync(root: str) -> str:
    """Shell that flushes the filesystem at ``root``, and only that one where ``sync`` can."""
    return f"sync -f {root} 2>/dev/null || sync"


def _line(mode: str, links: int, content: bytes) -> str:
    return f"{mode} {links} {len(content)} {hashlib.sha256(content).hexdigest()[:16]}"
