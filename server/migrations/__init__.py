"""The pool's schema, step by step; Alembic runs these files when a pool is opened."""
