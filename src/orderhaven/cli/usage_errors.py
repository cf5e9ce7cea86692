"""How a command is typed, and what is wrong with what was typed: typer says that in English only."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from orderhaven.core.translation import _


def in_our_words(app: typer.Typer) -> None:
    """Every command and group of it, help and complaints alike."""
    app.info.cls = Group
    for command in app.registered_commands:
        command.cls = Command
    for group in app.registered_groups:
        if group.typer_instance is not None:
            in_our_words(group.typer_instance)


class _Spoken:
    """Help, of commands and groups alike. The types of typer's own click are private, so they are Any here."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = _("Show this page.")
        return option

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        pieces = self.collect_usage_pieces(ctx)  # type: ignore[attr-defined]
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=_("Usage:") + " ")


class Command(_Spoken, TyperCommand):
    pass


class Group(_Spoken, TyperGroup):
    def main(self, *given: Any, **named: Any) -> Any:
        """Ends the process, as typer's own does."""
        try:
            code = super().main(*given, **{**named, "standalone_mode": False})
        except TyperException as error:
            if type(error).__name__ == "NoArgsIsHelpError":
                typer.echo(error.format_message(), err=True)
            else:
                _say(error)
            sys.exit(error.exit_code)
        except typer.Abort:
            typer.echo(_("Stopped: nothing was done."), err=True)
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)


def _say(error: TyperException) -> None:
    context = getattr(error, "ctx", None)
    if context is not None:
        typer.echo(context.get_usage(), err=True)
        typer.echo(_("Help: {command}", command=f"{context.command_path} --help") + "\n", err=True)
    typer.echo(_("Error: {complaint}", complaint=_complaint(error)), err=True)


def _complaint(error: TyperException) -> str:
    match type(error).__name__:
        case "MissingParameter":
            return _("{name} is missing.", name=_named(error))
        case "BadParameter" if _named(error):
            return _("{name}: {complaint}", name=_named(error), complaint=_said(error.message))
        case "BadParameter":
            return _said(error.message)
        case "NoSuchOption":
            return _("There is no option {name}.", name=getattr(error, "option_name", "?")) + _near(error)
        case "BadOptionUsage" if "requires" in error.message:
            return _("The option {name} needs a value.", name=getattr(error, "option_name", "?"))
        case "BadOptionUsage":
            return _("The option {name} takes no value.", name=getattr(error, "option_name", "?"))
    return _said(error.format_message())


# how typer, and the library that checks values for it, say what is wrong
_IN_OUR_WORDS: Mapping[str, str] = {
    r"Input should be a valid integer\b.*": "Give a whole number.",
    r"Input should be a valid number\b.*": "Give a number.",
    r"Input should be greater than or equal to (?P<least>\S+)": "Give {least} or more.",
    r"Input should be less than or equal to (?P<most>\S+)": "Give {most} at most.",
    r"(?:Value error, )?'(?P<word>.*?)' is not one of (?P<words>.*)\.": "'{word}' is not one of {words}.",
    r"Got unexpected extra argument\(s\) \((?P<words>.*)\)": "Nothing more is expected here: {words}",
}


def _said(complaint: str) -> str:
    for theirs, ours in _IN_OUR_WORDS.items():
        if found := re.fullmatch(theirs, complaint):
            values = {name: value.replace("'", "") for name, value in found.groupdict().items()}
            return _(ours, **values)
    return complaint


def _named(error: TyperException) -> str:
    """The argument or option that it is about; "" when it does not say."""
    hint, parameter = getattr(error, "param_hint", None), getattr(error, "param", None)
    if hint is None and parameter is not None:
        hint = parameter.get_error_hint()
    return str(hint or "").replace("'", "")


def _near(error: TyperException) -> str:
    near = getattr(error, "possibilities", None)
    return " " + _("Perhaps {near}?", near=", ".join(sorted(near))) if near else ""
