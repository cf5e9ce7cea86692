"""Entity tags: whether what somebody read is still so.

A tag is `"VERSION-CONTENT"`. A question ("only if it is new") compares the whole of it; a change ("only if it is still so")
compares the version alone, since the same thing reads otherwise in another language.
"""

import hashlib

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from ninja import Schema, Status

from orderhaven.store.upkeep.versions import Changed, ExpectedVersion, Of


def content_of(shown: Schema) -> str:
    """The same for the same content, and for no other."""
    return hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:16]


def tagged_answer(request: HttpRequest, response: HttpResponse, shown: Schema, version: str) -> object:
    """What is shown, with its tag; nothing of it to somebody who has it already."""
    tag = f'"{version}-{content_of(shown)}"'
    response.headers["ETag"] = tag
    given = parse_etags(request.headers.get("If-None-Match", ""))
    is_known = given == ["*"] or tag in (one.removeprefix("W/") for one in given)
    return Status(304, None) if is_known else shown


def expected_by(request: HttpRequest, key: int, of: Of) -> ExpectedVersion | None:
    """What the asker read, if the request says that only this is to be changed. Raises Changed when it is another already."""
    if "If-Match" not in request.headers:
        return None
    version = of(key)
    given = parse_etags(request.headers["If-Match"])
    versions = [one.strip('"').partition("-")[0] for one in given]  # a weak tag, W/"...", is nobody's version
    if given != ["*"] and version not in versions:
        raise Changed
    return ExpectedVersion(of, key, version)
