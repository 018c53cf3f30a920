"""Replica directories: a volume as a tree of sparse layers, in Longhorn's on-disk form.

The layer ``volume-head`` is the newest, each layer holds what was written after its parent was cut. Space that
is reserved in a layer and was never written reads as zeros and hides what lies below; a hole hides nothing.
Nothing here knows of locks, devices or requests. Who calls it sees to it that one call at a time changes a
directory.
"""
