"""The web interface and the API as one WSGI application, for our own server or any other."""

from orderhaven.store.upkeep.setup import open_store

open_store()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - the store is opened first

application = get_wsgi_application()
