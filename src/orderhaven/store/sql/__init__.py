"""Everything that goes around the ORM, because `make bench` says so; everything else in the store is plain Django.

`execute` runs a statement, `writes` and `rows` write and load many rows at once (the ORM's bulk methods take 3 to 4 times as
long, its instances 5 times), `loaded` is what keeps such a row from asking the database by itself, `connections`, `orders` and
`messages` hold the statements of a cycle, `sqlite` is Django's backend with shorter ways, and `hop` leads here from the loop.

Which figure a statement is for stands beside it, with how often it runs there: in `loop_ratio` for 100 orders that go the whole
way round, in `idle_ratio` for one poll of both sides. Phrased by the ORM, each would take 0.2 to 1 ms more: a statement that runs
ten times for 100 orders costs 2 % of `loop_ratio`, one in every poll 12 % of `idle_ratio`.
"""
