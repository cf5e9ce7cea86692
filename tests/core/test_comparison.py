"""A shop order beside what was ordered: by our own mark, else by product; what is free and not ours changes nothing."""

from typing import Any

import pytest
from msgspec.structs import replace

from orderhaven.core.money import Money
from orderhaven.core.shop_order import ExpectedLine, ShopLine, compare, leaving_quantity, ordered_quantity

FREE, PRICED = Money.zero("EUR"), Money.of("9.50", "EUR")
MUG, LAMP = ExpectedLine("L1", "Mug", "MUG-1", 2, "101"), ExpectedLine("L2", "Lamp", "LAMP-1", 1, "102")
BOTH = (MUG, LAMP)


def mug(quantity: int = 2, line_ref: str = "L1", **more: Any) -> ShopLine:
    return ShopLine("101", "MUG-1", "Mug", quantity, line_ref=line_ref, **{"total": PRICED, **more})


def lamp(quantity: int = 1, line_ref: str = "L2", **more: Any) -> ShopLine:
    return ShopLine("102", "LAMP-1", "Lamp", quantity, line_ref=line_ref, **{"total": PRICED, **more})


def chair(quantity: int = 1, line_ref: str = "", **more: Any) -> ShopLine:
    return ShopLine("103", "CH-9", "Chair", quantity, line_ref=line_ref, **{"total": PRICED, **more})


def differences(*found: ShopLine, wanted: tuple[ExpectedLine, ...] = BOTH) -> list[str]:
    return list(compare(wanted, found, ordered_quantity).differences)


@pytest.mark.parametrize(
    "found",
    [
        (mug(), lamp()),
        (lamp(), mug()),
        (mug(line_ref=""), lamp(line_ref="")),  # entered by a person
        (mug(1), mug(1), lamp()),  # a line was split, its mark copied
        (mug(1), mug(1, line_ref=""), lamp()),
        (mug(), lamp(), chair(total=FREE)),  # a gift
        (mug(), lamp(), chair(3, total=FREE), ShopLine("", "", "Part of a set", 2, total=FREE)),
        (mug(), lamp(), mug(1, line_ref="", total=FREE)),  # one more for free
        (mug(), lamp(), chair(0)),
        (mug(), lamp(), chair(line_ref="of another hub", total=FREE)),
    ],
)
def test_what_was_ordered_stands_there(found: tuple[ShopLine, ...]) -> None:
    assert differences(*found) == []


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((mug(3), lamp(0)), ["Mug (MUG-1): 3 instead of 2", "Lamp (LAMP-1): 0 instead of 1"]),
        ((mug(),), ["Lamp (LAMP-1): 0 instead of 1"]),
        ((), ["Mug (MUG-1): 0 instead of 2", "Lamp (LAMP-1): 0 instead of 1"]),
        ((mug(), chair()), ["Lamp (LAMP-1): 0 instead of 1", "Chair (CH-9): 1 instead of 0"]),
        ((mug(), chair(line_ref="L2")), ["Lamp (LAMP-1): Chair (CH-9) in its place"]),
        ((mug(), replace(lamp(), product_ref="", sku="")), ["Lamp (LAMP-1) points at no product"]),
        ((mug(), lamp(), chair(2)), ["Chair (CH-9): 2 instead of 0"]),
        ((mug(), lamp(), chair(total=None)), ["Chair (CH-9): 1 instead of 0"]),
        ((mug(), lamp(), mug(1, line_ref="")), ["Mug (MUG-1): 3 instead of 2"]),
    ],
)
def test_what_differs_is_named_with_both_quantities_and_articles(found: tuple[ShopLine, ...], said: list[str]) -> None:
    assert differences(*found) == said


def test_lines_that_stand_there_as_ordered_say_the_same_in_any_order() -> None:
    in_order, turned = (mug(), lamp()), (lamp(), mug())

    compared = [compare(BOTH, found, ordered_quantity) for found in (in_order, turned)]

    assert compared[0] == compared[1]
    assert compared[0].products == {"L1": "101", "L2": "102"}


def test_refunded_pieces_were_made_and_do_not_leave() -> None:
    found = [mug(refunded=1), lamp()]

    assert compare(BOTH, found, ordered_quantity).differences == ()
    assert compare(BOTH, found, leaving_quantity).differences == ("Mug (MUG-1): 1 instead of 2",)


def test_lines_of_one_article_may_stand_together_in_the_shop() -> None:
    again = replace(MUG, ref="L3", quantity=1)

    assert differences(mug(3, line_ref=""), lamp(), wanted=(MUG, again, LAMP)) == []
    assert differences(mug(2), mug(1, line_ref=""), lamp(), wanted=(MUG, again, LAMP)) == []
    assert differences(mug(2, line_ref=""), lamp(), wanted=(MUG, again, LAMP)) == ["Mug (MUG-1): 2 instead of 3"]


def test_where_the_shop_s_product_is_not_known_the_mark_counts_and_else_the_sku() -> None:
    unknown = replace(MUG, product_ref="", sku="bol-7")

    assert differences(mug(), wanted=(unknown,)) == []
    assert differences(replace(mug(line_ref=""), sku="BOL-7"), wanted=(unknown,)) == []
    assert differences(mug(line_ref=""), wanted=(unknown,)) == [
        "Mug (bol-7): 0 instead of 2",
        "Mug (MUG-1): 2 instead of 0",
    ]


def test_the_products_that_stand_for_the_lines_are_said() -> None:
    unknown = replace(MUG, product_ref="")

    assert compare((unknown, LAMP), [mug(), lamp(line_ref="")], ordered_quantity).products == {"L1": "101", "L2": "102"}


def test_a_variation_is_known_by_its_key_alone_too() -> None:
    shirt = ExpectedLine("L1", "Shirt", "SH-S", 1, "34")

    assert differences(ShopLine("12:34", "", "Shirt - S", 1), wanted=(shirt,)) == []
    assert differences(ShopLine("12:345", "", "Shirt - M", 1, line_ref="L1"), wanted=(shirt,)) != []


def test_what_a_person_takes_as_it_is_stands_for_what_lacks() -> None:
    compared = compare(BOTH, [mug(), chair(2), chair(1)], leaving_quantity)

    assert compared.products_accepted_as_is() == {"L1": "101", "L2": "103"}


def test_a_long_list_of_differences_ends_with_how_many_more_there_are() -> None:
    wanted = [ExpectedLine(f"L{n}", f"Part {n}", "", 1) for n in range(14)]

    reason = compare(wanted, [], ordered_quantity).reason

    assert reason.split("\n")[9:] == ["Part 9: 0 instead of 1", "and 4 more lines"]
