"""Who is named where in an answer: noted while a plan is made, read off while one is given.

Each object that is about a person is one *mention* of the plan. In the JSON text a mark stands before every
such object, put there by whoever writes the object, or around the key in its identifier if that is asked
for; `taken_apart` removes the marks of what is really sent. So the ledger names exactly those who stand in
the body: whoever was read and then left out has taken their mark along.

Rejected: keys as a column of their own beside the text. They tell who was read; who is in the answer is
decided later, where holes are filled. And a mark always before the object: on a page of a thousand it is a
fifth of Postgres' time (0.52 ms for 0.43); around the key it costs nothing, for nothing more is joined.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from resolvers.compile.selection import Collector
from resolvers.plan.subjects import DisclosureShape, SubjectPlace
from resolvers.sources.catalogue import Store

if TYPE_CHECKING:
    from graphql import GraphQLObjectType, GraphQLSchema
    from graphql.execution.values import VariableValues

    from resolvers.compile.selection import Selected
    from schema.operations import Operation
    from schema.purposes import Duty, Purpose


class SubjectNotes:
    """Notes what is told of whom while an operation is walked. With `kept` False nothing is."""

    def __init__(self, kept: bool) -> None:
        self._kept = kept
        self._noted: list[tuple[Store | None, dict[str, None]]] = []
        self._within: list[dict[str, None]] = []

    @contextmanager
    def about(self, of: Store | None) -> Iterator[int | None]:
        """What is told within the block is told of people of this store; the number of the mention."""
        if not self._kept:
            yield None
            return
        fields: dict[str, None] = {}
        self._noted.append((of, fields))
        self._within.append(fields)
        try:
            yield len(self._noted) - 1
        finally:
            self._within.pop()

    def tell(self, type_name: str, field_name: str) -> None:
        """Note that a field is told of whoever stands here; of nobody if nobody does."""
        if self._within:
            self._within[-1][f"{type_name}.{field_name}"] = None

    def tell_all(self, collector: Collector, parent: GraphQLObjectType, selected: Selected) -> None:
        """Note a field and everything that is selected below it."""
        self.tell(parent.name, selected.name)
        for type_name, field_name in collector.below(parent.fields[selected.name].type, selected):
            self.tell(type_name, field_name)

    def noted(self) -> tuple[SubjectPlace, ...]:
        """All mentions, by their numbers."""
        return tuple(SubjectPlace(of, tuple(fields)) for of, fields in self._noted)


def shape_of_all(
    schema: GraphQLSchema,
    operation: Operation,
    purpose: Purpose | Duty,
    policy: str,
    variables: VariableValues,
) -> DisclosureShape:
    """The question of an operation that ordinary resolvers answer, and tell all of it of the same people.

    Of a mutation those are whom the token is bound to.
    """
    root = schema.get_root_type(operation.node.operation)
    assert root is not None
    collector = Collector(schema, operation.fragments, variables)
    subjects = SubjectNotes(kept=True)
    with subjects.about(None):
        for each in collector.collect(root, (operation.node.selection_set,)):
            if not each.name.startswith("__"):
                subjects.tell_all(collector, root, each)
    return DisclosureShape(purpose, policy, operation.document, subjects.noted())
