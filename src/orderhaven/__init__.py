"""Orderhaven: a self-hosted hub that takes marketplace orders into a webshop and tells the marketplace what became of them."""

__version__ = "0.1.0"
