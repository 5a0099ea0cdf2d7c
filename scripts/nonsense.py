"""What an operator could sign with the log's own key, and what can't have been: refused whoever signed it.

Each case changes the log on the second day of March, before it is signed.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

from scripts.forge import NO, SITE, TEXT, YES, Log, Record, b64, document, honest, log, picture, plain

NOON = "2026-03-02T13:00:00.000000Z"
SCAN = {"report": "ab" * 32, "pages": 3, "start": "https://shop.example/", "complete": True}

REQUEST = {"event": "received", "kind": "access", "law": "gdpr", "came": "2026-03-01", "due": "2026-04-01"}
ANSWERED = {**REQUEST, "event": "answered", "outcome": "complied", "kept_until": "2029-03-02"}


def named(name: str, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    change.__name__ = name
    return change


def nonsense(**changes: Callable[[Log], object]) -> None:
    for name, change in changes.items():
        log(named(name, change))


def without(part: str, **states: str) -> Record:
    return {**YES, part: {**YES[part], **states}}


def still_there(made: Log) -> None:
    """An erasure that says a record is gone, which is not."""
    kept = dict(made.lines[8])
    made.erase(NOON, [8])
    made.lines[8] = kept


def resealed(line: Record, **members: Any) -> None:
    """Other members in a record that is there, under a commitment that fits them."""
    line["record"] = plain({**json.loads(line["record"]), **members}).decode()
    line["commitment"] = b64(hmac.digest(base64.b64decode(line["salt"]), line["record"].encode(), "sha256"))


def of_another_site(made: Log) -> None:
    made.answer(NOON, "custom", YES)
    resealed(made.lines[-1], site=SITE.replace("1", "2"))


def with_a_list_for_its_request(made: Log) -> None:
    """`request` is one text in a list: some programs take that for the text."""
    made.answer(NOON, "custom", YES)
    resealed(made.lines[-1], request=[json.loads(made.lines[-1]["record"])["request"]])


def without_a_status(made: Log) -> None:
    first = made.lines[0]
    where = {"regime": "eu_opt_in", "jurisdiction": "DE", "language": "de", "action": "custom"}
    made.add("consent", NOON, {"choices": YES}, release=1, release_hash=first["release_hash"], **where)


def answers() -> None:
    """Answers that no server takes."""
    me = "99999999-0000-4000-8000-000000000000"
    nonsense(
        action_that_is_none=lambda made: made.answer(NOON, "agreed", YES),
        status_that_is_none=lambda made: made.answer(NOON, "custom", YES, status="ConsentPresumed"),
        status_that_is_a_list=lambda made: made.answer(NOON, "custom", YES, status=["ConsentGiven"]),
        status_left_out=without_a_status,
        refusal_whose_status_is_unknown=lambda made: made.answer(NOON, "reject_all", NO, status="ConsentUnknown"),
        grant_that_is_deferred=lambda made: made.answer(NOON, "accept_all", YES, status="ConsentRequestDeferred"),
        withdrawal_called_a_refusal=lambda made: made.answer(NOON, "withdraw", NO, status="ConsentRefused"),
        services_left_out=lambda made: made.answer(NOON, "custom", {"categories": YES["categories"]}),
        state_that_is_a_list=lambda made: made.answer(
            NOON, "custom", {**YES, "services": {"meter": ["granted"]}}
        ),
        visitor_that_is_a_person=lambda made: made.answer(NOON, "custom", YES, visitor="Erika Mustermann"),
        answer_that_replaces_no_answer=lambda made: made.answer(NOON, "custom", YES, replaces="the last one"),
        answer_that_replaces_itself=lambda made: made.answer(NOON, "custom", YES, id=me, replaces=me),
        id_of_the_neighbour=lambda made: made.answer(NOON, "custom", YES, id=made.lines[6]["id"]),
        place_of_law_that_is_none=lambda made: made.answer(NOON, "custom", YES, jurisdiction="Mars"),
        country_that_is_no_code=lambda made: made.answer(NOON, "custom", YES, place={"country": "Germany"}),
        region_of_no_country=lambda made: made.answer(NOON, "custom", YES, place={"region": "BY"}),
        time_that_no_clock_shows=lambda made: made.answer("2026-03-02T24:61:00.000000Z", "custom", YES),
        record_whose_request_is_a_list=with_a_list_for_its_request,
    )  # fmt: skip


def signals_and_other_systems() -> None:
    """Signals of browsers, answers that were imported, receipts of another system."""
    acted, number = {"acted_on": {"gpc": "Global Privacy Control"}}, "ab" * 32
    unsaid: Record = {"categories": {"C0001": "granted", "C0002": "not_offered"}, "services": {"meter": "not_offered"}}
    said = {**unsaid, "categories": YES["categories"]}
    unknown: Record = {"status": "ConsentUnknown", "receipt": {"C0002": "CONFIRMED"}}
    nonsense(
        signals_that_are_a_list=lambda made: made.answer(NOON, "custom", YES, signals=[acted]),
        signals_acted_on_that_are_a_word=lambda made: made.answer(NOON, "gpc", NO, signals={"acted_on": "gpc"}),
        signal_that_is_not_named=lambda made: made.answer(NOON, "signal", NO, status="ConsentRefused"),
        signal_that_counts_for_a_click=lambda made: made.answer(NOON, "accept_all", YES, signals=acted),
        regime_that_the_server_did_not_agree_on=lambda made: made.answer(
            NOON, "custom", YES, regime_server="us_ca", regime_agrees=True
        ),
        regime_that_the_server_agreed_on=lambda made: made.answer(
            NOON, "custom", YES, regime_server="eu_opt_in-DE", regime_agrees=False
        ),
        import_with_a_readable_number=lambda made: made.answer(NOON, "import", YES, reference="order 4711"),
        click_with_a_number_of_another_system=lambda made: made.answer(NOON, "accept_all", YES, reference=number),
        import_that_refuses_and_is_given=lambda made: made.answer(NOON, "import", NO, status="ConsentGiven"),
        receipt_called_a_consent=lambda made: made.answer(NOON, "receipt", said, receipt={"C0002": "CONFIRMED"}),
        receipt_that_grants_what_it_does_not_say=lambda made: made.answer(
            NOON, "receipt", said, **{**unknown, "receipt": {"C0002": "OPT_OUT"}}
        ),
        receipt_that_grants_a_service=lambda made: made.answer(
            NOON, "receipt", {**said, "services": YES["services"]}, **unknown
        ),
        receipt_of_a_known_visitor=lambda made: made.answer(
            NOON, "receipt", said, visitor="99999999-0000-4000-8000-000000000000", **unknown
        ),
        receipt_without_what_it_said=lambda made: made.answer(NOON, "receipt", unsaid, status="ConsentUnknown"),
        receipt_whose_purposes_are_a_list=lambda made: made.answer(
            NOON, "receipt", unsaid, status="ConsentUnknown", receipt=["C0002"]
        ),
        receipt_whose_purpose_is_a_list=lambda made: made.answer(
            NOON, "receipt", said, status="ConsentUnknown", receipt={"C0002": ["CONFIRMED"]}
        ),
        click_with_what_a_receipt_said=lambda made: made.answer(NOON, "custom", YES, receipt={"C0002": "CONFIRMED"}),
    )  # fmt: skip


def choices() -> None:
    """Choices beyond cookies that nobody can have made, and words that nobody was shown."""
    later, earlier = "2026-03-02T13:00:01.000000Z", "2026-03-01T07:00:00.000000Z"

    def worded(**more: Any) -> Callable[[Log], object]:
        said = more.pop("said", "yes")
        return lambda made: [made.word(NOON), made.choose(NOON, said, **more)]

    nonsense(
        choice_that_says_neither_yes_nor_no=worded(said="maybe"),
        choice_after_it_was_received=worded(told_at=later, acted_at=later),
        choice_after_it_was_told=worded(told_at=earlier),
        choice_of_nobody=worded(visitor="Erika Mustermann"),
        choice_about_nothing=worded(topic=["news"]),
        choice_without_a_topic=worded(topic=""),
        choice_by_no_method=worded(method=1),
        choice_at_no_time=worded(acted_at="yesterday"),
        choice_that_answers_other_words=worded(wording_sha256="ab" * 32),
        choice_that_answers_words_of_another_topic=worded(topic="calls"),
        choice_that_answers_a_version_that_is_none=worded(wording=2),
        choice_whose_wording_has_no_hash=worded(wording_sha256=""),
        choice_whose_wording_has_no_number=worded(wording=0),
        choice_whose_hash_is_a_list=worded(wording=0, wording_sha256=[]),
        choice_before_it_was_asked=lambda made: [made.choose(NOON), made.word(NOON)],
        choice_that_nobody_was_asked=lambda made: made.choose(NOON),
        notice_without_words=worded(said="notice", wording=0, wording_sha256=""),
        wording_whose_hash_is_another=lambda made: made.word(NOON, sha256="ab" * 32),
        wording_whose_texts_were_changed=lambda made: made.word(NOON, texts={"en": {"name": "N", "text": "U"}}),
        wording_without_a_version=lambda made: made.word(NOON, version=0),
        wording_version_twice=lambda made: [made.word(NOON), made.word(NOON)],
        wording_that_follows_none=lambda made: made.word(NOON, version=2),
        wording_after_one_that_is_gone=lambda made: [made.word(NOON), made.word(NOON, version=3)],
        wording_that_makes_silence_a_yes=lambda made: [made.word(NOON), made.word(NOON, version=2, basis="opt_out")],
    )


def releases() -> None:
    """Releases that nobody can publish."""
    category, word = {"key": "C0002", "necessary": True}, {"key": "C0001", "necessary": "yes"}
    open_ended = {name: value for name, value in TEXT.items() if name != "variants"}
    nonsense(
        release_numbers_that_fall=lambda made: [made.publish(NOON, TEXT, number) for number in (7, 5)],
        release_of_another_site=lambda made: made.publish(
            NOON, {**TEXT, "site": {**TEXT["site"], "uuid": SITE.replace("1", "2")}}, 2
        ),
        release_of_an_unknown_format=lambda made: made.publish(NOON, {**TEXT, "format": "fairgate-release/9"}, 2),
        release_with_a_category_twice=lambda made: made.publish(
            NOON, {**TEXT, "categories": [*TEXT["categories"], category]}, 2
        ),
        release_that_lists_no_regimes=lambda made: made.publish(NOON, open_ended, 2),
        release_whose_necessary_is_a_word=lambda made: made.publish(
            NOON, {**TEXT, "categories": [word, TEXT["categories"][1]]}, 2
        ),
        release_whose_languages_are_numbers=lambda made: made.publish(NOON, {**TEXT, "languages": ["de", 1]}, 2),
        release_under_a_law_of_no_kind=lambda made: made.publish(
            NOON, {**TEXT, "variants": {**TEXT["variants"], "us_ca": {"model": "implied"}}}, 2
        ),
        release_whose_site_is_a_word=lambda made: made.publish(NOON, {**TEXT, "site": "Shop"}, 2),
        release_whose_author_is_a_list=lambda made: made.publish(NOON, TEXT, 2, published_by=["alice"]),
        release_whose_files_have_no_hashes=lambda made: made.publish(NOON, TEXT, 2, artifacts={"gate.js": "x"}),
        release_whose_files_are_a_list=lambda made: made.publish(NOON, TEXT, 2, artifacts=["ab" * 32]),
    )  # fmt: skip


def entries() -> None:
    """What is neither an answer nor a release."""
    waiver = {"rule": "L1", "for_regime": "", "signed_by": "B", "reason": "r"}
    nonsense(
        waiver_about_a_number=lambda made: made.add("waiver", NOON, {**waiver, "subject": 7}),
        waiver_whose_reason_is_a_list=lambda made: made.add("waiver", NOON, {**waiver, "reason": ["because"]}),
        void_of_what_is_no_picture=lambda made: made.add(
            "void", NOON, {"voids": [made.add("waiver", NOON, waiver)], "of": "pictures", "reason": "r"}
        ),
        void_of_answers=lambda made: made.add("void", NOON, {"voids": [8], "of": "consent", "reason": "r"}),
        void_of_what_comes_later=lambda made: made.add("void", NOON, {"voids": [39], "of": "pictures", "reason": "r"}),
        void_that_names_a_word=lambda made: made.add("void", NOON, {"voids": ["1"], "of": "pictures", "reason": "r"}),
        pictures_of_a_regime_that_is_not_there=lambda made: pictured(made, variant="mars"),
        pictures_in_a_language_that_is_not_there=lambda made: pictured(made, language="tlh"),
        pictures_on_a_form_that_is_none=lambda made: pictured(made, form="as approved by the regulator"),
        pictures_of_a_release_of_another_hash=lambda made: pictured(made, release_hash="ab" * 32),
        pictures_of_a_release_to_come=lambda made: pictured(made, release=2, release_hash=second_hash()),
        document_published_twice=lambda made: [document(made, NOON, 1) for _ in range(2)],
        document_published_backwards=lambda made: [document(made, NOON, number) for number in (2, 1)],
        document_in_force_on_no_day=lambda made: document(made, NOON, 1, effective_on="soon"),
        document_in_no_language=lambda made: document(made, NOON, 1, texts={}),
        document_with_a_text_without_a_hash=lambda made: document(made, NOON, 1, texts={"en": "x"}),
        document_without_a_name=lambda made: document(made, NOON, 1, document="Terms & more"),
        document_material_for_nothing=lambda made: document(made, NOON, 1, material=[]),
        scan_with_its_count_in_a_list=lambda made: made.add("scan", NOON, {**SCAN, "pages": [3]}),
    )  # fmt: skip


def pictured(made: Log, release: int = 1, release_hash: str = "", **facts: str) -> None:
    """An entry of one picture of the first release that shows something else than it can."""
    index = picture(made, NOON, 1)
    line = made.lines[index]
    shown = json.loads(line["record"])["pictures"]
    digest = release_hash or line["release_hash"]
    line |= {"release": release, "release_hash": digest}
    resealed(line, pictures=[{**shown[0], **facts}], release=release, release_hash=digest)


def add_cases() -> None:
    own_key()
    answers()
    signals_and_other_systems()
    choices()
    releases()
    entries()
    requests()


def own_key() -> None:
    """What contradicts the rest of the log."""
    day = "2026-03-02T12:%02d:00.000000Z"
    early = "99999999-0000-4000-8000-000000000000"
    nonsense(
        record_id_twice=lambda made: made.answer(NOON, "reject_all", NO, id=made.lines[8]["id"]),
        time_that_runs_backwards=lambda made: [made.answer(day % minute, "reject_all", NO) for minute in (9, 8)],
        time_ahead_of_the_head=lambda made: made.answer("2036-01-01T00:00:00.000000Z", "reject_all", NO),
        everything_accepted_with_a_refusal=lambda made: made.answer(NOON, "accept_all", NO),
        service_refused_with_everything_accepted=lambda made: made.answer(
            NOON, "accept_all", without("services", meter="denied")
        ),
        everything_refused_with_a_grant=lambda made: made.answer(NOON, "reject_all", YES),
        signal_that_refuses_nothing=lambda made: made.answer(NOON, "gpc", YES),
        objection_that_refuses_nothing=lambda made: made.answer(NOON, "opt_out", YES),
        withdrawal_that_refuses_nothing=lambda made: made.answer(NOON, "withdraw", YES),
        banner_closed_as_a_consent=lambda made: made.answer(NOON, "close", YES),
        necessary_refused=lambda made: made.answer(NOON, "custom", without("categories", C0001="denied")),
        given_with_nothing_granted=lambda made: made.answer(NOON, "custom", NO),
        refused_with_a_grant=lambda made: made.answer(NOON, "custom", YES, status="ConsentRefused"),
        withdrawn_by_another_action=lambda made: made.answer(NOON, "custom", YES, status="ConsentWithdrawn"),
        category_that_was_not_offered=lambda made: made.answer(NOON, "custom", without("categories", C0009="granted")),
        category_left_out=lambda made: made.answer(NOON, "custom", {"categories": {"C0001": "granted"}}),
        service_that_was_not_offered=lambda made: made.answer(NOON, "custom", without("services", other="granted")),
        state_that_is_none=lambda made: made.answer(NOON, "custom", without("categories", C0002="yes")),
        choices_that_are_none=lambda made: made.answer(NOON, "custom", {}),
        choices_of_another_kind=lambda made: made.answer(NOON, "custom", {**YES, "vendors": {}}),
        regime_that_the_release_lacks=lambda made: made.answer(NOON, "custom", YES, regime="mars"),
        language_that_the_release_lacks=lambda made: made.answer(NOON, "custom", YES, language="tlh"),
        place_that_is_no_place=lambda made: made.answer(NOON, "custom", YES, place="DE"),
        page_that_is_no_text=lambda made: made.answer(NOON, "custom", YES, page=["x"]),
        answer_to_a_release_of_another_hash=lambda made: made.add(
            "consent", NOON, {"choices": YES}, release=1, release_hash="ab" * 32, action="custom"
        ),
        answer_to_no_release=lambda made: made.add("consent", NOON, {"choices": YES}, action="custom"),
        answer_before_its_release=lambda made: made.add(
            "consent", NOON, {"choices": YES, "status": "ConsentGiven"}, early, release=2, action="custom",
            release_hash=second_hash(), regime="eu_opt_in", language="de", jurisdiction="DE",
        ),
        release_number_twice=lambda made: made.publish(NOON, {**TEXT, "own_cookies": []}, 1),
        release_logged_under_another_hash=lambda made: made.publish(NOON, TEXT, 3, sha256="ab" * 32),
        release_without_a_text=lambda made: made.publish(NOON, [], 3),  # type: ignore[arg-type]
        release_with_broken_lists=lambda made: made.publish(NOON, {**TEXT, "categories": "all"}, 3),
        clock_set_back_from_nowhere=lambda made: made.add(
            "clock_repair", NOON, {"before": "2036-01-01T00:00:00.000000Z", "reason": "r", "actor": "a"}
        ),
        erased_and_still_there=still_there,
        erasure_of_what_comes_later=lambda made: made.add(
            "erasure", NOON, {"indexes": [30], "kept": "ab" * 32, "why": "request", "reason": "r"}
        ),
        restart_of_a_log_that_was_not_ahead=lambda made: made.add(
            "restart", NOON, {"lost_from": 3, "abandoned": "", "reason": "r"}
        ),
        rotation_without_keys=lambda made: made.add("key_rotation", NOON, {"old_key": "x", "new_key": "y"}),
        waiver_that_nobody_signed=lambda made: made.add("waiver", NOON, {"rule": "L1", "for_regime": ""}),
        pictures_that_are_none=lambda made: made.add("pictures", NOON, {"pictures": ["x"]}, release=1),
        scan_whose_report_has_no_hash=lambda made: made.add("scan", NOON, {**SCAN, "report": "x"}),
        scan_that_counts_no_pages=lambda made: made.add("scan", NOON, {**SCAN, "pages": "3"}),
        record_of_another_site=of_another_site,
    )  # fmt: skip


def requests() -> None:
    """Of a person's request, what no log of ours says."""

    def alone(**changes: Any) -> Callable[[Log], object]:
        return lambda made: made.add("request", NOON, {**REQUEST, **changes})

    def answered(first: Record = REQUEST, **changes: Any) -> Callable[[Log], object]:
        def change(made: Log) -> None:
            made.add("request", NOON, {**ANSWERED, "of": made.add("request", NOON, first), **changes})

        return change

    def twice(*events: str) -> Callable[[Log], object]:
        def change(made: Log) -> None:
            first = made.add("request", NOON, REQUEST)
            for event in events:
                facts = {"outcome": "complied"} if event == "answered" else {}
                facts |= {"kept_until": "2029-03-02"} if event in ("answered", "withdrawn") else {}
                made.add("request", NOON, {**REQUEST, "event": event, "of": first, **facts})

        return change

    nonsense(
        request_of_no_event=alone(event="forgotten"),
        request_whose_event_is_a_list=alone(event=["received"]),
        request_whose_kind_is_a_name=alone(kind="Ada Lovelace"),
        request_whose_law_is_missing=alone(law=""),
        request_that_came_on_no_day=alone(came="2026-02-30"),
        request_due_before_it_came=alone(due="2026-02-01"),
        request_that_came_after_it_was_logged=alone(came="2026-03-03"),
        request_received_with_an_outcome=alone(outcome="complied"),
        request_received_of_another=alone(of=3),
        request_answered_of_nothing=lambda made: made.add("request", NOON, ANSWERED),
        request_answered_of_what_comes_later=lambda made: made.add("request", NOON, {**ANSWERED, "of": 39}),
        request_answered_of_an_answer=lambda made: made.add("request", NOON, {**ANSWERED, "of": 8}),
        request_answered_of_another_kind=answered(kind="erasure"),
        request_answered_under_another_law=answered(law="california"),
        request_answered_that_came_otherwise=answered(came="2026-02-28"),
        request_answered_in_no_way=answered(outcome="forgotten"),
        request_answered_with_its_outcome_in_a_list=answered(outcome=["complied"]),
        request_answered_and_kept_for_ever=answered(kept_until="for ever"),
        request_answered_of_an_end=answered(ANSWERED | {"of": 3}),
        request_answered_twice=twice("answered", "answered"),
        request_verified_twice=twice("verified", "verified"),
        request_extended_after_its_end=twice("withdrawn", "extended"),
        request_answered_after_it_was_taken_back=twice("withdrawn", "answered"),
    )


def second_hash() -> str:
    return next(line["release_hash"] for line in honest().lines if line["release"] == 2)
