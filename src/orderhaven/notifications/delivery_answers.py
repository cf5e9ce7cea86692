"""What stands in the log where the other side gave no answer of its own.

English here; `words.notifications` says them in any language."""

NOT_IN_TIME = "did not answer in time"
NOT_REACHED = "cannot be reached"
NOT_TRUSTED = "its certificate is not trusted here"
BROKE_OFF = "broke off"
PRIVATE = "the address lies in a private network"
NO_READER = "the reader does not work here any more"
NO_SERVER = "no mail server is set up"
UNEXPECTED = "something unexpected went wrong in Orderhaven: its log says what"
