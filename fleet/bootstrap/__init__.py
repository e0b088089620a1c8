"""Settings become parts; besides `cli` the only reader of `settings`."""
