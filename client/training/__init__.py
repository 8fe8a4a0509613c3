"""DP training at a site: models whose every step is clipped per unit and noised."""
