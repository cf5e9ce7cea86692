"""What every page knows."""

from typing import Any

from django.http import HttpRequest
from django.utils import translation

from orderhaven import __version__, catalogues

_THEMES = ("light", "dark")


def everywhere(request: HttpRequest) -> dict[str, Any]:
    theme = request.COOKIES.get("theme", "")
    return {
        "merchant_context": getattr(request, "merchant_context", None),
        "version": __version__,
        "language": translation.get_language() or "en",
        "languages": catalogues.NAMES,
        "theme": theme if theme in _THEMES else "",
        "person": getattr(request, "user", None),
    }
