"""The web interface and the API as one WSGI application, for granian or any other server."""

from orderhaven.store.setup import open_store

open_store()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - the store is opened first

from orderhaven.web.bodies import WholeBodies  # noqa: E402

application = WholeBodies(get_wsgi_application())
