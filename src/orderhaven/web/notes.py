"""What is said on top of the next page."""

from django.contrib import messages
from django.http import HttpRequest


def done(request: HttpRequest, sentence: str) -> None:
    messages.success(request, sentence)


def trouble(request: HttpRequest, sentence: str) -> None:
    messages.error(request, sentence)
