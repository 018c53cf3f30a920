"""The suites as an Indexed Job in the cluster that they judge: each pod runs one shard, one report comes out.

    python -m pytest_csi_snapshot.job manifest --driver NAME --shards 4 | kubectl apply -f -
    python -m pytest_csi_snapshot.job collect --report csi-report

No shared disk: a pod puts its report into ConfigMaps of the Job's namespace, and ``collect`` takes it from there.
A pod that is evicted, or whose node dies, is run again by the Job, and its report replaces the earlier one.
"""
