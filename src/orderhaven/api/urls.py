"""The addresses of the API, for whoever includes them."""

from django.urls import include, path

from orderhaven.api.interface import make_api, routes
from orderhaven.api.world import World

urlpatterns = [path("", include(routes(make_api(World()))))]
