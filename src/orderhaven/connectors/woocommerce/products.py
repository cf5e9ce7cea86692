"""Products of the shop: by SKU, then by EAN, how each is taxed, and whether the shop keeps its stock."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from orderhaven.connectors.woocommerce.calls import Calls
from orderhaven.connectors.woocommerce.mapping import PRODUCT_FIELDS, TheirProduct, can_be_sold, product_ref
from orderhaven.connectors.woocommerce.pricing import Taxed
from orderhaven.core.shop_order import ProductWanted, as_meant


class Products:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._taxed: dict[str, Taxed] = {}
        self._keeping_stock: dict[str, bool] = {}

    async def find(self, wanted: Sequence[ProductWanted]) -> Mapping[ProductWanted, str]:
        """One call for SKUs, one for the EANs of the rest; one more for each SKU with a comma.

        An SKU in other capitals counts where the shop has only one that could be meant.
        """
        by_sku = await self._by("sku", (want.sku.strip() for want in wanted))
        rest = [want.ean.strip() for want in wanted if want.sku.strip() not in by_sku]
        by_ean = await self._by("global_unique_id", rest)
        found = {want: by_sku.get(want.sku.strip()) or by_ean.get(want.ean.strip(), "") for want in wanted}
        return {want: ref for want, ref in found.items() if ref}

    def forget(self) -> None:
        """How products are taxed and kept may have changed."""
        self._taxed.clear()
        self._keeping_stock.clear()

    async def taxed(self, refs: Collection[str]) -> Mapping[str, Taxed]:
        """How these products are taxed; asked for where `find` did not bring it (a product mapped by hand)."""
        await self._know(refs)
        return self._taxed

    async def keeping_stock(self, refs: Collection[str]) -> frozenset[str]:
        """Those of these products whose stock the shop keeps."""
        await self._know(refs)
        return self.known_to_keep_stock(refs)

    def known_to_keep_stock(self, refs: Collection[str]) -> frozenset[str]:
        """By what was read before."""
        return frozenset(ref for ref in refs if self._keeping_stock.get(ref))

    async def _know(self, refs: Collection[str]) -> None:
        missing = sorted(set(refs) - self._taxed.keys())
        simple = [ref for ref in missing if ":" not in ref]
        if len(simple) > 1:
            await self._read_together(simple)
        for ref in missing:
            if ref not in self._taxed:
                await self._read(ref)

    async def _read_together(self, refs: Sequence[str]) -> None:
        query = {"include": ",".join(refs), "_fields": PRODUCT_FIELDS}
        async for page in self._calls.pages("/products", TheirProduct, query):
            self._keep(page)

    async def _read(self, ref: str) -> None:
        product, _, variation = ref.partition(":")
        path = f"/products/{product}/variations/{variation}" if variation else f"/products/{product}"
        their = await self._calls.get_unless(
            "woocommerce_rest_product_invalid_id", path, TheirProduct, {"_fields": PRODUCT_FIELDS}
        )
        if their is not None:
            self._keep_as(ref, their)

    def _keep(self, products: Iterable[TheirProduct]) -> None:
        for product in products:
            self._keep_as(product_ref(product), product)

    def _keep_as(self, ref: str, product: TheirProduct) -> None:
        self._taxed[ref] = Taxed(product.tax_class, product.tax_status)
        self._keeping_stock[ref] = product.manage_stock in (True, "parent", "true", "yes", 1)

    async def _by(self, field: str, values: Iterable[str]) -> dict[str, str]:
        """Refs by value. The shop's list ignores capitals, so what comes back is compared."""
        named = [value for value in dict.fromkeys(values) if value]
        plain = ",".join(value for value in named if "," not in value)
        found: dict[str, TheirProduct] = {}
        for text in filter(None, [plain, *(value for value in named if "," in value)]):
            query = {field: text, "orderby": "id", "order": "asc", "_fields": PRODUCT_FIELDS}
            async for page in self._calls.pages("/products", TheirProduct, query):
                _take_best(found, page, field)
        self._keep(found.values())
        meant = {value: as_meant(value, found) for value in named}
        return {value: product_ref(found[word]) for value, word in meant.items() if word}


def _take_best(found: dict[str, TheirProduct], page: Sequence[TheirProduct], field: str) -> None:
    """Published before unpublished, then the oldest, where a value stands on several products."""
    for product in page:
        value = (product.sku if field == "sku" else product.global_unique_id) or ""
        before = found.get(value)
        better = before is None or (before.status != "publish" and product.status == "publish")
        if can_be_sold(product) and better:
            found[value] = product
