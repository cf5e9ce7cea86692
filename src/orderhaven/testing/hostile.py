"""Orders that break careless code."""

from collections.abc import Mapping

from orderhaven.ports.sandbox import Basket
from orderhaven.testing.goods import GIFT, LAMP, MUG, many_articles

# by name: the fields of the person, or the lines, that are unusual
HOSTILE: Mapping[str, Basket] = {
    "emoji": Basket([(MUG, 1)], address={"first_name": "Zoë 🦊", "city": "Den Haag 🏖️"}),
    "a 300-character street": Basket([(MUG, 1)], address={"street": "Langestraat " * 24 + "aan de Rijn"}),
    "a phone number of 150 characters": Basket([(MUG, 1)], address={"phone": "0612345678, " + "na zessen " * 14}),
    "an e-mail address of 330 characters": Basket([(MUG, 1)], address={"email": f"{'a' * 313}@mail.example.test"}),
    "directions of 70,000 characters": Basket([(MUG, 1)], address={"extra": "linksaf " * 8750}),
    "zero price": Basket([(GIFT, 1)]),
    "200 lines": Basket([(article, 1) for article in many_articles(200)]),
    "no phone": Basket([(MUG, 1)], address={"phone": ""}),
    "house number 12 bis": Basket([(MUG, 1)], address={"house_number": "12", "addition": "bis"}),
    "right-to-left text": Basket([(MUG, 1)], address={"last_name": "אברהם", "street": "شارع الملك فهد"}),
    "newline in a name": Basket([(MUG, 1)], address={"last_name": "de\nVries"}),
    "markup": Basket([(MUG, 1)], address={"last_name": 'O\'Brien "<b>" &amp; {x} %s'}),
    "many pieces and a discount": Basket([(MUG, 7), (LAMP, 3)], discount="4.07"),
}
