"""What a site runs: reading records, keeping them sealed, and the one door through which anything leaves."""
