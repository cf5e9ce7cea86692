"""The catalogues of sentences. `python -m tests.rules.catalogue` gathers every sentence anew and compiles what is translated.

An English sentence is the id of its translations. It stands in the code within `_()` or `n_()`, in a template within
`{% translate %}` or `{% blocktranslate %}`, or in one of the tables below.

The hub has a catalogue of its own, and so has each connector whose folder holds one: `locale/nl/LC_MESSAGES/`. A connector
without speaks English.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from orderhaven.connectors import specs
from orderhaven.core.status import STATUS_NAMES

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "orderhaven"
CONNECTORS = PACKAGE / "connectors"
TEMPLATES = PACKAGE / "web" / "templates"
LANGUAGES = ("nl",)
SPECS = specs()  # what errors of connectors say is known from here on
HUB = ""  # whose catalogue: the hub's, or that of a connector by its folder's name

Id = str | tuple[str, str]  # (one, more) for a sentence about a number of things

# Functions that say a sentence, and which of their arguments are ids.
SAYS: Mapping[str, tuple[int, ...]] = {
    "_": (1,), "gettext": (1,), "gettext_lazy": (1,), "n_": (1, 2), "ngettext": (1, 2), "_in_their_language": (3,),
    "action_refused": (1,),
}  # fmt: skip

# Where a sentence is said by its variable, and the tables it comes from: () when it is gathered in another way, from what
# the connectors declare, from the statuses, or where the function is called. `_(TABLE[key])` needs no line here.
BY_VARIABLE: Mapping[str, tuple[str, ...]] = {
    "actions/errors.py: sentence": (),
    "actions/address_changes.py: setting.label": (),
    "actions/orders.py: STATUS_NAMES[Status(row.status)][1]": (),
    "actions/settings_form.py: setting.help": (),
    "actions/settings_form.py: setting.label": (),
    "api/connections.py: spec.limitations": (),
    "api/connections.py: spec.version": (),
    "api/connections.py: setting.help": (),
    "api/connections.py: setting.label": (),
    "api/errors.py: otherwise": ("api/errors.py: KINDS",),
    "api/errors.py: title": ("api/errors.py: KINDS",),
    "cli/connections.py: spec.limitations": (),
    "cli/connections.py: setting.help": (),
    "cli/connections.py: setting.label": (),
    "cli/usage_errors.py: ours": ("cli/usage_errors.py: _IN_OUR_WORDS",),
    "connection_form.html: choice.setting.help": (),
    "connection_form.html: choice.setting.label": (),
    "connection_form.html: spec.version": (),
    "connection_form.html: remark": (),
    "connection_live.html: spec.version": (),
    "core/reasons.py: template": ("core/reasons.py: TEMPLATES", "core/reasons.py: FITS_MUCH"),
    "core/translation.py: self.english": (),
    "core/sentences.py: STATUS_NAMES[Status(value)][1]": (),
    "users.html: one.role": ("words/roles.py: ROLE_NAMES",),
    "store/upkeep/doctor.py: text": ("store/upkeep/doctor.py: _SENTENCES",),
    "web/connections.py: spec.limitations": (),
    "web/connections.py: setting.help": (),
    "web/connections.py: setting.label": (),
    "web/errors.py: message": (),
    "web/templatetags/words.py: text": (),
    "words/orders.py: STATUS_NAMES[status][1]": (),
    "words/timeline.py: str(data['role'])": ("words/roles.py: ROLE_NAMES",),
}

# What typer says by itself, through gettext.
OF_TYPER = (
    "Arguments", "Options", "Commands", "required", "default: {default}", "env var: {var}", "Missing command.",
    "No such command {name!r}.",
)  # fmt: skip


def owners(language: str) -> list[str]:
    """The hub, and each connector that speaks this language."""
    return [HUB, *sorted(name for name in folders() if (home_of_words(name) / language).is_dir())]


def folders() -> list[str]:
    """The connectors' names."""
    return sorted(path.parent.name for path in CONNECTORS.glob("*/__init__.py") if path.parent.name != "kit")


