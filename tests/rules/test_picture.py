"""The picture of the modules shows what the code imports."""

from __future__ import annotations

from . import picture


def test_the_picture_of_the_modules_is_what_the_imports_say() -> None:
    """When this fails: python -m tests.rules.picture"""
    assert picture.PICTURE.read_text(encoding="utf-8") == picture.picture()


def test_every_package_stands_in_a_band_of_the_picture() -> None:
    top_level = {name.split(".")[0] for name in picture.modules() if name}

    assert top_level == {name for layer in picture.layers() for name in layer}


def test_an_arrow_is_left_out_only_where_others_lead_to_the_same_box() -> None:
    uses = {"face": ["action", "store"], "action": ["store"], "store": []}

    assert picture.reduced(uses) == [("face", "action"), ("action", "store")]
