"""The decision memo: what is chosen under a budget, how sure that is, and each chosen cluster."""
