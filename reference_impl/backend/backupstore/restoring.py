"""Reading a backup back: every block is compared with its checksum before it is written."""

from __future__ import annotations

import os
from collections.abc import Callable

from .blocks import Blocks, zero_checksum
from .configs import BackupConfig
from .errors import BlockError, StoppedError
from .parallel import Progress, for_each
from .paths import VolumeFolder


def restore(
    folder: VolumeFolder, config: BackupConfig, fd: int, workers: int, tell: Progress, wanted: Callable[[], bool]
) -> None:
    """Write the backup into the file open at ``fd``, which reads as zeros and is as long as the volume was.

    Raises BlockError (the first block that is not good ends it), StoppedError when it is no longer ``wanted``,
    and OSError.
    """
    blocks = Blocks(folder.blocks)
    length = os.fstat(fd).st_size
    zeros = zero_checksum(config.block_size)
    items = [(offset, name) for offset, name in config.blocks.items() if name != zeros]

    def write(item: tuple[int, str]) -> None:
        offset, name = item
        if not wanted():
            raise StoppedError(f"the restore of backup {config.name} is not wanted any more")
        try:
            plain = blocks.read(name, config.compression, config.block_size)
        except BlockError as error:
            raise BlockError(f"backup {config.name}, offset {offset}: {error}") from error
        end = max(0, length - offset)
        _write_all(fd, memoryview(plain)[:end], offset)

    for_each(items, write, workers, tell)


def _write_all(fd: int, data: memoryview, offset: int) -> None:
    while data:
        written = os.pwrite(fd, data, offset)
        data, offset = data[written:], offset + written
