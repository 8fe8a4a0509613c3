"""Local causal language models: loading them from disk, and sampling text from them. No network, no foreign code."""
