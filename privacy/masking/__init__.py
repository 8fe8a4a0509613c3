"""What a secure sum is made of: shared secrets, masks, key agreement, and sums that cannot overflow. No protocol."""
