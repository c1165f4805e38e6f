"""Puts a list of a sharded store together from rows of keys.

On one machine Postgres builds a list's whole text. If each shard holds a part of the list, the rows come
as keys, in the list's order. Only here does Python loop over them: the items become holes, which the next
wave fills by key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from resolvers.plan.fetches import Assembly
from resolvers.plan.groups import Groups
from resolvers.plan.holes import HOLE, MARK, subject_mark
from resolvers.plan.parameters import Parameter
from resolvers.plan.tree import (
    GOES_ON,
    Edges,
    Hole,
    Info,
    ItemCursor,
    ListPart,
    Literal,
    Nodes,
    PageOf,
    Total,
    TreeNode,
)

if TYPE_CHECKING:
    from graphql.execution.values import VariableValues

# (key, the order's values as a JSON list), and the person that the row is about.
ListRow = tuple[str, str] | tuple[str, str, str | None]
Rows = Sequence[ListRow]


def assemble(assembly: Assembly, rows: Rows, variables: VariableValues) -> str:
    """The connection's JSON text, with holes.

    `rows`: (key, the order's values as a JSON list), and with `told` the person that the row is about; if
    keys are looked up, (asked key, the object's key).
    """
    page = assembly.page
    rows, goes_on = _on_page(page, rows, variables)
    members = (f'"{key}":{_part(assembly, part, rows, goes_on=goes_on)}' for key, part in page.parts)
    counted = rows if page.told is not None and page.told.counted else ()
    return "".join(("{", ",".join(members), "}", *(_told(page, row) for row in counted)))


def _told(page: PageOf, row: ListRow) -> str:
    """The mark of the person that the row is about; as `Listing._told` writes it on one machine."""
    if page.told is None:
        return ""
    # A row that was looked up has its own key alone, and is a person.
    person = row[2] if len(row) > 2 else row[0]
    return f"{MARK}{subject_mark(page.told.subject)}{person}{MARK}" if person is not None else ""


def _on_page(page: PageOf, rows: Rows, variables: VariableValues) -> tuple[Rows, bool]:
    """The page's rows in the list's order, and True if one more was read."""
    if page.ids is not None and page.via is not None:
        asked = page.ids.read(variables)
        keys, found = asked if isinstance(asked, list) else [], {row[0]: row[1] for row in rows}
        return [(found[key], f"[{found[key]}]") for key in keys if key in found], False
    if page.ids is not None:
        wanted = str(page.ids.read(variables) or "").strip("{}").split(",")
        by_key = {row[0]: row for row in rows}
        return [by_key[number] for number in wanted if number in by_key], False
    size = page.bounds.size
    if isinstance(size, Parameter):
        size = size.read(variables)  # type: ignore[assignment]
    assert isinstance(size, int)
    kept = rows[:size]
    return (kept[::-1] if page.bounds.from_end else kept), len(rows) > size


def _part(assembly: Assembly, part: ListPart, rows: Rows, *, goes_on: bool) -> str:
    match part:
        case Literal(text):
            return text
        case Total():
            return str(len(rows)) if assembly.total is None else _hole(assembly.total, "")
        case Groups():
            return _hole(part.slot or 0, "")
        case Nodes(item):
            return "[" + ",".join(_item(item, row) for row in rows) + "]"
        case Edges(members):
            return "[" + ",".join(_told(assembly.page, row) + _edge(members, row) for row in rows) + "]"
        case Info():
            return _info(assembly, part, rows, goes_on=goes_on)


def _edge(members: tuple[tuple[str, TreeNode | ItemCursor], ...], row: ListRow) -> str:
    return "{" + ",".join(f'"{key}":{_item(member, row)}' for key, member in members) + "}"


def _item(member: TreeNode | ItemCursor, row: ListRow) -> str:
    match member:
        case Literal(text):
            return text
        case ItemCursor(slot):
            return _hole(slot, row[1])
        case Hole(slot):
            return _hole(slot, row[0])
    raise AssertionError(f"an item of a sharded list that is no hole: {member}")


def _info(assembly: Assembly, info: Info, rows: Rows, *, goes_on: bool) -> str:
    beyond = dict(assembly.beyond)
    members = []
    for key, name in info.members:
        match name:
            case Literal(text):
                pass
            case "startCursor" | "endCursor":
                row = rows[0 if name == "startCursor" else -1] if rows else None
                text = _told(assembly.page, row) + _hole(info.slot, row[1]) if row else "null"
            case _ if goes_on and name == GOES_ON[assembly.page.bounds.from_end]:
                text = "true"
            case _:
                text = _hole(beyond[name], "") if name in beyond else "false"
        members.append(f'"{key}":{text}')
    return "{" + ",".join(members) + "}"


def _hole(slot: int, key: str) -> str:
    return f"{HOLE}{slot}:{key}{HOLE}"
