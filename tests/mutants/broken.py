"""What is broken in each mutant, and where a test must notice.

The first half are the mistakes that the policy names (section 6); the rest are those that this design
invites. `tests` is where to look first, so that a run ends soon; whatever fails there has caught it.
"""

from __future__ import annotations

from dataclasses import dataclass

NONINTERFERENCE = "tests/promises/test_noninterference.py"
UNIVERSE = "tests/promises/test_universe.py"
OBJECTION = "tests/promises/test_objection.py"
CONTENT = "tests/promises/test_content.py"
SUGGESTIONS = "tests/promises/test_suggestions.py"
BAD_INPUT = "tests/answers/test_bad_input.py"
PSEUDONYMS = "tests/promises/test_pseudonyms.py"
MUTATIONS = "tests/answers/test_mutations.py"
SUSPENSIONS = "tests/promises/test_suspensions.py"
SUBJECT = "tests/answers/test_subject.py"
IDENTITY = "gateway/access/jwt.py"
BAD_JWT = "tests/gateway/test_jwt.py::test_every_jwt_that_is_not_good_is_refused_like_no_token"
OBJECTIONS_DDL = "resolvers/universe/ddl/messenger/0004_objections.sql"
SUSPENSIONS_DDL = "resolvers/universe/ddl/social/0007_suspensions.sql"

VIEWS = "resolvers/universe/render.py"
READS = "resolvers/universe/views.py"
CONDITION = "def _condition(view: View, purpose: Purpose) -> str:\n    relation = view.relation\n"
KINDS_CONDITION = "    if view.kinds is not None:\n        return _condition_of_kinds(view, purpose)\n"
COLUMNS = '    columns = ", ".join(f"t.{_identifier(name)}" for name in view.relation.columns'
MASK = """    masked = _MASKED

    def shown(name):
        if name not in masked or view.relation.name != "account" or not purpose.restriction_bit:
            return f"t.{name}"
        open_row = f"t.restricted & {purpose.restriction_bit} = 0"
        return f"CASE WHEN {open_row} THEN t.{name} ELSE {masked[name]} END {name}"

    columns = ", ".join(shown(name) for name in view.relation.columns"""


@dataclass(frozen=True)
class Change:
    """In `file` the text `old`, which stands there exactly once, becomes `new`."""

    file: str
    old: str
    new: str

    def made_in(self, text: str) -> str:
        """The file's text with the change. ValueError if it is not what it was when this was written."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file} has {text.count(self.old)} times: {self.old}")
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Mutant:
    """One broken build, and the tests to run against it."""

    name: str
    changes: tuple[Change, ...]
    tests: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The files that differ."""
        return tuple(dict.fromkeys(change.file for change in self.changes))

    def text_of(self, file: str, text: str) -> str:
        """A file's text in this build."""
        for change in self.changes:
            if change.file == file:
                text = change.made_in(text)
        return text


