"""Pages by which a flow is found and passed on: status of all, search, what other sites show."""
