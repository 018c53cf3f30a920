"""What an engine does before anybody may ask it: finish or undo what the process before it left unfinished."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from .layers import GROUP_LABEL
from .options import replica_count
from .records import Snapshot, Volume
from .replica.tree import Layer
from .store import Store
from .times import seconds

if TYPE_CHECKING:
    from .engine import Engine

log = logging.getLogger("backend")


def recover(engine: Engine) -> None:
    """Thaw, read the replicas, attach again, sweep."""
    for volume in engine.volumes.all():
        engine.devices.thaw(volume.name)
    _open_stores(engine)
    for volume in engine.volumes.all():
        _recover_head(engine, volume)
        _rebuild(engine, volume.chain, replica_count(volume.options))
        engine.states.found(volume.name, attached=bool(volume.attachments))
    _recover_groups(engine)
    _drop_chains_of_nothing(engine)
    _sweep(engine)


def _open_stores(engine: Engine) -> None:
    for volume in engine.volumes.all():
        if engine.remains.get(volume.chain) is not None:  # a deletion that did not come to its record
            engine.remains.drop(volume.chain)
        store = engine.new_store(volume.name, volume.chain, volume.replicas)
        _open(engine, store, volume.chain, volume.mode)
    for remains in engine.remains.all():
        store = engine.new_store(remains.volume, remains.name, remains.replicas)
        _open(engine, store, remains.name, remains.mode)
        if store.replicas.good:
            with engine.storing(remains.name):
                store.behead()
            _rebuild(engine, remains.name, len(remains.replicas))


def _open(engine: Engine, store: Store, chain: str, mode: str) -> None:
    """The layers decide which snapshots there are."""
    records = {item.name: item for item in engine.snapshots.all() if item.chain == chain}
    with engine.storing(chain):
        store.replicas.open(set(records))
    if not store.replicas.good:
        return
    layers = store.tree.layers
    for record in records.values():
        layer = layers.get(record.name)
        if layer is None or layer.removed:
            engine.snapshots.drop(record.name)
    for layer in layers.values():
        if layer.user_created and not layer.removed and layer.name not in records:
            log.info("snapshot %s was cut and not yet recorded", layer.name)
            engine.snapshots.put(_record(layer, store.volume, chain, mode))


def _record(layer: Layer, volume: str, chain: str, mode: str) -> Snapshot:
    labels = dict(layer.labels)
    group = labels.pop(GROUP_LABEL, "")
    return Snapshot(layer.name, volume, seconds(layer.created), mode, labels, group, chain)


def _recover_head(engine: Engine, volume: Volume) -> None:
    """A live file is the truth about an attached volume; without a device it is written back."""
    store = engine.stores[volume.chain]
    if not store.replicas.good:
        if volume.attachments and not volume.disable_frontend and store.is_live:
            _attach_again(engine, volume)
        return
    with engine.storing(volume.chain):
        if volume.attachments and not volume.disable_frontend:
            if not store.is_live:
                log.warning("the live file of volume %s is gone: what was written last is lost", volume.name)
            store.go_live()
            engine.pool.grow(store.live, store.tree.size)
            _attach_again(engine, volume)
        elif store.is_live:
            if store.tree.dirty and engine.devices.of(volume.name) is None:
                store.settle()
            if not store.tree.dirty:
                store.end_live()
    if store.tree.size != volume.size:
        engine.put(replace(engine.volumes.get(volume.name) or volume, size=store.tree.size))


def _rebuild(engine: Engine, chain: str, number: int) -> None:
    """Replicas that are lost, or not like the first: nobody writes meanwhile to what they are copied from."""
    with engine.storing(chain) as store:
        lost = [copy for copy in store.replicas.copies if copy not in store.replicas.good]
        if not lost or not store.replicas.good:
            return
        while len(store.replicas.good) < number:
            store.rebuild()
        for copy in lost:
            store.replicas.forget(copy)


def _attach_again(engine: Engine, volume: Volume) -> None:
    loop = engine.devices.attach(volume.name, volume.loop)
    engine.devices.grow(volume.name)
    if loop.number != volume.loop:
        log.warning(
            "volume %s was /dev/loop%s and is %s now: its pods must be restarted",
            volume.name,
            volume.loop,
            loop.path,
        )
        engine.put(replace(volume, loop=loop.number))


def _recover_groups(engine: Engine) -> None:
    """All members of a group, or none."""
    for snapshot in engine.snapshots.all():
        if snapshot.group and engine.groups.get(snapshot.group) is None:
            with engine.storing(snapshot.chain) as store:
                store.mark(snapshot.name)
                engine.snapshots.drop(snapshot.name)
                store.purge()


def _drop_chains_of_nothing(engine: Engine) -> None:
    used = {item.chain for item in engine.snapshots.all()}
    for remains in engine.remains.all():
        if remains.name not in used:
            engine.remains.drop(remains.name)
            del engine.stores[remains.name]


def _sweep(engine: Engine) -> None:
    live = [volume.name for volume in engine.volumes.all() if engine.stores[volume.chain].is_live]
    folders = [store.replicas.folder(copy) for store in engine.stores.values() for copy in store.replicas.copies]
    engine.pool.sweep(live, folders)
