"""The sandbox's products, and how their stock is told."""

from dataclasses import dataclass


@dataclass
class SandboxProduct:
    id: int
    sku: str
    ean: str
    name: str
    price: str
    stock: int
    parent_id: int = 0  # of a variation
    kind: str = "simple"
    tax_class: str = ""
    tax_status: str = "taxable"
    status: str = "publish"
    size: str = ""  # of a variation, its only attribute
    manages_stock: bool = True
    backorders: str = "no"
    said_stock_status: str = "instock"  # of one that keeps no stock
    modified: int = 0  # seconds since 1970, UTC

    @property
    def stock_status(self) -> str:
        if not self.manages_stock:
            return self.said_stock_status
        if self.stock > 0:
            return "instock"
        return "outofstock" if self.backorders == "no" else "onbackorder"
