"""What a seed stands for, as data: who orders what, what people do with it, and what breaks when."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from orderhaven.core.carriers import Carrier
from orderhaven.testing.pairs import Pair


class Deed(StrEnum):
    """What a person does, at the marketplace, in the shop, or at the hub."""

    SELL = "an order comes in"
    SHIP = "the merchant completes it with a code"
    COMPLETE = "the merchant completes it without a code"
    ADD_CODE = "the merchant notes a code"
    CANCEL_IN_SHOP = "the merchant cancels it in the shop"
    REOPEN = "the merchant reopens it in the shop"
    TRASH = "the merchant throws it in the shop's trash"
    DELETE = "the merchant deletes it in the shop"
    CHANGE_QUANTITY = "the merchant changes its pieces in the shop"
    SCRIBBLE = "the merchant writes something else where the code belongs"
    ADD_GIFT = "a plug-in puts a gift into it"
    ADD_LINE = "a plug-in puts something into it that costs money"
    SWAP = "the merchant puts another article into it, instead of one that was ordered"
    ASK = "the buyer asks to cancel"
    WITHDRAW = "the buyer wants it after all"
    CANCEL_THERE = "the marketplace cancels it"
    REVERSE_THERE = "the marketplace takes its shipment back"
    SHIP_THERE = "somebody ships it at the marketplace"
    SHIP_PART_THERE = "somebody ships a part of it at the marketplace"
    RETRY = "a person presses Retry"
    TAKE_OVER = "a person takes it over"
    GIVE_BACK = "a person gives it back"
    CANCEL_HERE = "a person cancels it at the hub"
    REFUSE = "a person refuses the cancellation"
    PLACE_AGAIN = "a person has it placed again"
    POLL = "a person asks for a poll now"
    PAUSE = "a person pauses both connections for a while"
    PAUSE_SHOP = "a person pauses the shop for a while"
    PAUSE_MARKETPLACE = "a person pauses the marketplace for a while"
    RELEASE = "a person says that the held cancellations were meant"


IN_SHOP = frozenset({
    Deed.SHIP, Deed.COMPLETE, Deed.ADD_CODE, Deed.CANCEL_IN_SHOP, Deed.REOPEN, Deed.TRASH, Deed.DELETE, Deed.CHANGE_QUANTITY,
    Deed.SCRIBBLE, Deed.ADD_GIFT, Deed.ADD_LINE, Deed.SWAP,
})  # fmt: skip
CLOSES = frozenset({
    Deed.SHIP, Deed.COMPLETE, Deed.CANCEL_IN_SHOP, Deed.CANCEL_THERE, Deed.CANCEL_HERE, Deed.SHIP_THERE,
})  # fmt: skip
PAUSES = frozenset({Deed.PAUSE, Deed.PAUSE_SHOP, Deed.PAUSE_MARKETPLACE})


class Trouble(StrEnum):
    """What breaks."""

    NEVER = "no answer, and not done"
    AFTER = "done, and the answer is lost"
    RESET = "the connection breaks, and it is not done"
    REFUSED = "nothing listens"
    LATE = "done, and answered after the time was up"
    LATE_ARRIVAL = "it arrives after the hub gave it up"
    STATUS = "a server error, not done"
    STATUS_AFTER = "done, and a server error"
    RATE_LIMITED = "asked to slow down, with a time"
    RATE_LIMITED_BARE = "asked to slow down, without a time"
    GARBAGE = "done, and garbage comes back"
    TRUNCATED = "done, and half an answer comes back"
    HTML = "a web page with status 200, not done"
    HTML_AFTER = "done, and a web page with status 200"
    REPEATED_ROWS = "pages repeat each other's last row"
    SHIFTING_PAGES = "a list moves between two of its pages"
    LATE_VISIBILITY = "new orders are listed late"
    SKEW = "the hub's clock is off"
    TOKENS_END = "all tokens end"
    OUTAGE = "the side is down"
    STORE_REFUSES = "the store refuses to write"
    DEATH_IN_STATEMENT = "the hub dies between two statements"
    DEATH_BEFORE_STORE = "the hub dies before it goes to the store"
    DEATH_AFTER_STORE = "the hub dies after the store committed"
    DEATH_AT_ANSWER = "the hub dies while an answer is on its way"
    FREEZE_BEFORE_STORE = "the hub freezes before it goes to the store, and another takes over"
    FREEZE_AFTER_STORE = "the hub freezes after the store committed, and another takes over"
    DEATH_BEFORE_SEND = "the hub dies between begin and send"
    FREEZE_BEFORE_SEND = "the hub freezes between begin and send, and another takes over"
    FREEZE_AT_ANSWER = "the hub freezes at an answer, and another takes over"
    DEATH_TAKING_IN = "the hub dies while it takes new orders in"
    CLOCK_JUMPS = "the hub's clock jumps by hours and comes back"
    PROCESS_FAILS = "the marketplace takes it in, and then it fails"
    PROCESS_TIMES_OUT = "the marketplace takes it in, and says that its time was up"
    PROCESS_STICKS = "the marketplace takes it in, and never says what became of it"
    PROCESS_FORGOTTEN = "the marketplace takes it in, and has never heard of it"
    READING = "one order cannot be read by itself"
    BENT_ROW = "one row of a list is bent out of shape"
    SLOW = "the side takes its time for everything"
    REFUSES_ALL = "the shop refuses every order for one cause"
    OTHER_PROFILE = "the shop's taxes and statuses change"
    # what strains more than it breaks: reached where the plan leads to it
    MANY_PAGES = "more changes in the shop than fit on a page"
    MANY_CANCELLATIONS = "more cancellations in an hour than are told without a word"
    ERASING = "buyers' data is erased"


MARKETPLACE, SHOP, HUB = "marketplace", "shop", "hub"
ON_THE_WIRE = (
    Trouble.NEVER, Trouble.AFTER, Trouble.RESET, Trouble.REFUSED, Trouble.LATE, Trouble.LATE_ARRIVAL, Trouble.STATUS,
    Trouble.STATUS_AFTER, Trouble.RATE_LIMITED, Trouble.RATE_LIMITED_BARE, Trouble.GARBAGE, Trouble.TRUNCATED, Trouble.HTML,
    Trouble.HTML_AFTER,
)  # fmt: skip
PROCESSES = (
    Trouble.PROCESS_FAILS, Trouble.PROCESS_TIMES_OUT, Trouble.PROCESS_STICKS, Trouble.PROCESS_FORGOTTEN,
)  # fmt: skip
# these are the trouble of the orders they touch, and nobody else's
OF_ONE_ORDER = frozenset({*PROCESSES, Trouble.READING, Trouble.BENT_ROW, Trouble.OTHER_PROFILE})
IN_LISTS = (Trouble.REPEATED_ROWS, Trouble.SHIFTING_PAGES, Trouble.LATE_VISIBILITY)
OF_THE_HUB = (
    Trouble.SKEW, Trouble.STORE_REFUSES, Trouble.DEATH_IN_STATEMENT, Trouble.DEATH_BEFORE_STORE, Trouble.DEATH_AFTER_STORE,
    Trouble.DEATH_AT_ANSWER, Trouble.FREEZE_BEFORE_STORE, Trouble.FREEZE_AFTER_STORE, Trouble.FREEZE_AT_ANSWER,
    Trouble.DEATH_BEFORE_SEND, Trouble.FREEZE_BEFORE_SEND, Trouble.DEATH_TAKING_IN, Trouble.CLOCK_JUMPS,
)  # fmt: skip


NOTHING_MEANT = ("-", "geen", "n.v.t.")  # people write these where a code belongs and there is none
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Happening:
    """`order` counts the sales from 0; `-1`: it concerns none. `lasts` in minutes, where the deed takes time."""

    at: float  # minutes since the start
    deed: Deed
    order: int = -1
    code: str = ""
    carrier: Carrier | None = None  # of the code; None: nobody can tell from it
    carrier_word: str = ""  # what the shop calls the carrier
    pieces: int = 1
    lines: int = 1
    kind: str = ""  # of a sale: "", by_marketplace, not_for_sale, needs_acceptance, own_label
    lasts: float = 0.0


@dataclass(frozen=True, slots=True)
class Fault:
    at: float
    trouble: Trouble
    side: str
    is_command: bool = False  # on the wire: spoils a command, not a read
    nth: int = 1  # the how many'th time that its moment comes
    times: int = 1
    lasts: float = 0.0  # minutes
    amount: float = 0.0  # seconds: of a delay, a wish to slow down, a clock that is off


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    pair: Pair
    minutes: float
    wait_minutes: float
    happenings: tuple[Happening, ...]
    faults: tuple[Fault, ...]
    is_bulk: bool = False  # more than a page of orders at once
    lists_whole_orders: bool = False
    answers_at_once: bool = False  # the marketplace says at once what became of a command, where it can
    start: datetime = MONDAY
    neighbour: tuple[Happening, ...] = ()  # what another merchant in the same hub sells (references only)
    from_minutes: float = 0.0  # what was sold before is older than the link
    people_kept_hours: float = 720.0  # buyers' data, after the last closing event

    @property
    def backoff_until(self) -> float:
        """Minutes until the first thing that may delay others than the order it happens to."""
        strains = [one.at for one in self.faults if one.trouble not in OF_ONE_ORDER]
        strains += [one.at for one in self.happenings if one.deed in PAUSES or one.deed is Deed.RELEASE]
        return min([0.0 if self.is_bulk else self.minutes, *strains])
