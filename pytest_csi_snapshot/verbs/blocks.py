"""Raw devices: written by one pod, read back by another."""

from __future__ import annotations

from dataclasses import replace

from pytest_csi_snapshot.conditions import BOUND, capacity_of
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.ground import PreparationError
from pytest_csi_snapshot.verbs.pods import DATA, PodVerbs
from pytest_csi_snapshot.verbs.volumes import VolumeVerbs
from pytest_csi_snapshot.waiting import WaitTimeout
from pytest_csi_snapshot.workloads.blocks import Device, Pattern, read_device
from pytest_csi_snapshot.workloads.pods import ANSWER_FILE, Workload, mount_path


class BlockVerbs(VolumeVerbs, PodVerbs):
    """Verbs on volumes in Block mode."""

    def block_volume(self, clause: str, size: int = 0) -> Handle:
        """A new bound volume in Block mode; not supported where the driver says that it has none.

        Told by the code that the CSI spec has for a capability that a driver lacks: INVALID_ARGUMENT.
        """
        __tracebackhide__ = True
        claim = self.claim(size, mode="Block")
        try:
            soon = replace(BOUND, hopeless=lambda body: BOUND.hopeless(body) or self._refused(claim))
            self.wait(claim, soon, within=self.limits.bind)
        except (PreparationError, WaitTimeout):
            if why := self._refused(claim):
                self.not_supported(clause, f"the driver makes no volume in Block mode: {why}", lacks="blk")
            raise
        return claim

    def volume_in(self, mode: str, clause: str) -> Handle:
        """A new, empty, bound volume in a volume mode; not supported where the driver lacks it."""
        __tracebackhide__ = True
        return self.block_volume(clause) if mode == "Block" else self.volume()

    def start_write_block(self, claim: Handle, pattern: Pattern) -> Handle:
        """A pod that writes a pattern to a device and ends."""
        return self._on_device(claim, f"set -eu; {pattern.write_script(mount_path(0))}")

    def write_block(self, claim: Handle, seed: str) -> Pattern:
        """Write to a bound device what only this ``seed`` gives, over its whole size, and let go of it."""
        __tracebackhide__ = True
        pattern = Pattern(seed, capacity_of(self.get(claim)))
        self.answer(self.start_write_block(claim, pattern))
        return pattern

    def start_read_block(self, claim: Handle, pattern: Pattern, *, whole: bool = False) -> Handle:
        """A pod that reads a device where ``pattern`` lies, and its size, and ends."""
        script = pattern.read_script(mount_path(0), DATA, whole=whole)
        return self._on_device(claim, f"set -eu; {{ {script} }} > {ANSWER_FILE}")

    def read_block(self, claim: Handle, pattern: Pattern, clause: str = "", *, whole: bool = False) -> Device:
        """What a device holds where ``pattern`` lies, and its size in bytes.

        ``whole`` adds a sum of the first ``pattern.size`` bytes: a second or more for each GiB.
        """
        __tracebackhide__ = True
        return self.answer_block(self.start_read_block(claim, pattern, whole=whole), clause)

    def answer_block(self, reader: Handle, clause: str = "") -> Device:
        """What ``start_read_block`` found."""
        __tracebackhide__ = True
        words = self.answer(reader, clause)
        device = read_device(words, DATA)
        if device is None:
            raise PreparationError(f"{reader}: no whole answer about its device: {words!r}")
        return device

    def holds_block(self, clause: str, pattern: Pattern, device: Device, about: object) -> None:
        """Check that a device holds a pattern in every range, and is not smaller than it."""
        __tracebackhide__ = True
        expected = pattern.digests()
        different = [offset for offset in expected if device.digests.get(offset) != expected[offset]]
        self.check(
            clause,
            expected={offset: expected[offset] for offset in different} or f"pattern {pattern.seed!r}",
            observed={offset: device.digests.get(offset, "not read") for offset in different}
            or f"pattern {pattern.seed!r}, all ranges equal",
            holds=not different,
            about=about,
            blame="DRV",
        )
        self.at_least(clause, pattern.size, device.size, about)

    def _on_device(self, claim: Handle, script: str) -> Handle:
        return self.run(Workload(script, {claim.name: "Block"}), claim.namespace)

    def _refused(self, claim: Handle) -> str:
        told = (str(event.object.get("message", "")) for event in self.events_of(claim))
        return next((message for message in told if "InvalidArgument" in message), "")