def gathered(owner: str = HUB) -> list[Id]:
    """Every sentence that can be said, in the order of the catalogues; of a connector those that the hub does not say."""
    found: set[Id] = {*in_sources(owner), *in_named_enums(owner)}
    if owner == HUB:
        found |= {*in_templates(), *in_tables(), *OF_TYPER}
    else:
        found = {*found, *in_declaration(owner)} - set(gathered())
    plurals = {one: pair for pair in found if isinstance(pair, tuple) for one in pair[:1]}
    return sorted({plurals.get(one, one) if isinstance(one, str) else one for one in found}, key=_by_words)


def kept(language: str, owner: str = HUB) -> Catalog:
    """The catalogue as its file has it; an empty one where there is none."""
    file = po_file(language, owner)
    catalogue = _Plain(locale=language)
    if file.exists():
        with file.open("rb") as lines:
            for message in read_po(lines, locale=language):
                if message.id:
                    catalogue.add(message.id, message.string, flags=message.flags & {"fuzzy"})
    return catalogue


def renewed(language: str, owner: str = HUB) -> Catalog:
    """With every sentence of now: translations are kept, new ones are empty, what nobody says is gone. A sentence that moved
    between the hub and a connector brings its translation along."""
    before, after = kept(language, owner), _Plain(locale=language)
    elsewhere = [kept(language, one) for one in owners(language) if one != owner]
    for one in gathered(owner):
        words = one if isinstance(one, str) else one[0]
        known = next(filter(None, (each.get(words) for each in (before, *elsewhere))), None)
        empty = "" if isinstance(one, str) else ("", "")
        after.add(one, known.string if known and known.id == one and not known.fuzzy else empty)
    return after


def as_text(catalogue: Catalog) -> bytes:
    """The .po file: sorted, without line numbers, dates and names, so that a change shows what changed."""
    out = BytesIO()
    write_po(out, catalogue, width=120, no_location=True, sort_output=True, omit_header=True)
    head = "".join(f'"{name}: {value}\\n"\n' for name, value in catalogue.mime_headers)
    return f'msgid ""\nmsgstr ""\n{head}\n'.encode() + out.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """The .mo file, the same for the same translations; what is not translated is said in English."""
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def home_of_words(owner: str) -> Path:
    return (CONNECTORS / owner if owner else PACKAGE) / "locale"


def po_file(language: str, owner: str = HUB) -> Path:
    return home_of_words(owner) / language / "LC_MESSAGES" / "django.po"


def mo_file(language: str, owner: str = HUB) -> Path:
    return po_file(language, owner).with_suffix(".mo")


def untranslated(catalogue: Catalog) -> list[str]:
    return [_first(one.id) for one in catalogue if one.id and not all(_strings(one))]


# below: where sentences stand


