"""The cluster: the only process, the only JSON, and the values that are read. It knows nothing of what is done with them."""
