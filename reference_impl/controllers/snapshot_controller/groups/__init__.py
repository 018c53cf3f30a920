"""Group snapshots: several volumes cut at one moment, each cut a VolumeSnapshot that belongs to the group."""
