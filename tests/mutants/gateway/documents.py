"""Only a reviewed document runs under enforcement, for the purposes of its review."""

from __future__ import annotations

from tests.mutants.edits import Change, ChangeString, mutant

TRUSTED_DOCUMENTS = "tests/gateway/test_trusted_documents.py"

MUTANTS = (
    mutant(
        "document_trusted_for_any_purpose",
        Change(
            "gateway.documents.trusted:DocumentBook.trusted",
            "caller.purpose not in client.purposes.get(asked.document, ())",
            "asked.document not in client.purposes",
        ),
        f"{TRUSTED_DOCUMENTS}::test_a_document_is_trusted_for_the_purposes_it_was_reviewed_for",
    ),
    mutant(
        "hash_believed_beside_a_text",
        Change(
            "gateway.documents.trusted:DocumentBook._named",
            "asked.document and hash_of(asked.document) != asked.hash",
            "False",
        ),
        "tests/gateway/test_trusted_documents.py::test_a_text_beside_another_hash_is_a_bad_request",
    ),
    mutant(
        "automatic_documents_of_all_clients_in_one",
        Change("gateway.documents.trusted:DocumentBook._known_by_itself", "client", '""'),
        "tests/gateway/test_trusted_documents.py::test_an_automatic_document_belongs_to_its_client",
        "tests/gateway/test_trusted_documents.py::test_automatic_documents_are_bounded",
    ),
    mutant(
        "automatic_documents_without_permission",
        Change(
            "gateway.documents.trusted:DocumentBook._named",
            "text is None and client.setting.automatic",
            "text is None",
        ),
        f"{TRUSTED_DOCUMENTS}::test_without_automatic_documents_a_text_runs_and_is_not_kept",
    ),
    mutant(
        "logged_documents_pass_under_enforce",
        Change(
            "gateway.documents.trusted:DocumentBook._read",
            """
            {
                client: told
                for client, told in self._told.items()
                if client not in found or found[client].setting.mode is Mode.LOG
            }
            """,
            "dict(self._told)",
        ),
        "tests/gateway/test_trusted_documents.py::test_a_logged_document_is_refused_under_enforce",
    ),
    mutant(
        "unknown_hash_is_distinguished_under_enforce",
        Change(
            "gateway.documents.trusted:DocumentBook._named",
            "text is None and not asked.document and client.setting.mode is not Mode.ENFORCE",
            "text is None and not asked.document",
        ),
        "tests/gateway/test_trusted_documents.py::test_an_unknown_hash_gets_the_bytes_of_an_unknown_text",
    ),
    mutant(
        "stale_documents_are_trusted",
        Change("gateway.documents.trusted:DocumentBook.trusted", "not self.cache.is_fresh", "False"),
        "tests/gateway/test_trusted_documents.py::test_a_stale_book_refuses_everything",
    ),
    mutant(
        "retired_documents_are_read",
        ChangeString(
            "gateway.documents.registered:_REGISTERED",
            "WHERE c.retired_at IS NULL AND ($1::text",
            "WHERE ($1::text",
        ),
        f"{TRUSTED_DOCUMENTS}::test_a_document_that_was_retired_is_refused_within_a_second",
    ),
    mutant(
        "value_of_a_document_in_the_log",
        Change(
            "gateway.documents.trusted:DocumentBook._tell",
            "'\"' in text or _LONG_NUMBER.search(text)",
            "False",
        ),
        "tests/gateway/test_trusted_documents.py::test_a_value_in_a_document_is_not_in_the_log",
    ),
    mutant(
        "good_documents_of_a_bad_folder_registered",
        Change(
            "gateway.commands.documents:_push",
            """
            if wrong := [line for each in reviews for line in _refused(each)]:
                raise Problem("nothing was registered:", *wrong)
            """,
            """
            if (wrong := [line for each in reviews for line in _refused(each)]) and len(reviews) < 2:
                raise Problem("nothing was registered:", *wrong)
            """,
        ),
        "tests/commands/test_documents_commands.py::test_one_bad_document_stops_the_whole_push",
    ),
)
