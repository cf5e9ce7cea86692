from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "orderhaven.web"
    label = "web"
