"""What commands share: the place, the request, the lock, confirming, showing results."""
