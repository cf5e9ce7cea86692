"""Values behave as frozen dataclasses do, but for the check at run time that mypy makes needless."""

from orderhaven.core.values import value


@value(frozen=True, slots=True)
class Parcel:
    code: str
    pieces: int = 1


def test_values_are_told_apart_by_what_they_hold() -> None:
    assert Parcel("3SABCD") == Parcel("3SABCD", 1)
    assert {Parcel("3SABCD"), Parcel("3SABCD"), Parcel("3SABCD", 2)} == {Parcel("3SABCD"), Parcel("3SABCD", 2)}
    assert not hasattr(Parcel("3SABCD"), "__dict__")
