"""Access: who may log in, as what, and how often somebody may try.

- `credentials`: users, memberships and roles, invitations, tokens of API clients; the audit log of a merchant.
- `second_factor`: six-digit codes from a phone, and recovery codes for the day without it.
- `allowances`: how many tries are left, for log-ins and other things that must not be tried without end.

Called by the web's log-in and member pages, by the API for each token, by `actions/` and by the CLI's user commands. Of a
token, an invitation and a recovery code only a hash is kept. What a permission allows is not decided here but where an
action is called (`actions/context.py`), and no page or address is known here.
"""
