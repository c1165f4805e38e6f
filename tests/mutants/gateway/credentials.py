"""A token or JWT opens its own purposes, for its own lifetime."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeString, Mutant, mutant

JWT = "tests/gateway/test_jwt.py"

MUTANTS = (
    Mutant(
        "header_overrides_the_scope",
        (
            Change(
                "gateway.access.tokens:callers_of",
                "purpose.value in purposes and (its_own := principal.under(purpose)) is not None",
                "(its_own := principal.under(purpose)) is not None",
            ),
            Change(
                "gateway.access.tokens:callers_of",
                "(callers[None],) = callers.values()",
                "callers[None] = callers[purposes[0].encode()]",
            ),
        ),
        ("tests/answers/test_bad_input.py::test_no_purpose_of_the_token_is_one_constant_refusal",),
    ),
    mutant(
        "jwt_for_another_audience",
        Change(
            "gateway.access.jwt:Identities._until",
            'claims["iss"] == self._provider.issuer and self._provider.audience in meant',
            'claims["iss"] == self._provider.issuer',
        ),
        "tests/gateway/test_jwt.py::test_every_jwt_that_is_not_good_is_refused_like_no_token",
    ),
    mutant(
        "jwt_without_a_signature",
        Change(
            "gateway.access.jwt:Identities._judged",
            "jws.validate_compact(unverified, key.key, registry=self._registry)",
            "jws is not None or jws.validate_compact(unverified, key.key, registry=self._registry)",
        ),
        "tests/gateway/test_jwt.py::test_every_jwt_that_is_not_good_is_refused_like_no_token",
    ),
    mutant(
        "jwt_without_a_lifetime",
        Change(
            "gateway.access.jwt:Identities._until",
            "_require(0 < ends - issued <= self._provider.max_lifetime_s)",
        ),
        "tests/gateway/test_jwt.py::test_every_jwt_that_is_not_good_is_refused_like_no_token",
    ),
    mutant(
        "jwt_outlives_its_key",
        Change(
            "gateway.access.jwt:Identities.live",
            "self._known, self._edition = {}, self._keys.edition",
            "self._edition = self._keys.edition",
        ),
        f"{JWT}::test_a_jwt_of_a_key_that_was_taken_back_is_refused_from_the_next_fetch_on",
    ),
    mutant(
        "jwt_names_its_own_purposes",
        Change(
            "gateway.access.jwt:Identities._purposes",
            "()",
            "(Purpose(each),) if each in Purpose.__members__ else ()",
        ),
        "tests/gateway/test_jwt.py::test_a_value_that_the_settings_do_not_name_opens_nothing",
    ),
    mutant(
        "flood_of_fetches",
        Change(
            "gateway.access.jwks:JwkSet.refetch",
            "self._fetching is None and self._monotonic() - self._fetch_started_at >= REFETCH_SECONDS",
            "self._fetching is None",
        ),
        "tests/gateway/test_jwt.py::test_a_flood_of_unknown_keys_is_no_flood_of_fetches",
    ),
    mutant(
        "keys_never_expire",
        Change(
            "gateway.access.jwks:JwkSet.is_usable",
            "self._monotonic() - self._fetched_at <= KEPT_SECONDS",
            "self._fetched_at > -math.inf",
        ),
        "tests/gateway/test_jwt.py::test_while_the_provider_is_away_its_keys_are_good_for_an_hour",
    ),
    mutant(
        "keys_of_a_server_of_this_machine",
        Change("gateway.access.jwks:fetch_keys", "urlsplit(url).scheme != urlsplit(issuer).scheme", "False"),
        "tests/gateway/test_jwt.py::test_keys_are_never_fetched_in_clear_text_or_by_a_redirect",
    ),
    mutant(
        "rotated_twice_at_once",
        ChangeString(
            "gateway.access.rotation:_OLD",
            "FROM control.token WHERE id = $1 FOR NO KEY UPDATE",
            "FROM control.token WHERE id = $1",
        ),
        "tests/gateway/test_tokens.py::test_one_of_many_concurrent_rotations_succeeds",
    ),
    mutant(
        "overlap_lengthens_a_life",
        Change(
            "gateway.access.rotation:rotate",
            'min(now + overlap, old["expires_at"] or now + overlap)',
            "now + overlap",
        ),
        "tests/gateway/test_tokens.py::test_an_overlap_never_makes_a_token_live_longer",
    ),
    mutant(
        "use_noted_before_it_was_accepted",
        Change(
            "gateway.access.tokens:TokenBook.caller",
            "caller = live.callers.get(purpose)",
            """
            caller = live.callers.get(purpose)
            self._used[next(iter(live.callers.values())).token_id] = now
            """,
        ),
        "tests/gateway/test_tokens.py::test_a_refused_request_is_no_use",
    ),
)
