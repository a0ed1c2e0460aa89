"""DataLoaders: one class a query shape, one statement a batch."""
