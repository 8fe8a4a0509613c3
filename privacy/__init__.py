"""What protects: units, mechanisms, accounting, ledger, noise, envelopes, de-identification and vetting."""
