"""The arguments that several root fields have in common, each with its description."""

from __future__ import annotations

from typing import Annotated

import strawberry

from schema.types.business import BusinessConversationFilter, BusinessConversationOrder, BusinessOrder
from schema.types.messenger import MessengerAccountFilter, MessengerAccountOrder
from schema.types.social import SocialAccountFilter, SocialAccountOrder
from schema.types.statistics import LedgerReportName

IDENTIFIER = "The object's global identifier."
Identifier = Annotated[strawberry.ID, strawberry.argument(description=IDENTIFIER)]
OptionalIdentifier = Annotated[strawberry.ID | None, strawberry.argument(description=IDENTIFIER)]

# Lists that ordinary resolvers read are paged by the numbers of their entries.
Number = Annotated[int, strawberry.argument(description="Return at most this many entries. At most 1,000.")]
AfterNumber = Annotated[
    strawberry.ID | None, strawberry.argument(description="Return only entries after this number.")
]
OneClient = Annotated[
    str | None, strawberry.argument(description="Return only entries of the client with this name.")
]
ReportName = Annotated[LedgerReportName, strawberry.argument(description="The report to return.")]

MEMBERS = "Return only members that meet these conditions."
ORDER_OF_MEMBERS = "Order the members by this field. The default is by number."
MessengerFilter = Annotated[MessengerAccountFilter | None, strawberry.argument(description=MEMBERS)]
MessengerOrder = Annotated[MessengerAccountOrder | None, strawberry.argument(description=ORDER_OF_MEMBERS)]
SocialFilter = Annotated[SocialAccountFilter | None, strawberry.argument(description=MEMBERS)]
SocialOrder = Annotated[SocialAccountOrder | None, strawberry.argument(description=ORDER_OF_MEMBERS)]
OrderOfBusinesses = Annotated[
    BusinessOrder | None,
    strawberry.argument(description="Order the businesses by this field. The default is by number."),
]
ConversationFilter = Annotated[
    BusinessConversationFilter | None,
    strawberry.argument(description="Return only conversations that meet these conditions."),
]
ConversationOrder = Annotated[
    BusinessConversationOrder | None,
    strawberry.argument(description="Order the conversations by this field. The default is by number."),
]

Overdue = Annotated[
    bool, strawberry.argument(description="Return only notices that are past `dueAt` and not acknowledged.")
]
Version = Annotated[
    str | None,
    strawberry.argument(description="The name or digest of a version. The default is the version in force."),
]
TypeName = Annotated[
    str | None, strawberry.argument(description="Return only the marks of the type with this name.")
]
PurposeName = Annotated[str | None, strawberry.argument(description="Return only the marks of this purpose.")]
