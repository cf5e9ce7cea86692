"""Notifications: what people and programs are informed of, from noticing it to the last attempt to deliver it.

- `notification_scan`: looks at what is open now; notes what begins to be worth a message and closes what is over;
  digests.
- `notifications`: who wants to be informed of what, and what goes together in one message.
- `webhook_subscriptions`: the addresses of programs, their secrets, and which events become calls.
- `deliveries`: mails and calls on their way, with the log of what came of each; pauses a webhook that does not answer.

Called by `notifications/` (the package that renders and sends) and by `actions/` for preferences and webhooks. Delivery
is at least once: an attempt is written down before it is made, so a death in between repeats it under the same id.
Nothing here sends, and neither mails nor calls hold personal data or the words of another system.
"""
