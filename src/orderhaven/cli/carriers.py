"""The command on one track & trace code: carrier. It needs no hub."""

import typer

from orderhaven.cli.console import Json, not_empty, print_json, say, table
from orderhaven.core.carriers import Carrier, Confidence, Family, Recognition, fitting_families, recognise, tracking_url
from orderhaven.core.translation import _, n_

_SAID = {
    Confidence.CERTAIN: "certain",
    Confidence.LIKELY: "likely",
    Confidence.UNSURE: "unsure",
}


def add_to(app: typer.Typer) -> None:
    app.command(help=_("Say who carries a parcel, why, and who else could: as the hub would tell it."))(carrier)


def carrier(
    code: str = typer.Argument(
        callback=not_empty, help=_("The track & trace code as it stands in the shop, or a tracking link.")
    ),
    to: str = typer.Option("", metavar="COUNTRY", help=_("Where the parcel goes, as in NL.")),
    from_: str = typer.Option("", "--from", metavar="COUNTRY", help=_("Where it is sent from.")),
    url: str = typer.Option("", help=_("The tracking link that stands beside the code.")),
    carrier_name: str = typer.Option("", help=_("What the shop calls the carrier.")),
    uses: list[str] = typer.Option([], metavar="CARRIER", help=_("A carrier you use. May be repeated.")),
    postcode: str = typer.Option("", help=_("The buyer's; some tracking pages ask for it.")),
    json: Json = False,
) -> None:
    likely = [_named(one) for one in uses]
    answer = recognise(code, url=url, destination=to, origin=from_, carrier_name=carrier_name, likely=likely)
    link = tracking_url(answer.carrier, answer.tracking_number, postcode, to.upper()) if answer.carrier else ""
    families = fitting_families(answer.tracking_number)
    if json:
        print_json({**_facts(answer), "tracking_url": link, "forms": [_form(family, from_) for family in families]})
        return
    _say_answer(answer, link)
    if families:
        say("\n" + _("Whose codes look like this:"))
        rows = [tuple(_form(family, from_).values()) for family in families]
        headings = (_("carrier"), _("check digit"), _("alone"), _("sent from"), _("source"))
        table(headings, rows, at_least={_("carrier"): 12})


def _named(word: str) -> Carrier:
    try:
        return Carrier.named(word)
    except ValueError as unknown:
        raise typer.BadParameter(str(unknown), param_hint="--uses") from None


def _say_answer(answer: Recognition, link: str) -> None:
    if not answer.tracking_number:
        say(answer.why)
        return
    say(f"{answer.tracking_number}: {answer.carrier.display_name if answer.carrier else _('unsure')}")
    say(f"  {_(_SAID[answer.confidence]).capitalize()}. {answer.why}")
    runners_up = [one.display_name for one in answer.candidates if one is not answer.carrier]
    if answer.carrier and runners_up:
        say("  " + _("Codes of {carriers} can look like this too.", carriers=", ".join(runners_up)))
    if answer.others:
        more = n_("{number} more code in the same field", "{number} more codes in the same field", len(answer.others))
        say(f"  {more}: {', '.join(answer.others)}.")
    if link:
        say(f"  {link}")


def _facts(answer: Recognition) -> dict[str, object]:
    return {
        "tracking_number": answer.tracking_number,
        "carrier": answer.carrier,
        "name": answer.carrier.display_name if answer.carrier else "",
        "confidence": answer.confidence,
        "why": answer.why,
        "candidates": answer.candidates,
        "others": answer.others,
    }


def _form(family: Family, origin: str) -> dict[str, str]:
    """One form that the code fits, as words."""
    home = ", ".join(sorted(family.home))
    if not family.may_come_from(origin.upper()):
        home = _("only {countries}, so not this one", countries=home)
    elif family.only_at_home:
        home = _("only {countries}", countries=home)
    elif home and family.proves_at_home is not family.proves:
        home = _("{countries}: then {confidence}", countries=home, confidence=_(_SAID[family.proves_at_home]))
    return {
        "carrier": family.carrier.display_name,
        "check_digit": _("right") if family.check else _("none"),
        "alone": _(_SAID[family.proves]),
        "sent_from": home,
        "source": family.source,
    }
