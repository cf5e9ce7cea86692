"""The order list: filtered, searched, sorted and counted, as fast with 300,000 orders as with a thousand (docs/adr/0019).

- `filters`: tabs, sort orders and every filter as a condition of the ORM; finds the orders that a number names.
- `pages`: one page by a cursor, led by the index of the rarest condition; how many orders stand on each tab.
- `rows`: what a row of the list shows, in a constant number of queries per page.

Called by the web's lists, the API and the CLI, and by actions on what a list shows. It only reads. No statement is
written by hand but two fragments, and a row shows no personal data: a search by name or postcode finds orders, and does
not say whose they are.
"""
