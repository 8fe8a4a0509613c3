"""A whole federation in one process, for experiments, demonstrations and tests."""
