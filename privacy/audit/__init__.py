"""Auditing: attacks on what a campaign lets out, and what they prove about its privacy."""
