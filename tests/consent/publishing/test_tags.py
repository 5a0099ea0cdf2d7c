"""Names that browsers store: short, one for each site, told from ids that begin or end alike."""

from __future__ import annotations

import re

from consent.publishing.tags import content_tag, cookie_name


def test_ids_that_are_nearly_the_same_have_names_of_their_own():
    uuid = "0193c8f2-7a60-7f0c-9a0c-3d2b8d1c0a11"
    ids = {uuid[:at] + ("0" if uuid[at] != "0" else "1") + uuid[at + 1 :] for at in range(36) if uuid[at] != "-"} | {
        uuid
    }
    names = {cookie_name(one) for one in ids}
    assert len(ids) == len(names) == 33
    assert {bool(re.fullmatch(r"fairgate_[0-9a-f]{8}", name)) for name in names} == {True}
    assert cookie_name(uuid.upper()) == cookie_name(uuid)


def test_a_content_tag_is_the_beginning_of_the_release_s_hash():
    assert content_tag("0a1b2c3d" + "4" * 56) == "0a1b2c3d"
