"""What leaves the hub by itself: mails to people, calls to programs. Noting what to tell, and the outbox, are the store's."""
