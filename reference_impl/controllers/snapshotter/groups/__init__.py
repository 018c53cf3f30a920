"""Contents of group snapshots: several volumes cut by one call of the driver."""
