"""Group snapshots: several volumes cut at one moment, each cut a VolumeSnapshot that belongs to the group.

Where the API has no groups, nothing here has anything to do: single snapshots are served as ever, and groups as
soon as their CRDs are there, without a restart.
"""
