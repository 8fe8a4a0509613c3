"""One file per change of the pool's schema, oldest first."""
