"""What each purpose reads of a store's relations."""

from __future__ import annotations

from dataclasses import replace

from resolvers.sources import catalogue
from resolvers.sources.fields import OBJECTS
from resolvers.sources.words import Many
from resolvers.universe.readings import reads_of, rows_line
from schema.purposes import Purpose
from schema.terms.marks import Mark


def test_a_list_reads_its_rows_under_the_marks_of_their_type() -> None:
    """A list whose rows are all of one kind has no condition on kinds: its rows have their type's mark."""
    acceptances = Many(
        type="TermsAcceptance", relation=catalogue.TERMS_ACCEPTANCE, on="account_id", order=("version",)
    )
    account = OBJECTS["MessengerAccount"]
    listed = replace(account, fields={**account.fields, "usage": acceptances})

    found = [
        (read.mark, read.kinds)
        for read in reads_of({**OBJECTS, "MessengerAccount": listed}, Purpose.SUBJECT_ACCESS)
        if read.line == rows_line("TermsAcceptance") and read.columns == {"account_id"}
    ]

    assert found == [(Mark.OWN_SUBJECT, None)]
