"""The addresses of the API, for whoever includes them."""

from django.urls import include, path

from orderhaven.api.interface import make_api, routes
from orderhaven.api.services import Services

urlpatterns = [path("", include(routes(make_api(Services()))))]
