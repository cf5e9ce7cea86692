"""The order list: which orders match a filter (`filters`, `conditions`), page by page (`pages`), with what a row shows (`rows`), how
many stand on each tab (`counts`), and the orders that a number names (`lookup`)."""
