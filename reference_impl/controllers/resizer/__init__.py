"""The csi-resizer sidecar: grows a driver's volumes to what their claims request (KEP-1790, clauses EXP-*)."""