def in_sources(owner: str) -> Iterator[Id]:
    for path in sources(owner):
        for call in calls(path):
            says = [call.args[place - 1] for place in SAYS[name_of(call)] if len(call.args) >= place]
            words = [one.value for one in says if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if words and len(words) == len(says):
                yield words[0] if len(words) == 1 else (words[0], words[1])


def in_templates() -> Iterator[Id]:
    from django.utils.translation.template import templatize

    for path in templates():
        # Django turns a template into something of which only the calls are Python
        source = "\n".join(line.strip() for line in templatize(path.read_text("utf-8")).splitlines())
        keywords = {"_": None, "gettext": None, "ngettext": (1, 2)}
        for _line, words, _comments, _context in extract("python", BytesIO(source.encode()), keywords):
            yield words if isinstance(words, str) else (words[0], words[1])


def in_tables() -> Iterator[Id]:
    yield from (english for _dutch, english in STATUS_NAMES.values())
    for tables in said_by_variable().values():
        for table in tables:
            file, _, name = table.partition(": ")
            yield from words_in(assigned(file, name))


def in_named_enums(owner: str) -> Iterator[Id]:
    yield from (str(words.value) for path in sources(owner) for words in names_in_enums(tree(path)))


def names_in_enums(module: ast.Module) -> Iterator[ast.Constant]:
    """What people read for each word of a `NamedEnum`."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and any(
            isinstance(one, ast.Name) and one.id == "NamedEnum" for one in node.bases
        ):
            for member in node.body:
                match member:
                    case ast.Assign(value=ast.Tuple(elts=[_, ast.Constant() as words])):
                        yield words


def in_declaration(owner: str) -> Iterator[Id]:
    """What a form asks for, and what its help says."""
    spec = SPECS[owner]
    yield from (words for setting in spec.settings for words in (setting.label, setting.help))
    yield from filter(None, [spec.limitations, spec.version, *spec.error_reasons])


def words_in(table: ast.expr | None) -> Iterator[str]:
    """Every word that stands in a table, but its keys."""
    match table:
        case ast.Constant(value=str(words)) if words:
            yield words
        case ast.Dict(values=below) | ast.Tuple(elts=below) | ast.List(elts=below) | ast.Call(args=below):
            for one in below:
                yield from words_in(one)


def home_of(file: str, name: str) -> str:
    """'file: NAME' of where a name of this module gets its value, perhaps by an import; "" when nowhere of ours."""
    if assigned(file, name) is not None:
        return f"{file}: {name}"
    for node in ast.walk(tree(PACKAGE / file)):
        if isinstance(node, ast.ImportFrom) and any(one.name == name for one in node.names):
            module = (node.module or "").removeprefix("orderhaven.").replace(".", "/") + ".py"
            return home_of(module, name) if (PACKAGE / module).exists() else ""
    return ""


def assigned(file: str, name: str) -> ast.expr | None:
    """What stands on top of a module under a name; None for nothing."""
    for node in tree(PACKAGE / file).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                return value
            case ast.AnnAssign(target=ast.Name(id=target), value=value) if target == name:
                return value
    return None


@cache
def said_by_variable() -> dict[str, tuple[str, ...]]:
    """'file: expression' of every sentence that is said by its variable -> the tables it may come from."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sources():
        file = path.relative_to(PACKAGE).as_posix()
        for call in calls(path):
            said = call.args[SAYS[name_of(call)][0] - 1] if call.args else None
            match said:
                case None | ast.Constant():
                    continue
                case ast.Subscript(value=ast.Name(id=name)) if home_of(file, name):
                    found[f"{file}: {ast.unparse(said)}"] = (home_of(file, name),)
                case ast.Name(id=name) if home_of(file, name):
                    found[f"{file}: {name}"] = (home_of(file, name),)
                case _:
                    found[f"{file}: {ast.unparse(said)}"] = ()
    for path in templates():
        for there in re.findall(r"\{[{%]\s*([^{}%]+?)\|spoken\b", path.read_text("utf-8")):
            found[f"{path.name}: {there}"] = ()
    return {where: BY_VARIABLE.get(where, tables) for where, tables in found.items()}


# below: how


class _Plain(Catalog):
    """A catalogue whose head has neither dates nor the names of tools and people."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]

    @mime_headers.setter
    def mime_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        """They are what they are."""


def sources(owner: str = HUB) -> list[Path]:
    if owner:
        return sorted(path for path in (CONNECTORS / owner).rglob("*.py") if not is_test(path))
    of_connectors = {CONNECTORS / name for name in folders()}
    found = (path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
    return sorted(path for path in found if not of_connectors & set(path.parents))


def is_test(path: Path) -> bool:
    """Whether it lies among the tests that a connector brings in its folder."""
    return path.is_relative_to(CONNECTORS) and path.relative_to(CONNECTORS).parts[1] == "tests"


def templates() -> list[Path]:
    return sorted(path for path in TEMPLATES.rglob("*") if path.is_file())


def calls(path: Path) -> Iterator[ast.Call]:
    """Of the functions that say a sentence."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and name_of(node) in SAYS:
            yield node


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _first(words: Id) -> str:
    return words if isinstance(words, str) else words[0]


def _by_words(words: Id) -> tuple[str, str]:
    return _first(words).casefold(), _first(words)


def main() -> None:
    found = {(language, owner): renewed(language, owner) for language in LANGUAGES for owner in owners(language)}
    for (language, owner), catalogue in found.items():
        po_file(language, owner).parent.mkdir(parents=True, exist_ok=True)
        po_file(language, owner).write_bytes(as_text(catalogue))
        mo_file(language, owner).write_bytes(compiled(catalogue))
        missing = untranslated(catalogue)
        whose = f" of {owner}" if owner else ""
        sys.stdout.write(f"{language}: {len(catalogue)} sentences{whose}, {len(missing)} of them not translated\n")
        sys.stdout.writelines(f"  {one}\n" for one in missing)


if __name__ == "__main__":
    main()
