"""Numbers and choices that no row can have are as if nothing was given, and cost nobody what they wrote."""

from __future__ import annotations

import pytest

FAR_TOO_LARGE = "99999999999999999999"


@pytest.mark.parametrize(
    "path",
    [
        f"/customers/imports?before={FAR_TOO_LARGE}",
        f"/settings/audit?before=-{FAR_TOO_LARGE}",
        f"/inbox?after={FAR_TOO_LARGE}",
        "/search?q=%00ada",
    ],
)
def test_a_number_no_row_can_have_is_no_number(client, path):
    assert client.get(path).status_code == 200


def test_a_choice_that_is_gone_is_asked_for_again_and_the_text_stays(client, workspace):
    created = client.post("/campaigns/new", data={"name": "Spring", "topic": str(workspace.topic_id)})
    page = created.headers["Location"]

    saved = client.post(
        f"{page}/save",
        data={
            "name": "Spring",
            "topic": "999",
            "audience": "²",
            "language": "en",
            "format": "markdown",
            "subject": "Hello",
            "source": "# Roses",
            "revision": "0",
            "overwrite": "1",
        },
    )

    assert saved.status_code < 400
    assert "# Roses" in client.get(page).text
