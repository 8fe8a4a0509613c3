"""What a coordinator runs: campaign, sample pool, students and report."""
