"""The refusals of the sandbox, in the form of WordPress's REST server."""

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """A refusal with WooCommerce's code. `data` is what stands beside the status."""

    def __init__(
        self, status: int, code: str | int, message: str, params: Mapping[str, str] | None = None, **data: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "code": code,
            "message": message,
            "data": {"status": status, **({"params": params} if params else {}), **data},
        }


class Unplayed(Exception):
    """The real server does this, and the sandbox does not. The message is the reason."""


def invalid(name: str, message: str = "") -> ApiError:
    return invalid_params({name: message or f"{name} is not valid."})


def invalid_params(params: Mapping[str, str]) -> ApiError:
    return ApiError(400, "rest_invalid_param", f"Invalid parameter(s): {', '.join(params)}", params)


def missing(*names: str) -> ApiError:
    error = ApiError(400, "rest_missing_callback_param", f"Missing parameter(s): {', '.join(names)}")
    error.body["data"]["params"] = names
    return error


def no_route() -> ApiError:
    return ApiError(404, "rest_no_route", "No route was found matching the URL and request method.")


def bare(code: str, message: str, number: int) -> ApiError:
    """An error whose data is a number where a table with a status was meant: WordPress answers it with 500."""
    error = ApiError(500, code, message)
    error.body["data"] = number
    return error


CRITICAL = "There has been a critical error on this website."


def fatal() -> ApiError:
    """PHP broke down halfway; told to a client that speaks JSON."""
    return ApiError(500, "internal_server_error", f"<p>{CRITICAL}</p>")
