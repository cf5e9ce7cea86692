"""What leaves the hub by itself: mails to users, calls to API clients. Noting what to say, and the deliveries, are the store's."""
