"""The look of mails: defaults until somebody chooses, and nothing that could not be read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.brands import contrast, images, kit, media
from app.brands.kit import FONTS, NETWORKS, BrandKit, KitRefused
from tests.factories import NOON
from tests.factories.pictures import a_picture
from tests.factories.workspaces import a_workspace


@pytest.fixture
def save(session, workspace):
    def save(**values):
        made = replace(BrandKit(), **values)
        return kit.save_kit(session, workspace.id, made, staff_id=workspace.owner_id, now=NOON)

    return save


def test_without_a_kit_the_defaults_hold_and_can_be_read(session, workspace):
    assert kit.kit_of(session, workspace.id) == BrandKit()
    assert kit.checked(BrandKit()) == BrandKit()


def test_a_kit_comes_back_as_it_was_kept(session, workspace, save):
    save(primary="#AA0000", heading_font="Georgia", button_radius=40, footer_text="Hello\nthere",
         social=(("instagram", "https://instagram.com/nordlicht"),), logo_alt="Nordlicht")  # fmt: skip
    found = kit.kit_of(session, workspace.id)

    assert (found.primary, found.heading_font, found.button_radius) == ("#aa0000", "Georgia", 40)
    assert found.social == (("instagram", "https://instagram.com/nordlicht"),)
    assert found.colors["primary"] == "#aa0000"
    assert FONTS[found.heading_font].startswith("Georgia")
    save(primary="#005500")
    assert kit.kit_of(session, workspace.id).primary == "#005500"


def test_buttons_nobody_can_read_are_refused_with_colours_that_can_be(save):
    with pytest.raises(KitRefused) as refused:
        save(primary="#ffcc00", primary_text="#ffffff")
    values = refused.value.values

    assert refused.value.field == "primary_text"
    assert values["ratio"] == "1.5"
    assert contrast.is_enough(values["words"], "#ffcc00")
    assert contrast.is_enough("#ffffff", values["button"])
    assert save(primary="#ffcc00", primary_text=values["words"]).primary_text == values["words"]
    assert save(primary=values["button"]).primary == values["button"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"text": "#cccccc"}, "text"),
        ({"dark_link": "#223366"}, "dark_link"),
        ({"primary": "red"}, "primary"),
        ({"primary": "#12345"}, "primary"),
        ({"link": "#1234567"}, "link"),
        ({"link": "url(javascript:alert(1))"}, "link"),
        ({"heading_font": "Comic Sans MS"}, "heading_font"),
        ({"button_radius": 41}, "button_radius"),
        ({"button_radius": -1}, "button_radius"),
        ({"social": (("instagram", "http://instagram.com/x"),)}, "social"),
        ({"social": (("instagram", "javascript:alert(1)"),)}, "social"),
        ({"social": (("instagram", "https://me:secret@instagram.com"),)}, "social"),
        ({"social": (("myspace", "https://myspace.com/x"),)}, "social"),
        ({"footer_text": "x" * 2001}, "footer_text"),
        ({"footer_text": "\0"}, "footer_text"),
        ({"logo_image_id": 987654}, "logo_image_id"),
    ],
)
def test_what_no_mail_can_carry_is_refused_at_its_field(save, values, field):
    with pytest.raises(KitRefused) as refused:
        save(**values)

    assert refused.value.field == field


def test_a_logo_is_an_image_of_the_same_workspace(database, session, settings, workspace, save):
    store, theirs = media.of(settings), a_workspace(database, name="Other", now=NOON)
    with database.transaction(theirs.id) as other:
        foreign = images.add_image(other, store, theirs.id, a_picture(), "Logo.png", now=NOON)
    own = images.add_image(session, store, workspace.id, a_picture(color=(1, 2, 3)), "Logo.png", now=NOON)

    assert save(logo_image_id=own.id).logo_image_id == own.id
    with pytest.raises(KitRefused):
        save(logo_image_id=foreign.id)
    images.drop(session, workspace.id, own.id, staff_id=None, now=NOON)
    assert kit.kit_of(session, workspace.id).logo_image_id is None


def test_every_network_and_font_has_a_name():
    assert {"instagram", "wechat", "website"} <= NETWORKS.keys()
    assert all(stack.rpartition(" ")[2] in ("sans-serif", "serif", "monospace") for stack in FONTS.values())


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#123456", "#123456", 1)],
)
def test_contrast_is_that_of_the_guidelines(one, other, expected):
    assert contrast.ratio(one, other) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("background", ["#000000", "#ffffff", "#808080", "#ff0000", "#2f5bd0"])
@pytest.mark.parametrize("color", ["#ffcc00", "#808080", "#0000ff"])
def test_the_nearest_colour_can_be_read(color, background):
    assert contrast.is_enough(contrast.nearest(color, background), background)
    assert contrast.is_enough(contrast.on(background), background)
