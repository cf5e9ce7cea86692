from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "orderhaven.store"
    label = "store"
