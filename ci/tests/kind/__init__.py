"""Real kind clusters: how they end. Needs what a kind cluster is made of, as the stage of that name finds it."""