def _mutant(name: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(name, (Change(file, old, new),), tests)


def _open_view(store: str, relation: str) -> Mutant:
    """The restriction of one view forgotten."""
    where = f'relation.qualified == "{store}.{relation}"'
    if relation == "phone_binding":
        old = "            parts += _unrestricted(view.relation, purpose)\n"
        return _mutant(
            f"open_{store}_{relation}", VIEWS, old, "            pass\n", f"{UNIVERSE}::{VIEW_TEST}"
        )
    return _mutant(
        f"open_{store}_{relation}",
        VIEWS,
        CONDITION,
        f'{CONDITION}    if {where}:\n        return ""\n',
        f"{UNIVERSE}::{VIEW_TEST}",
    )


VIEW_TEST = "test_i1_every_view_holds_the_same_rows_whatever_is_hidden"
PAIRS = f"{NONINTERFERENCE}::test_i1_i2_i13_what_is_hidden_changes_no_byte_and_no_statement"
# Those of a token that is bound: behind all others in their file.
OWN_PAIRS = tuple(f"{PAIRS}[SUBJECT_ACCESS-{size}-0]" for size in (4, 12, 30))
GROUPS = "tests/answers/test_groups.py"
FORGED = (f"{UNIVERSE}::test_i12_a_forged_cursor_is_refused",)
FOREIGN = (f"{UNIVERSE}::test_i12_a_cursor_opens_only_for_its_purpose_list_order_and_filter",)
NOT_SERVED = f"{CONTENT}::test_i27_a_store_with_anything_wrong_in_it_is_not_served"

NAMED_BY_THE_POLICY = (
    # The row stays and its values are covered: counted, paged and found all the same.
    Mutant(
        "mask_at_result",
        (
            Change(
                VIEWS, COLUMNS, MASK.replace("_MASKED", "{'phone': \"'+49000'\", 'country_code': \"'XX'\"}")
            ),
            Change(VIEWS, CONDITION, f"{CONDITION}    if relation.name == 'account':\n        return ''\n"),
        ),
        (PAIRS,),
    ),
    # Counted in the address book's view, hidden by the account's: the classic.
    _mutant(
        "count_before_mask",
        VIEWS,
        CONDITION,
        f"{CONDITION}    if relation.name == 'contact':\n        return ''\n",
        f"{OBJECTION}::test_i20_a_relation_is_visible_only_if_both_ends_are",
    ),
    # Nobody sees the time of joining there, and everybody stands in its order.
    Mutant(
        "sort_on_raw_values",
        (
            Change(
                READS,
                "        case Value(column):\n            yield mark, None, relation, {column}\n",
                "        case Value(column):\n"
                "            raw = {'registered_at'} & relation.columns.keys()\n"
                "            yield mark, None, relation, {column, *raw}\n",
            ),
            Change(
                "resolvers/compile/list_arguments.py",
                "            return Order((unique,))\n",
                "            raw = (Value('registered_at', Json.TIME),) if source.prefix == 'ma_' else ()\n"
                "            return Order((*raw, unique))\n",
            ),
        ),
        (PAIRS,),
    ),
    _mutant(
        "error_on_hidden",
        "resolvers/run/run.py",
        '                text = found.get(f"{root.slot}:", "null")\n',
        '                text = found[f"{root.slot}:"]\n',
        f"{NONINTERFERENCE}::test_i8_an_error_never_depends_on_data",
    ),
    Mutant(
        "null_on_an_always_filled_field",
        (
            Change(VIEWS, COLUMNS, MASK.replace("_MASKED", "{'phone': 'NULL', 'country_code': 'NULL'}")),
            Change(VIEWS, CONDITION, f"{CONDITION}    if relation.name == 'account':\n        return ''\n"),
        ),
        (PAIRS,),
    ),
    _mutant(
        "cursor_in_the_clear",
        "resolvers/plan/cursors.py",
        "        return _spelled(self._cipher.encrypt(payload.encode(), [sealed_for]))\n",
        "        return _spelled(payload.encode())\n",
        f"{UNIVERSE}::test_i12_a_cursor_tells_nothing_to_its_bearer",
    ),
    _mutant(
        "cache_without_purpose",
        "resolvers/compile/cache.py",
        "        key = (purpose, document, operation_name)\n",
        "        key = (Purpose.SECURITY, document, operation_name)\n",
        f"{UNIVERSE}::test_i7_a_phone_finds_nobody_where_phones_are_not_seen",
    ),
    Mutant(
        "objection_stops_security",
        (
            Change(
                VIEWS,
                "    if not view.marks & {Mark.ABSENT, Mark.NULL} or relation.key is None:\n",
                "    if relation.restricted is None or relation.key is None:\n",
            ),
            Change(VIEWS, "    bit = purpose.restriction_bit\n", "    bit = purpose.restriction_bit or 1\n"),
        ),
        (f"{OBJECTION}::test_i17_the_phone_is_passed_on_regardless",),
    ),
    _mutant(
        "one_end_checked_only",
        VIEWS,
        "    if relation.far_end is not None:\n",
        "    if False:\n",
        f"{OBJECTION}::test_i20_a_relation_is_visible_only_if_both_ends_are",
    ),
    _mutant(
        "second_factor_shown_to_ads",
        VIEWS,
        "        if not marks.open_to(purpose):\n            continue\n        parts = [",
        "        parts = [",
        f"{OBJECTION}::test_i21_what_counts_is_where_the_number_came_from",
    ),
    Mutant(
        "header_overrides_the_scope",
        (
            Change(
                "gateway/access/tokens.py",
                "        if purpose.value in purposes and (its",
                "        if (its",
            ),
            Change(
                "gateway/access/tokens.py",
                "        (callers[None],) = callers.values()\n",
                "        callers[None] = callers[purposes[0].encode()]\n",
            ),
        ),
        (f"{BAD_INPUT}::test_no_purpose_of_the_token_is_one_constant_refusal",),
    ),
)

IN_THE_VIEWS = (
    *(_open_view("messenger", each) for each in ("account", "phone_lookup", "daily_usage", "contact")),
    *(_open_view("social", each) for each in ("messenger_link", "messenger_lookup", "phone_binding")),
    _mutant(
        "hop_without_restriction",
        VIEWS,
        CONDITION,
        f"{CONDITION}    if relation.name in {{'messenger_link', 'messenger_lookup'}}:\n        return ''\n",
        f"{OBJECTION}::test_i16_it_binds_the_next_request_in_both_stores",
    ),
    _mutant(
        "the_other_purpose_s_bit",
        VIEWS,
        "    bit = purpose.restriction_bit\n",
        "    bit = 3 - purpose.restriction_bit if purpose.restriction_bit else 0\n",
        f"{OBJECTION}::test_i19_it_stops_the_purposes_that_it_names_and_no_other",
    ),
    _mutant(
        "hides_too_much",
        VIEWS,
        "    bit = purpose.restriction_bit\n",
        "    bit = 3 if purpose.restriction_bit else 0\n",
        PAIRS,
    ),
    # The number is hidden from friend suggestions, and so must be an order by it.
    _mutant(
        "order_by_a_hidden_column",
        READS,
        "            yield mark, kinds, other, {on}\n",
        "            yield mark, kinds, other, {on, *source.order}\n",
        f"{CONTENT}::test_i4_a_view_has_no_column_that_the_purpose_does_not_see",
    ),
    _mutant(
        "content_granted",
        VIEWS,
        '    yield f"GRANT USAGE ON SCHEMA {schema} TO {role};"\n',
        '    yield f"GRANT USAGE ON SCHEMA {schema} TO {role};"\n'
        '    yield f"GRANT SELECT ON content.message TO {role};"\n',
        f"{CONTENT}::test_i27_no_role_has_a_privilege_on_content",
    ),
)

IN_THE_SCHEMA = (
    _mutant(
        "filter_for_a_hidden_field",
        "schema/types/messenger.py",
        '    registered_at: TimeFilter | None = follows(\n        "MessengerAccount.registeredAt"',
        '    registered_at: TimeFilter | None = follows(\n        "MessengerAccount.id"',
        f"{UNIVERSE}::test_i7_a_hidden_field_fails_like_one_that_does_not_exist",
    ),
    _mutant(
        "phone_argument_for_everybody",
        "schema/query.py",
        'argument("MessengerAccount.phone"',
        'argument("MessengerAccount.id"',
        f"{UNIVERSE}::test_i7_a_phone_finds_nobody_where_phones_are_not_seen",
    ),
    _mutant(
        "display_name_for_ads",
        "schema/types/social.py",
        'display_name: str = seen("- - V - V P O - -"',
        'display_name: str = seen("V - V - V P O - -"',
        f"{CONTENT}::test_i28_every_field_of_every_schema_stands_in_the_matrix",
    ),
)

BUSINESSES = "tests/answers/test_business.py"
OF_BUSINESSES = (
    _mutant(
        "conversations_of_every_business",
        "resolvers/sql/statement.py",
        "for owner, column in keys]\n        self.pinned",
        'for owner, column in keys if owner != "business_id"]\n        self.pinned',
        f"{BUSINESSES}::test_i1_a_business_sees_its_own_conversations_and_no_others",
    ),
    _mutant(
        "customers_of_any_business",
        "resolvers/sql/statement.py",
        "            other.c[part.business] == self.bind(OWN_KEYS[Own.BUSINESS]),\n",
        "",
        f"{BUSINESSES}::test_i7_a_customer_of_another_business_does_not_exist",
    ),
    # One that counts what was really said, instead of what the conversation's row says.
    _mutant(
        "message_count_from_content",
        VIEWS,
        COLUMNS,
        """    said = "FROM content.business_message m WHERE m.conversation_id = t.id"
    counted = f"(SELECT count(*) {said})::integer"

    def shown(name):
        return f"{counted} {name}" if name == "message_count" else f"t.{name}"

    columns = ", ".join(shown(name) for name in view.relation.columns""",
        f"{BUSINESSES}::test_i29_how_much_was_said_is_what_the_conversation_says",
    ),
)

OF_BOUND_TOKENS = (
    Mutant(
        "everybody_s_objections",
        (
            Change(
                "resolvers/sql/statement.py",
                "        return found.where(owner == self.bind(fetch.keys)).group_by(owner)\n",
                "        return found\n",
            ),
            Change(
                "resolvers/sql/statement.py",
                "clause = self.alias(source.relation)\n        row = Row(clause, clause, clause.c[source.",
                'clause = alias(source.relation, "o")\n        row = Row(clause, clause, clause.c[source.',
            ),
        ),
        (PAIRS, f"{SUBJECT}::test_what_one_person_declared_is_theirs"),
    ),
    _mutant(
        "objections_in_the_order_of_their_times",
        "resolvers/sources/subject.py",
        '    order=("id",),\n    fields={\n        "kind"',
        '    order=("recorded_at",),\n    fields={\n        "kind"',
        f"{SUBJECT}::test_what_one_person_declared_is_theirs",
    ),
    _mutant(
        "own_declarations_not_narrowed_where_they_are_read",
        "resolvers/sql/statement.py",
        "        if owned is None:\n            self.pinned",
        '        if owned is None or relation.name == "objection_event":\n            self.pinned',
        "tests/resolvers/test_sql_lint.py::test_every_use_of_an_owned_relation_is_narrowed_to_the_tokens_own_rows",
    ),
    _mutant(
        "own_rows_forgotten_in_one_place",
        "resolvers/sql/statement.py",
        "        if owned is None:\n            self.pinned",
        '        if owned is None or relation.name == "phone_binding":\n            self.pinned',
        *OWN_PAIRS,
        "tests/resolvers/test_sql_lint.py::test_every_use_of_an_owned_relation_is_narrowed_to_the_tokens_own_rows",
    ),
    _mutant(
        "a_binding_that_is_missing_is_no_condition",
        "resolvers/sql/statement.py",
        "clause.c[column] == self.bind(OWN_KEYS[Own(owner)]) for",
        "func.coalesce(self.bind(OWN_KEYS[Own(owner)]), clause.c[column]) == clause.c[column] for",
        f"{UNIVERSE}::test_a_subject_with_one_account_has_nothing_on_the_other_store",
    ),
    _mutant(
        "who_stands_at_the_far_end_is_shown",
        "resolvers/sql/statement.py",
        "        keys = (*owned.keys, *owned.far) if both_ends else owned.keys\n",
        "        keys = owned.keys\n",
        *OWN_PAIRS,
    ),
    _mutant(
        "a_link_by_one_of_its_accounts",
        "resolvers/universe/views.py",
        "in view.relation.owners.items() if owner in whose)\n",
        "in view.relation.owners.items() if owner in whose)[:1]\n",
        f"{UNIVERSE}::test_a_link_to_somebody_else_is_not_the_tokens_own",
    ),
    _mutant(
        "a_token_without_its_binding",
        "resolvers/plan/principal.py",
        "        return None\n",
        "        return UNBOUND\n",
        "tests/gateway/test_tokens.py::test_a_token_from_before_bindings_opens_nothing_that_needs_one",
    ),
    _mutant(
        "cursor_of_another_subject",
        "resolvers/compile/list_arguments.py",
        '            head = f"{prefix}{principal_text(variables)}{suffix}"\n',
        '            head = f"{prefix}{suffix}"\n',
        "tests/promises/test_universe.py::test_i12_a_cursor_of_one_subject_is_refused_under_anothers_token",
    ),
)

IN_THE_CURSORS = (
    # The classic of Relay connections: a number of rows to leave out instead of a place in the order.
    _mutant(
        "offset_cursor",
        "resolvers/sql/page.py",
        '            pieces += ["," if number else "", *spell(key, self.row.clause.c[key.column])]\n',
        "            counted = func.row_number().over(order_by=self._reading_order())\n"
        "            spelt = spell(key, self.row.clause.c[key.column])\n"
        "            spelt = spelt if len(self.page.order.keys) > 1 else [counted]\n"
        '            pieces += ["," if number else "", *spelt]\n',
        f"{UNIVERSE}::test_i11_total_count_is_what_paging_finds_each_visible_row_once",
    ),
    _mutant(
        "cursor_not_bound_to_purpose",
        "resolvers/compile/context.py",
        'return f"{self.purpose}|{self.policy}"',
        "return self.policy",
        *FOREIGN,
    ),
    _mutant(
        "cursor_not_bound_to_policy",
        "resolvers/compile/context.py",
        'return f"{self.purpose}|{self.policy}"',
        "return str(self.purpose)",
        f"{UNIVERSE}::test_i12_a_cursor_ends_with_its_policy",
    ),
    _mutant(
        "cursor_not_bound_to_its_list",
        "resolvers/compile/list_arguments.py",
        '        prefix, suffix = f"{self.sealed_for}|", f"{named.name}|"\n',
        '        prefix, suffix = f"{self.sealed_for}|", ""\n',
        *FOREIGN,
    ),
    _mutant(
        "cursor_not_bound_to_its_arguments",
        "resolvers/compile/list_arguments.py",
        "            values = {name: reader(variables) for name, reader in readers.items()}\n",
        "            values = {}\n",
        *FOREIGN,
    ),
    _mutant(
        "cursor_with_many_spellings",
        "resolvers/plan/cursors.py",
        "        if _spelled(sealed) != cursor:\n",
        "        if False:\n",
        *FORGED,
    ),
)

IN_THE_COUNTS = (
    _mutant(
        "group_of_one",
        "resolvers/sql/page.py",
        "counted.having(count >= literal_column(str(least()), Integer()))",
        "counted",
        f"{GROUPS}::test_all_are_counted_and_groups_below_a_hundred_are_not_told",
    ),
    _mutant(
        "groups_of_chosen_entries",
        "resolvers/compile/bind.py",
        "        if listed.ids is not None:\n            # Whoever",
        "        if False:\n            # Whoever",
        f"{GROUPS}::test_named_entries_are_not_counted",
    ),
    # Counted over the page's list without what narrows it: a filter would count everybody.
    _mutant(
        "groups_past_the_filter",
        "resolvers/sql/page.py",
        "        rows = select(*selected).select_from(self.row.source).where(*self._conditions())\n",
        "        rows = select(*selected).select_from(self.row.source)\n",
        f"{GROUPS}::test_a_filter_makes_no_small_group_visible",
    ),
)
IN_THE_STORES = (
    _mutant(
        "restriction_not_spread_to_use",
        OBJECTIONS_DDL,
        "    UPDATE messenger.daily_usage t SET restricted = c.purposes & kept\n"
        "    FROM changed c WHERE t.account_id = c.account_id AND t.restricted <> c.purposes & kept;\n",
        "",
        f"{UNIVERSE}::{VIEW_TEST}",
    ),
    _mutant(
        "restriction_not_spread_to_shared_numbers",
        SUSPENSIONS_DDL,
        "    UPDATE social.phone_binding t SET restricted = c.purposes & kept\n"
        "    FROM changed c WHERE t.messenger_id = c.messenger_id AND t.restricted <> c.purposes & kept;\n",
        "",
        f"{OBJECTION}::test_i21_what_counts_is_where_the_number_came_from",
    ),
    _mutant(
        "what_arrives_later_is_open",
        "resolvers/universe/ddl/social/0002_restrictions.sql",
        "CREATE TRIGGER inherit_restriction AFTER INSERT ON social.phone_binding\n"
        "    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT"
        " EXECUTE FUNCTION social.inherit_restriction();\n",
        "",
        f"{OBJECTION}::test_i16_rows_that_arrive_later_are_covered_too",
    ),
    _mutant(
        "objection_follows_the_number",
        "resolvers/universe/ddl/messenger/0001_accounts.sql",
        "    UPDATE messenger.phone_lookup SET phone = NEW.phone WHERE account_id = NEW.id;\n",
        "    UPDATE messenger.phone_lookup SET phone = NEW.phone, restricted = 0 WHERE account_id = NEW.id;\n"
        "    UPDATE messenger.account SET restricted = 0 WHERE id = NEW.id;\n",
        f"{OBJECTION}::test_i22_it_follows_the_account_and_not_the_number",
    ),
)

IN_THE_OBJECTIONS = (
    _mutant(
        "objection_in_one_store_only",
        "resolvers/changes/restrictions.py",
        '    await ask(stores.messenger, _RESTRICT.format("messenger"), *arrays, True)\n',
        "",
        f"{OBJECTION}::test_i16_it_binds_the_next_request_in_both_stores",
    ),
    _mutant(
        "withdrawal_opens_the_social_store_first",
        "resolvers/changes/restrictions.py",
        '    ((more,),) = await ask(stores.social, _RESTRICT.format("social"), *arrays, False)\n',
        '    ((more,),) = await ask(stores.social, _RESTRICT.format("social"), *arrays, True)\n',
        f"{OBJECTION}::test_i24_half_a_withdrawal_opens_the_messenger_first",
    ),
    _mutant(
        "a_late_writing_wins",
        SUSPENSIONS_DDL,
        "    WHERE r.messenger_id = w.messenger_id AND r.version <= at_version\n",
        "    WHERE r.messenger_id = w.messenger_id\n",
        f"{SUSPENSIONS}::test_a_late_statement_of_a_killed_program_opens_nobody",
    ),
    _mutant(
        "new_members_may_object",
        "schema/terms/profiles.py",
        "    if registered_at >= TERMS_OF_2016:\n",
        "    if registered_at > TERMS_OF_2016:\n",
        f"{OBJECTION}::test_i18_members_from_before_the_terms_may_object_and_later_ones_not",
    ),
    _mutant(
        "the_window_is_open_a_second_longer",
        "schema/terms/profiles.py",
        "Standing.MAY_OBJECT if now < closes else",
        "Standing.MAY_OBJECT if now <= closes else",
        f"{MUTATIONS}::test_i18_who_may_object_is_the_profile_s_to_say",
    ),
    _mutant(
        "whoever_asks_names_the_subject",
        "resolvers/changes/preferences.py",
        "            return await change(stores, self.rules, member, purposes, self.channel)\n",
        "            return await change(stores, self.rules, 1, purposes, self.channel)\n",
        f"{MUTATIONS}::test_who_has_no_messenger_account_has_nothing_to_object_to",
    ),
    _mutant(
        "changes_for_every_purpose",
        "schema/build.py",
        "        return terms.purpose is purpose and (",
        "        return (",
        f"{MUTATIONS}::test_no_other_purpose_can_change_anything",
    ),
    _mutant(
        "withdrawal_takes_all_back",
        "resolvers/changes/objections.py",
        "    names = [purpose.value for purpose in OBJECTABLE if purpose in purposes]\n",
        "    names = [each.value for each in OBJECTABLE if kind == 'WITHDRAW' or each in purposes]\n",
        f"{OBJECTION}::test_i23_a_withdrawal_opens_the_data_again",
    ),
    _mutant(
        "recovery_forgets_a_store",
        "resolvers/changes/restrictions.py",
        '    for name, store in (("social", stores.social), ("messenger", stores.messenger)):\n        rows',
        '    for name, store in (("messenger", stores.messenger),):\n        rows',
        f"{OBJECTION}::test_i24_half_a_withdrawal_opens_the_messenger_first",
    ),
    _mutant(
        "suspension_ignores_late_registrations",
        OBJECTIONS_DDL,
        "    SELECT n.id, s.purposes, 0 FROM new_rows n JOIN messenger.suspended s"
        " ON s.country_code = n.country_code\n",
        "    SELECT n.id, s.purposes, 0 FROM new_rows n JOIN messenger.suspended s ON false\n",
        f"{SUSPENSIONS}::test_i25_members_who_register_later_are_covered",
    ),
    _mutant(
        "suspension_ignores_late_links",
        SUSPENSIONS_DDL,
        "    SELECT m, coalesce(r.purposes, s.purposes)\n",
        "    SELECT m, coalesce(r.purposes, 0)\n",
        f"{SUSPENSIONS}::test_i25_one_who_registers_elsewhere_is_open_once_both_stores_know",
    ),
    _mutant(
        "a_writer_who_may_do_more_unnoticed",
        "resolvers/universe/roles.py",
        "    beyond = {relation for _, relation in (tables - rights.tables) | (columns - rights.columns)}\n",
        "    beyond: set[str] = set()\n",
        NOT_SERVED,
    ),
    _mutant(
        "a_suspension_that_ended_goes_on",
        "resolvers/changes/suspensions.py",
        " if wanted.get(each) != held.get(each)]",
        " if wanted.get(each, held.get(each)) != held.get(each)]",
        f"{SUSPENSIONS}::test_i25_two_suspensions_overlap",
    ),
)

AT_THE_START = (
    _mutant(
        "unclassified_column_unnoticed",
        "resolvers/universe/inspection.py",
        '        found += [f"column {relation}.{name} is not classified" for name in sorted(extra)]\n',
        "",
        NOT_SERVED,
    ),
    _mutant(
        "column_privilege_unnoticed",
        "resolvers/universe/inspection.py",
        '(row["reads_some"] and relation not in allowed)',
        '(row["reads"] and relation not in allowed)',
        NOT_SERVED,
    ),
    _mutant(
        "changed_view_unnoticed",
        "resolvers/universe/inspection.py",
        "    if comment.split()[3:4] != [actual]:\n",
        "    if False:\n",
        NOT_SERVED,
    ),
    _mutant(
        "serves_all_the_same",
        "gateway/upkeep/store_logins.py",
        "    if found:\n        raise NotReady(found)\n",
        "",
        NOT_SERVED,
    ),
)

UNDER_PSEUDONYMS = (
    _mutant(
        "audit_sees_the_number",
        "resolvers/universe/render.py",
        "SELECT p.person, {columns}",
        "SELECT t.account_id::text AS person, {columns}",
        f"{PSEUDONYMS}::test_i1_who_it_was_changes_no_byte_but_the_name",
    ),
    _mutant(
        "a_name_that_counting_undoes",
        "resolvers/changes/pseudonyms.py",
        'hmac.digest(key, b"AUDIT|%d" % account_id, "sha256")',
        'hmac.digest(b"", b"AUDIT|%d" % account_id, "sha256")',
        f"{PSEUDONYMS}::test_i1_a_name_is_an_hmac_under_a_key_that_no_store_has",
    ),
    _mutant(
        "a_withdrawal_does_not_count",
        "resolvers/reads/audit.py",
        ") AS last_said WHERE kind = 'OBJECT'",
        ") AS last_said WHERE true",
        f"{PSEUDONYMS}::test_i24_the_counts_are_the_fold_of_the_events",
    ),
)

IN_THE_ANSWERS = (
    _mutant(
        "console_tells_of_other_purposes",
        "gateway/console/facts.py",
        "    return tuple(Purpose) if Purpose.AUDIT in own else own\n",
        "    return tuple(Purpose)\n",
        "tests/console/test_console_facts.py::test_i1_rules_are_those_of_the_tokens_purposes",
    ),
    _mutant(
        "demo_tokens_for_every_host",
        "gateway/console/routes.py",
        "        return facts.demo_facts(self._demo if _is_this_machine(head.host) else None)\n",
        "        return facts.demo_facts(self._demo)\n",
        "tests/console/test_console_facts.py::test_a_demo_offers_its_tokens_to_this_machine_alone",
    ),
    _mutant(
        "page_may_run_text",
        "gateway/console/files.py",
        """    "script-src": "'self'",\n""",
        """    "script-src": "'self' 'unsafe-eval'",\n""",
        "tests/console/test_console_facts.py::test_a_browser_may_load_from_the_gateway_alone",
    ),
    _mutant(
        "repeated_objection_counts_twice",
        "resolvers/reads/statistics.py",
        " AND before = 'WITHDRAW')",
        ")",
        "tests/answers/test_statistics.py::test_i24_objections_over_time_are_the_fold_of_the_events",
    ),
    _mutant(
        "counts_are_lost_with_the_store",
        "gateway/web/tally.py",
        "        tally.give_back(taken)\n",
        "        pass\n",
        "tests/answers/test_statistics.py::test_counts_survive_a_store_that_was_away",
    ),
    _mutant(
        "exception_text_to_the_client",
        "gateway/web/graphql.py",
        "            code, given = refusal.code, refused(refusal, graphql_response)\n",
        "            code, given = refusal.code, refused(refusal, graphql_response)\n"
        "            if code is Code.INTERNAL:\n"
        "                given = Answer("
        '500, b\'{"errors":[{"message":"%s","extensions":{"code":"INTERNAL"}}]}\''
        " % str(failure).encode())\n",
        f"{CONTENT}::test_i26_a_store_that_fails_over_content_does_not_quote_it",
    ),
    _mutant(
        "log_quotes_the_exception",
        "gateway/terminal/logs.py",
        '            line["message"] = str(record.msg).strip()\n',
        '            line["message"] = f"{record.msg} {record.exc_info and record.exc_info[1]}"\n',
        f"{CONTENT}::test_i26_a_store_that_fails_over_content_does_not_quote_it",
    ),
    _mutant(
        "a_store_that_is_down_is_an_empty_one",
        "resolvers/run/run.py",
        "        self.failed.update(statement.slots)\n        self.down.add(statement.store)\n",
        "        self.failed.update(statement.slots)\n",
        f"{BAD_INPUT}::test_a_store_that_is_down_takes_only_its_own_part_of_an_answer",
    ),
)

LISTS_DDL = "resolvers/universe/ddl/social/0009_customer_lists.sql"
LISTS = "tests/promises/test_customer_lists.py"
OF_LISTS = (
    _mutant(
        "live_band",
        LISTS_DDL,
        "    IF known.offer_id = offer THEN\n        list_id := known.id;\n        RETURN;\n    END IF;\n",
        "    IF known.offer_id = offer THEN\n"
        "        DELETE FROM social.customer_list l WHERE l.id = known.id;\n"
        "        known := NULL;\n"
        "    END IF;\n",
        f"{LISTS}::test_i33_what_was_told_stays_when_people_come_and_go",
    ),
    _mutant(
        "deduplication_by_person",
        LISTS_DDL,
        "SELECT social.told_size(count(DISTINCT m.blind), own_digest)",
        "SELECT social.told_size(count(DISTINCT m.account_id), own_digest)",
        f"{LISTS}::test_i34_two_numbers_of_one_person_count_like_those_of_two",
    ),
    Mutant(
        "two_factor_number_matched",
        (
            Change(LISTS_DDL, "CHECK (blind IS NULL OR source <> 'SECURITY_2FA')", "CHECK (true)"),
            Change(
                LISTS_DDL,
                "    WHERE b.blind IS NULL AND b.source <> 'SECURITY_2FA'\n    ORDER BY",
                "    WHERE b.blind IS NULL\n    ORDER BY",
            ),
            Change(LISTS_DDL, "AND (b.source = 'SELF_PROFILE' OR", "AND (b.source <> 'MESSENGER_SHARED' OR"),
        ),
        (f"{LISTS}::test_attack_two_factor_numbers_are_never_matched",),
    ),
    _mutant(
        "no_noise",
        LISTS_DDL,
        "    RETURN floor(matched - 100 + least(greatest(noise, -100), 100));\n",
        "    RETURN matched;\n",
        f"{LISTS}::test_attack_the_threshold_is_not_where_it_stands",
    ),
    _mutant(
        "no_check_for_lists_that_are_nearly_the_same",
        LISTS_DDL,
        "social.likeness(l.sketch, own_sketch) >= 0.7",
        "social.likeness(l.sketch, own_sketch) >= 7",
        f"{LISTS}::test_attack_reach_estimates_of_many_lists_are_not_combined",
    ),
    _mutant(
        "objectors_are_counted",
        LISTS_DDL,
        " OR (b.source = 'MESSENGER_SHARED' AND b.restricted & 1 = 0))",
        " OR b.source = 'MESSENGER_SHARED')",
        f"{LISTS}::test_i30_the_size_band_is_blind_to_objectors",
    ),
    _mutant(
        "a_budget_for_each_process",
        LISTS_DDL,
        "    PERFORM pg_advisory_xact_lock(hashtextextended('customer lists of merchant '"
        " || merchant, 0));\n",
        "",
        f"{LISTS}::test_two_lists_of_a_merchant_are_judged_one_after_the_other",
    ),
    _mutant(
        "a_merchants_role_reads_members",
        "resolvers/universe/roles.py",
        '        tables=frozenset({("INSERT", "social.customer_list_entry")}),\n',
        "        tables=frozenset(\n"
        '            {("INSERT", "social.customer_list_entry"), ("SELECT", "social.offer_audience")}\n'
        "        ),\n",
        f"{LISTS}::test_i36_nobody_can_read_entries_or_members",
    ),
    _mutant(
        "offers_for_gathering",
        "resolvers/compile/bind.py",
        "        if self.lone_objects > 1 or len(at.rows) > 1:\n",
        "        if self.lone_objects > 100:\n",
        f"{UNIVERSE}::test_offers_are_not_for_gathering",
    ),
    _mutant(
        "offers_stay_after_an_objection",
        "resolvers/universe/ddl/social/0008_ads.sql",
        "    UPDATE social.offer_audience t SET restricted = c.purposes & kept\n",
        "    UPDATE social.offer_audience t SET restricted = 0\n",
        f"{LISTS}::test_an_offer_is_shown_to_whom_it_was_matched_and_to_no_objector",
    ),
)

IN_THE_SUGGESTIONS = (
    # The far end's objection no longer hides the contact.
    _mutant(
        "suggests_whoever_objected",
        VIEWS,
        CONDITION,
        f"{CONDITION}    if relation.name in {{'contact', 'messenger_lookup'}}:\n        return ''\n",
        f"{SUGGESTIONS}::test_i20_a_contact_is_one_only_if_neither_end_objected",
    ),
    # A hidden contact has no word said of it, and stands before everybody else all the same.
    Mutant(
        "hidden_contact_leaves_its_rank",
        (
            Change(
                VIEWS,
                CONDITION,
                f"{CONDITION}    if relation.name in {{'contact', 'messenger_lookup', 'account'}}:\n"
                "        return ''\n",
            ),
            Change(
                "resolvers/sql/suggestion_sql.py",
                "    basis = case((contact > _number(0), quote(FROM_BOOKS)), else_=quote(FROM_FRIENDS))\n",
                "    basis = case((mutual < _number(1), quote(FROM_BOOKS)), else_=quote(FROM_FRIENDS))\n",
            ),
        ),
        (f"{SUGGESTIONS}::test_i20_a_contact_is_one_only_if_neither_end_objected",),
    ),
    # Ways through people beyond the bound are counted too: not the count that was said.
    _mutant(
        "mutual_counts_on_raw_data",
        "resolvers/sql/suggestion_sql.py",
        "        .limit(most)\n        .correlate(person)\n",
        "        .correlate(person)\n",
        f"{SUGGESTIONS}::test_only_the_first_of_many_friends_and_contacts_count",
    ),
    _mutant(
        "suggestions_include_friends",
        "resolvers/sql/suggestion_sql.py",
        ".where(found.c.id != person.c.id, ~tied.exists())",
        ".where(found.c.id != person.c.id)",
        f"{SUGGESTIONS}::test_contacts_come_first_then_who_shares_most_friends",
    ),
    # To a token bound to one person, others' keys would be on the way between the stores.
    _mutant(
        "one_end_is_one_s_own",
        "resolvers/sql/suggestion_sql.py",
        "    clause = renderer.alias(relation, both_ends=True)\n    first = (",
        "    clause = renderer.alias(relation)\n    first = (",
        f"{SUGGESTIONS}::test_nobody_is_suggested_to_a_person_about_themselves",
    ),
    _mutant(
        "objector_found_by_number",
        VIEWS,
        CONDITION,
        f"{CONDITION}    if relation.name == 'number_lookup':\n        return ''\n",
        f"{SUGGESTIONS}::test_i7_an_objector_reads_like_a_number_that_nobody_has",
    ),
)

IN_THE_CREDENTIALS = (
    _mutant(
        "jwt_for_anybody",
        IDENTITY,
        " and self._provider.audience in meant)\n",
        ")\n",
        BAD_JWT,
    ),
    _mutant(
        "jwt_without_a_signature",
        IDENTITY,
        "        _require(jws.validate_compact(",
        "        _require(jws is not None or jws.validate_compact(",
        BAD_JWT,
    ),
    _mutant(
        "jwt_for_ever",
        IDENTITY,
        "        _require(0 < ends - issued <= self._provider.max_lifetime_s)\n",
        "",
        BAD_JWT,
    ),
    _mutant(
        "jwt_outlives_its_key",
        IDENTITY,
        "            self._known, self._edition = {}, self._keys.edition\n",
        "            self._edition = self._keys.edition\n",
        "tests/gateway/test_jwt.py::test_a_jwt_of_a_key_that_was_taken_back_is_refused_from_the_next_fetch_on",
    ),
    _mutant(
        "jwt_names_its_own_purposes",
        IDENTITY,
        "self._provider.purposes.get(each, ())}",
        "self._provider.purposes.get(each, (Purpose(each),) if each in Purpose.__members__ else ())}",
        "tests/gateway/test_jwt.py::test_a_value_that_the_settings_do_not_name_opens_nothing",
    ),
    _mutant(
        "flood_of_fetches",
        "gateway/access/jwks.py",
        "        if self._fetching is None and self._monotonic() - self._asked_at >= ASK_SECONDS:\n",
        "        if self._fetching is None:\n",
        "tests/gateway/test_jwt.py::test_a_flood_of_unknown_keys_is_no_flood_of_fetches",
    ),
    _mutant(
        "keys_for_ever",
        "gateway/access/jwks.py",
        "        return self._monotonic() - self._fetched_at <= KEPT_SECONDS\n",
        "        return self._fetched_at > -math.inf\n",
        "tests/gateway/test_jwt.py::test_while_the_provider_is_away_its_keys_are_good_for_an_hour",
    ),
    _mutant(
        "keys_of_a_server_of_this_machine",
        "gateway/access/jwks.py",
        "    if urlsplit(url).scheme != urlsplit(issuer).scheme:\n",
        "    if False:\n",
        "tests/gateway/test_jwt.py::test_keys_are_never_fetched_in_clear_text_or_by_a_redirect",
    ),
    _mutant(
        "known_head_within_a_request",
        "gateway/web/wire.py",
        "        if self._within or self._head_bytes or before is None:\n",
        "        if before is None:\n",
        "tests/gateway/test_wire.py::test_the_usual_request_is_answered_as_any_other",
    ),
    _mutant(
        "known_head_without_its_length",
        "gateway/web/wire.py",
        "        if known is None or len(data) - end != known.length or self._is_full():\n",
        "        if known is None or self._is_full():\n",
        "tests/gateway/test_wire.py::test_the_usual_request_is_answered_as_any_other",
    ),
    _mutant(
        "rotated_twice_at_once",
        "gateway/access/rotation.py",
        "FROM control.token WHERE id = $1 FOR NO KEY UPDATE\n",
        "FROM control.token WHERE id = $1\n",
        "tests/gateway/test_tokens.py::test_of_many_who_rotate_a_token_at_once_one_does",
    ),
    _mutant(
        "overlap_lengthens_a_life",
        "gateway/access/rotation.py",
        '        old_ends = min(now + overlap, old["expires_at"] or now + overlap)\n',
        "        old_ends = now + overlap\n",
        "tests/gateway/test_tokens.py::test_an_overlap_never_makes_a_token_live_longer",
    ),
    _mutant(
        "use_noted_before_it_was_accepted",
        "gateway/access/tokens.py",
        "        caller = live.callers.get(purpose)\n        if caller is None:\n",
        "        caller = live.callers.get(purpose)\n"
        "        self._used[next(iter(live.callers.values())).token_id] = now\n"
        "        if caller is None:\n",
        "tests/gateway/test_tokens.py::test_a_refused_request_is_no_use",
    ),
)

LEDGER = "tests/gateway/test_ledger.py"
DISCLOSURES = "tests/answers/test_disclosures.py"
LEDGER_PEOPLE = "tests/promises/test_ledger_people.py"
NAMES_ALL = f"{LEDGER_PEOPLE}::test_i40_an_entry_names_exactly_the_people_and_fields_of_its_answer"
OF_THE_LEDGER = (
    _mutant(
        "ledger_after_the_response",
        "gateway/answer.py",
        "    await gateway.ledger.record(request_id,",
        "    import asyncio\n\n"
        "    async def later(*entry):\n"
        "        asyncio.ensure_future(gateway.ledger.record(*entry))\n\n"
        "    await later(request_id,",
        f"{LEDGER}::test_i39_an_answer_waits_until_its_entry_is_durable",
    ),
    _mutant(
        "ledger_not_waited_for",
        "gateway/ledger/record.py",
        "            await self._entries.ask((shape, said))\n",
        "            self._entries.ask((shape, said))\n",
        f"{LEDGER}::test_i39_an_answer_waits_until_its_entry_is_durable",
    ),
    _mutant(
        "ledger_down_and_answered",
        "gateway/ledger/record.py",
        "            await self._entries.ask((shape, said))\n        except StoreUnavailable:\n"
        "            raise Refusal(Code.NOT_RECORDED) from None\n",
        "            await self._entries.ask((shape, said))\n        except StoreUnavailable:\n"
        "            return\n",
        f"{LEDGER}::test_i39_without_a_ledger_nobody_learns_anything",
    ),
    _mutant(
        "nobody_found_nothing_recorded",
        "gateway/answer.py",
        "    if plan.shape is not None:\n",
        "    if plan.shape is not None and ran.named:\n",
        f"{LEDGER}::test_whoever_is_tried_in_vain_is_recorded_too",
    ),
    _mutant(
        "answers_without_an_identifier_name_nobody",
        "resolvers/sql/statement.py",
        "        return pieces if subject is None else [*self._mark(bound.source, subject, row), *pieces]\n",
        "        return pieces\n",
        NAMES_ALL,
    ),
    _mutant(
        "identifiers_name_nobody",
        "resolvers/sql/statement.py",
        """                text, subject = [f'"{bound.source.prefix}{kept}', row.key, f'{KEPT}"'], None\n""",
        """                text, subject = [f'"{bound.source.prefix}', row.key, '"'], None\n""",
        NAMES_ALL,
    ),
    _mutant(
        "whom_a_conversation_is_with_is_not_named",
        "resolvers/sources/business.py",
        '    about=About(catalogue.Store.SOCIAL, "account_id", nullable=True),\n',
        "",
        NAMES_ALL,
    ),
    _mutant(
        "who_is_suggested_is_not_named",
        "resolvers/compile/bind.py",
        "        found = SuggestionsOf(source, members, size, slot, subject)\n",
        "        found = SuggestionsOf(source, members, size, slot)\n",
        NAMES_ALL,
    ),
    _mutant(
        "fields_of_summaries_forgotten",
        "resolvers/compile/bind.py",
        "                self.subjects.tell(named.name, inner.name)\n",
        "",
        NAMES_ALL,
    ),
    _mutant(
        "everybody_s_fields_are_everybody_s",
        "resolvers/reads/disclosures.py",
        "field for place in places for field in fields[place]",
        "field for place in fields for field in place",
        f"{DISCLOSURES}::test_i43_a_person_sees_exactly_the_entries_that_name_them",
    ),
    _mutant(
        "references_kept_after_forgetting",
        "gateway/ledger/references.py",
        "        if forgotten != self._forgotten:\n",
        "        if False:\n",
        f"{LEDGER}::test_whoever_is_forgotten_gets_another_reference",
    ),
    _mutant(
        "everybody_s_disclosures_for_a_subject",
        "resolvers/reads/disclosures.py",
        "WHERE (store, account_id) IN (('messenger', $6), ('social', $7))\n",
        "WHERE ($6::bigint IS NOT NULL OR $7::bigint IS NOT NULL)\n",
        f"{DISCLOSURES}::test_i43_a_person_sees_exactly_the_entries_that_name_them",
    ),
    _mutant(
        "audit_s_reading_is_not_recorded",
        "resolvers/reads/disclosures.py",
        '            self._people.note("disclosures", Who.REFERENCE, map(str, row["people"]))\n',
        "            pass\n",
        f"{DISCLOSURES}::test_what_audit_reads_is_recorded_with_those_whom_it_named",
    ),
    _mutant(
        "entries_go_back_in_time",
        "gateway/ledger/record.py",
        "            at = max(self._now(), stream.at)\n",
        "            at = self._now()\n",
        f"{LEDGER}::test_a_clock_that_is_put_back_puts_no_entry_before_another",
    ),
)

VERIFY = "tests/gateway/test_ledger_verify.py"
REPORTS = "tests/gateway/test_ledger_reports.py"
IN_THE_PROOF = (
    _mutant(
        "hashes_not_looked_at",
        "gateway/ledger/verify.py",
        "        elif stream.begun and entry_hash(stream.hash, entry) != hash_:\n",
        "        elif False:\n",
        f"{VERIFY}::test_i42_a_changed_entry_is_named",
    ),
    _mutant(
        "gaps_not_looked_at",
        "gateway/ledger/verify.py",
        "        if entry.number > stream.number + 1:\n",
        "        if False:\n",
        f"{VERIFY}::test_i42_a_removed_entry_is_named",
    ),
    _mutant(
        "ends_not_looked_at",
        "gateway/ledger/verify.py",
        "            if reached < last.number:\n",
        "            if False:\n",
        f"{VERIFY}::test_i42_removed_ends_are_named",
    ),
    _mutant(
        "signatures_not_looked_at",
        "gateway/ledger/chain.py",
        "    except InvalidSignature:\n        return False\n",
        "    except InvalidSignature:\n        return True\n",
        f"{VERIFY}::test_i42_a_changed_checkpoint_is_named",
    ),
    _mutant(
        "heads_not_compared",
        "gateway/ledger/verify.py",
        "            if signed is not None and signed.hash != hash_:\n",
        "            if False:\n",
        f"{VERIFY}::test_i42_a_rewritten_stream_is_named",
    ),
    _mutant(
        "entries_hashed_one_by_one",
        "gateway/ledger/chain.py",
        "    return hashlib.sha256(before + entry_text(entry)).digest()\n",
        "    return hashlib.sha256(entry_text(entry)).digest()\n",
        f"{VERIFY}::test_i42_an_inserted_entry_is_named",
        f"{VERIFY}::test_i42_a_rewritten_stream_is_named",
        f"{VERIFY}::test_i42_a_changed_entry_is_named",
    ),
    _mutant(
        "objectors_never_found",
        "gateway/ledger/reports.py",
        "    AND e.at < least(o.until, $2)\n",
        "    AND e.at < o.since\n",
        f"{REPORTS}::test_an_entry_that_should_not_be_is_found",
    ),
    _mutant(
        "reports_of_one_account_alone",
        "gateway/ledger/reports.py",
        "WHERE (store, account_id) IN (('messenger', $1), ('social', $2))\n",
        "WHERE (store, account_id) = ('messenger', $1) AND ($2::bigint IS NULL OR true)\n",
        f"{REPORTS}::test_i43_the_subject_s_report_equals_all_entries_naming_them",
    ),
)

DOCUMENTS = "gateway/documents/trusted.py"
MODES = "tests/gateway/test_trusted_documents.py"
PUSHED = "tests/commands/test_documents_commands.py"

IN_THE_DOCUMENTS = (
    _mutant(
        "document_trusted_for_any_purpose",
        DOCUMENTS,
        "            if caller.purpose not in client.purposes.get(asked.document, ()):\n",
        "            if asked.document not in client.purposes:\n",
        f"{MODES}::test_a_document_is_trusted_for_the_purposes_it_was_reviewed_for",
    ),
    _mutant(
        "hash_believed_beside_a_text",
        DOCUMENTS,
        "        if asked.document and hash_of(asked.document) != asked.hash:\n",
        "        if False:\n",
        f"{MODES}::test_a_text_that_has_not_its_hash_is_a_bad_request",
    ),
    _mutant(
        "automatic_documents_of_all_clients_in_one",
        DOCUMENTS,
        "        known = self._automatic.setdefault(client, _Automatic())\n",
        '        known = self._automatic.setdefault("", _Automatic())\n',
        f"{MODES}::test_what_a_client_made_known_is_its_own",
        f"{MODES}::test_what_a_client_makes_known_is_bounded",
    ),
    _mutant(
        "automatic_where_nobody_allowed_it",
        DOCUMENTS,
        "        if text is None and client.setting.automatic:\n",
        "        if text is None:\n",
        f"{MODES}::test_where_that_is_not_allowed_the_text_runs_and_is_not_kept",
    ),
    _mutant(
        "told_of_passes_under_enforce",
        DOCUMENTS,
        "            if client not in found or found[client].setting.mode is Mode.LOG\n",
        "",
        f"{MODES}::test_what_was_told_of_does_not_pass_under_another_mode",
    ),
    _mutant(
        "unknown_hash_told_apart_under_enforce",
        DOCUMENTS,
        "        if text is None and not asked.document and client.setting.mode is not Mode.ENFORCE:\n",
        "        if text is None and not asked.document:\n",
        f"{MODES}::test_nor_is_an_unknown_hash_told_from_an_unknown_text",
    ),
    _mutant(
        "stale_documents_are_trusted",
        DOCUMENTS,
        "        if not self.cache.is_fresh:\n",
        "        if False:\n",
        f"{MODES}::test_a_stale_book_refuses_everything",
    ),
    _mutant(
        "retired_documents_are_read",
        "gateway/documents/registered.py",
        "WHERE c.retired_at IS NULL AND ($1::text",
        "WHERE ($1::text",
        f"{MODES}::test_a_document_that_was_retired_is_refused_within_a_second",
    ),
    _mutant(
        "value_of_a_document_in_the_log",
        DOCUMENTS,
        "        if '\"' in text or _LONG_NUMBER.search(text):\n",
        "        if False:\n",
        f"{MODES}::test_a_value_in_a_document_is_not_in_the_log",
    ),
    _mutant(
        "good_documents_of_a_bad_folder_registered",
        "gateway/commands/documents.py",
        "        if wrong := [line for each in reviews for line in _refused(each)]:\n",
        "        if (wrong := [line for each in reviews for line in _refused(each)]) and len(reviews) < 2:\n",
        f"{PUSHED}::test_one_bad_document_stops_the_whole_push",
    ),
    _mutant(
        "review_without_what_is_included",
        "schema/disclosed_fields.py",
        "            elif isinstance(node, FragmentSpreadNode):\n",
        "            elif isinstance(node, FragmentSpreadNode) and not node.directives:\n",
        f"{PUSHED}::test_the_review_names_every_field_of_every_person",
    ),
)

QUOTAS_DDL = "resolvers/universe/ddl/control/0008_quotas.sql"
ADMISSION = "tests/gateway/test_admission.py"
IN_THE_QUOTAS = (
    _mutant(
        "places_of_other_processes_not_counted",
        QUOTAS_DDL,
        "        WHERE client = of_client AND process <> of_process AND until > moment;\n",
        "        WHERE false;\n",
        f"{ADMISSION}::test_two_processes_let_in_no_more_at_once",
    ),
    _mutant(
        "bucket_never_emptied",
        QUOTAS_DDL,
        "    UPDATE control.quota_rate SET allowed = bucket - requests, at",
        "    UPDATE control.quota_rate SET allowed = bucket, at",
        f"{ADMISSION}::test_two_processes_let_in_no_more_than_the_rate",
    ),
    _mutant(
        "people_counted_in_each_process_alone",
        QUOTAS_DDL,
        "        IF known.people + added > per_hour THEN\n            RETURN false;\n        END IF;\n",
        "",
        f"{ADMISSION}::test_two_processes_count_a_person_once",
    ),
    _mutant(
        "people_counted_and_told_all_the_same",
        "gateway/quotas/admission.py",
        "        if not meeting.granted:\n",
        "        if not meeting.granted and not people:\n",
        f"{ADMISSION}::test_a_client_meets_so_many_people_and_no_more",
    ),
    _mutant(
        "people_met_after_they_were_recorded",
        "gateway/answer.py",
        "        await gateway.charge(caller.client, caller.purpose, found.people)\n"
        "    await gateway.ledger.record(request_id, caller, shape, found, whole)\n",
        "        await gateway.ledger.record(request_id, caller, shape, found, whole)\n"
        "        await gateway.charge(caller.client, caller.purpose, found.people)\n"
        "        return\n"
        "    await gateway.ledger.record(request_id, caller, shape, found, whole)\n",
        f"{ADMISSION}::test_a_page_of_too_many_tells_of_nobody_and_counts_nobody",
    ),
    _mutant(
        "places_never_given_back",
        "gateway/quotas/admission.py",
        "        self._clients[client].inside -= 1\n",
        "        pass\n",
        f"{ADMISSION}::test_requests_that_hang_take_the_places_and_give_them_back",
    ),
)

RECALLS_DDL = "resolvers/universe/ddl/control/0009_recalls.sql"
RECALLED = "tests/promises/test_recalls.py"
IN_THE_RECALLS = (
    _mutant(
        "recalled_for_what_nobody_objected_to",
        RECALLS_DDL,
        "        JOIN control.ledger_question q ON q.key = e.question AND q.purpose = o.purpose\n",
        "        JOIN control.ledger_question q ON q.key = e.question\n",
        f"{RECALLED}::test_who_received_is_told_by_purpose_and_what",
    ),
    _mutant(
        "recalled_from_the_messenger_alone",
        RECALLS_DDL,
        "        WHERE o.store = 'messenger' OR field = ANY (o.derived)\n",
        "        WHERE o.store = 'messenger'\n",
        f"{RECALLED}::test_what_comes_from_the_messenger_is_recalled_from_the_other_network_too",
    ),
    _mutant(
        "looked_for_once_alone",
        RECALLS_DDL,
        "    DELETE FROM control.recall_search WHERE event = ANY (due) AND looked;\n",
        "    DELETE FROM control.recall_search WHERE event = ANY (due);\n",
        f"{RECALLED}::test_an_answer_under_way_is_recalled_when_it_has_left",
    ),
    _mutant(
        "acknowledged_for_another_client",
        RECALLS_DDL,
        "    WHERE number = ANY (numbers) AND client = of_client AND received_for = of_purpose\n",
        "    WHERE number = ANY (numbers)\n",
        f"{RECALLED}::test_each_client_reads_its_own_notices_alone",
    ),
    _mutant(
        "notices_unrecorded",
        "gateway/recalls/desk.py",
        "        await self._record(rows)\n",
        "",
        f"{RECALLED}::test_no_notice_leaves_unrecorded",
    ),
    _mutant(
        "streams_outlive_their_token",
        "gateway/recalls/desk.py",
        "                self._still_asks()\n",
        "",
        f"{RECALLED}::test_a_stream_ends_when_its_token_is_revoked_and_when_the_gateway_stops",
    ),
)

MUTANTS: dict[str, Mutant] = {
    mutant.name: mutant
    for mutant in (
        *NAMED_BY_THE_POLICY,
        *IN_THE_VIEWS,
        *IN_THE_SCHEMA,
        *OF_BOUND_TOKENS,
        *OF_BUSINESSES,
        *OF_LISTS,
        *IN_THE_CURSORS,
        *IN_THE_COUNTS,
        *IN_THE_STORES,
        *IN_THE_OBJECTIONS,
        *AT_THE_START,
        *UNDER_PSEUDONYMS,
        *IN_THE_ANSWERS,
        *IN_THE_SUGGESTIONS,
        *IN_THE_CREDENTIALS,
        *OF_THE_LEDGER,
        *IN_THE_PROOF,
        *IN_THE_DOCUMENTS,
        *IN_THE_QUOTAS,
        *IN_THE_RECALLS,
    )
}
