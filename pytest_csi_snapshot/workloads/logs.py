"""A log writer: numbered records of equal length, each flushed before the next is begun.

Each record goes to the end of a file that grows, then to its slot in a file that was laid out before. That one is
written in place, so that its records lie far apart in the volume and no filesystem's journal speaks for them. Cut
at any moment, the log must be a prefix, and the slots must end with it: a torn, lost or reordered write shows as a
record that is not the one its place asks for.
"""

from __future__ import annotations

from dataclasses import dataclass

RECORD = 32
SLOT = 32 << 10
SLOTS = 128
_FIRST = 10_000_000
_FAREWELL = "farewell"


def write_script(root: str) -> str:
    """Shell that appends records until ``$stop`` is set; ``$n`` counts them. ``settle`` says its last word.

    The pause between records is the pace of the workload, not a wait for anything.
    """
    return f"""
n=0; : > {root}/log
dd if=/dev/zero of={root}/slots bs={SLOT} count={SLOTS} conv=fsync 2>/dev/null
put() {{ echo "record $(({_FIRST}+n)) $1 " | dd of={root}/$2 bs={RECORD} seek=$3 conv=notrunc,fsync 2>/dev/null; }}
append() {{ put $1 log $n; put $1 slots $((n%{SLOTS}*{SLOT // RECORD})); n=$((n+1)); }}
append {_word("running")}; append {_word("running")}; append {_word("running")}
keep_logging() {{
  while [ -z "$stop" ]; do append {_word("running")}; sleep 0.05; done
  append {_word(_FAREWELL)}; }}
"""


def check_script(root: str, label: str) -> str:
    """Shell that prints how many records the log at ``root`` holds, what is wrong, and if it says farewell.

    The last record alone may not have reached its slot, in which there is the one before it, or none.
    """
    return f"""
i=0; bad=none; bye=no
while IFS= read -r line || [ -n "$line" ]; do
  case "$line" in
    "record $(({_FIRST}+i)) {_word("running")} ") ;;
    "record $(({_FIRST}+i)) {_word(_FAREWELL)} ") bye=yes;;
    *) bad="$i"; break;;
  esac
  i=$((i+1))
done < {root}/log
torn=$(tr -d '\\000' < {root}/slots | {{
  s=0; last=$((i-1))
  while read -r _ number word; do
    due=$((last-(last-s+{SLOTS})%{SLOTS}))
    case "$number" in
      ($(({_FIRST}+due))) ;;
      ($(({_FIRST}+last-{SLOTS}))) [ $due = $last ] || break;;
      (*) break;;
    esac
    s=$((s+1))
  done
  full=$((i<{SLOTS}?i:{SLOTS}))
  [ -z "$number" ] && {{ [ $s = $full ] || {{ [ $i = $full ] && [ $s = $last ]; }}; }} || echo $s; }})
[ $bad != none ] || bad=${{torn:-none}}
echo "{label} log $i bad $bad farewell $bye"
"""


@dataclass(frozen=True)
class LogFound:
    """What a reader found: whole records, the number of the first wrong one, and the writer's last word."""

    records: int
    first_wrong: int | None
    farewell: bool

    @property
    def is_prefix(self) -> bool:
        """Every record is the one its place asks for."""
        return self.first_wrong is None


def read_log(answer: str, label: str) -> LogFound | None:
    """The line of ``check_script`` in a pod's answer; None where there is none."""
    for line in answer.splitlines():
        words = line.split()
        if words[:2] == [label, "log"] and len(words) == 7:
            wrong = None if words[4] == "none" else int(words[4])
            return LogFound(int(words[2]), wrong, words[6] == "yes")
    return None


def _word(word: str) -> str:
    """A word that makes a record 32 bytes long: ``record `` and number take 16, two blanks and an end 2."""
    return word.ljust(RECORD - 18, "-")
