"""How the sandbox answers lists of products: which show up at all, by which filters, in which order."""

from collections.abc import Iterable

from orderhaven.connectors.woocommerce.sandbox_lists import Wanted, dated
from orderhaven.connectors.woocommerce.sandbox_not_simulated import NO_CATALOGUE
from orderhaven.connectors.woocommerce.sandbox_orders import OrderBook
from orderhaven.connectors.woocommerce.sandbox_parameters import (
    PAGES,
    Parameters,
    date,
    ids,
    not_simulated_parameter,
    ordering,
    page_of,
)
from orderhaven.connectors.woocommerce.sandbox_products import SandboxProduct
from orderhaven.connectors.woocommerce.sandbox_query import Query
from orderhaven.connectors.woocommerce.sandbox_schema import boolean, one_of, string
from orderhaven.connectors.woocommerce.sandbox_values import clean

STATUSES = ("any", "future", "trash", "draft", "pending", "private", "publish")
_TYPES = ("simple", "grouped", "external", "variable")
_HIDDEN = frozenset({"trash", "auto-draft"})  # from "any"
_PARAMETERS: Parameters = {
    **PAGES,
    "status": one_of(STATUSES),
    "type": one_of(_TYPES),
    "sku": string,
    "global_unique_id": string,
    "search": string,
    "search_sku": string,
    "order": one_of(("asc", "desc")),
    "orderby": ordering(("date", "id", "include", "title", "slug"), ("modified", "menu_order", "price", "popularity", "rating")),
    "stock_status": one_of(("instock", "outofstock", "onbackorder")),
    "modified_after": date,
    "modified_before": date,
    "dates_are_gmt": boolean,
    **dict.fromkeys(
        (
            "after", "before", "attribute", "attribute_term", "brand", "category", "downloadable", "featured", "max_price",
            "min_price", "on_sale", "parent", "parent_exclude", "shipping_class", "slug", "tag", "tax_class", "virtual",
        ),
        not_simulated_parameter(NO_CATALOGUE),
    ),
}  # fmt: skip


def product_parameters() -> Parameters:
    return _PARAMETERS


def products_listed(book: OrderBook, query: Query, *, parent: int | None = None) -> tuple[list[SandboxProduct], int]:
    """The page that was asked for, and how many there are in all. `parent`: its variations only."""
    start, rows = page_of(query)
    wanted = [
        *_wanted(query, parent),
        *(dated(book, query, name) for name in ("modified_after", "modified_before") if name in query),
    ]
    found = [product for product in _candidates(book, query) if all(fits(product) for fits in wanted)]
    _sort(found, query)
    page = found[start : start + rows]
    # WordPress counts once more where a page lies past the end, and not where an offset does
    return page, 0 if not page and "offset" in query else len(found)


def _candidates(book: OrderBook, query: Query) -> Iterable[SandboxProduct]:
    """By the indexes, where a SKU or an EAN is asked for; asked together, both must fit."""
    numbers: Iterable[int] = book.products
    skus, eans = query.text("sku"), query.text("global_unique_id")
    if _counts(skus):
        named = skus.strip().split(",")  # only the outermost blanks are cut, and the whole may be one SKU
        numbers = _looked_up(book.by_sku, [*named, skus.strip()])
    if _counts(eans):
        by_ean = _looked_up(book.by_ean, [ean.strip() for ean in eans.split(",")])
        numbers = [number for number in by_ean if number in numbers]
    return [book.products[number] for number in sorted(set(numbers))]


def _looked_up(index: dict[str, list[int]], words: Iterable[str]) -> list[int]:
    return [number for word in words for number in index.get(word.casefold(), ())]


def _wanted(query: Query, parent: int | None) -> list[Wanted]:
    status, search, of_sku = query.text("status", "any"), query.text("search"), query.text("search_sku")
    wanted: list[Wanted] = [
        (lambda product: product.status not in _HIDDEN)
        if status == "any"
        else (lambda product: product.status == status)
    ]
    if parent is not None:
        wanted.append(lambda product: product.parent_id == parent)
    elif not (_counts(query.text("sku")) or _counts(query.text("global_unique_id")) or of_sku):
        wanted.append(lambda product: product.kind != "variation")
    if "stock_status" in query:
        wanted.append(lambda product: product.stock_status == query.text("stock_status"))
    if "type" in query:
        wanted.append(lambda product: product.kind == query.text("type"))
    if search:
        parts = clean(search).casefold().split()
        wanted.append(lambda product: all(part in product.name.casefold() for part in parts))
    if of_sku:
        wanted.append(lambda product: of_sku.casefold() in product.sku.casefold())
    if query.get("include"):
        included = frozenset(ids(query["include"]))
        wanted.append(lambda product: product.id in included)
    if query.get("exclude"):
        excluded = frozenset(ids(query["exclude"]))
        wanted.append(lambda product: product.id not in excluded)
    return wanted


def _counts(text: str) -> bool:
    """PHP takes "0" for nothing."""
    return text not in ("", "0")


def _sort(found: list[SandboxProduct], query: Query) -> None:
    descending = query.text("order", "desc") == "desc"
    if query.text("orderby") == "include" and query.get("include"):
        places = {number: index for index, number in enumerate(ids(query["include"]))}
        found.sort(key=lambda product: places[product.id])
    elif query.text("orderby") in ("title", "slug"):
        found.sort(key=lambda product: (product.name.casefold(), product.id), reverse=descending)
    else:
        found.sort(key=lambda product: product.id, reverse=descending)
