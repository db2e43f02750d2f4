"""What commands share: where they are, what was asked for, the lock, confirming, showing results."""
