"""Gates from settings: what a campaign's and a site's TOML may say of them, and how they are built of public things."""
