"""`orderhaven demo`: a day of trade between two sandboxes, and the proof that nothing was lost, doubled or untrue."""


def run_demo(orders: int = 100, keep: bool = False, speed: float = 0, marketplace: str = "", shop: str = "") -> int:
    """Play the day and print the verdict. Returns the exit code: 0 only when all three sides agree.

    `speed` 0 takes under a minute. The connectors are the first that declare a sandbox, unless named.
    """
    from orderhaven.demo.run import play_and_judge

    return play_and_judge(orders, keep=keep, speed=speed, marketplace=marketplace, shop=shop)
