"""Root fields. Each exists only in the universes that see rows of what it leads to."""

from __future__ import annotations

from typing import Annotated

import strawberry

from schema.mutation import Info
from schema.purposes import PrincipalKind, Purpose
from schema.refusals import Code, Refusal
from schema.terms.marks import Mark
from schema.terms.words import argument, belongs, own, plumbing, probes
from schema.types.audit import (
    OBJECTION,
    TERMS_ACCEPTANCE,
    AuditedObjection,
    AuditedRecall,
    ObjectionsInForce,
    number_of,
)
from schema.types.business import (
    Business,
    BusinessConnection,
    BusinessConversation,
    BusinessConversationFilter,
    BusinessConversationOrder,
    BusinessOrder,
    MessengerConversationConnection,
    SocialConversationConnection,
)
from schema.types.disclosures import Disclosure
from schema.types.messenger import (
    MessengerAccount,
    MessengerAccountConnection,
    MessengerAccountFilter,
    MessengerAccountOrder,
)
from schema.types.objections import PREFERENCES, ObjectionEligibility
from schema.types.offers import OWN_OFFERS, CustomerListConnection, OfferConnection
from schema.types.privacy import PolicyMark, PolicyVersion
from schema.types.social import (
    SocialAccount,
    SocialAccountConnection,
    SocialAccountFilter,
    SocialAccountOrder,
)
from schema.types.statistics import (
    DISCLOSURE,
    DisclosureCount,
    LedgerReport,
    LedgerReportName,
    ObjectionsOnDay,
    PeopleByPurpose,
    RequestTally,
    Since,
    Until,
)
from schema.types.subject import Subject, TermsAcceptance
from schema.values.paging import MAX_PAGE, Node
from schema.values.phones import PhoneNumber

Identifiers = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(
        description="These, in this order, each once; not together with other arguments. At most 1,000."
    ),
]
First = Annotated[
    int | None,
    strawberry.argument(description="So many from the start; 50 if left out, 1,000 at most."),
]
After = Annotated[str | None, strawberry.argument(description="Only what follows this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="So many from the end; not with `first`.")]
Before = Annotated[str | None, strawberry.argument(description="Only what precedes this cursor.")]


@strawberry.type(description="What may be asked under this purpose.")
class Query:
    """The root."""

    @plumbing("PolicyVersion", "The policy under which you ask.")
    def policy(self) -> PolicyVersion: ...

    @plumbing("PolicyVersion", "Every version of the policy that was recorded, oldest first.")
    def policy_versions(self) -> list[PolicyVersion]: ...

    @belongs(
        Purpose.AUDIT,
        "Who may see what: a letter for each field and purpose. Null if there is no such version.",
    )
    def policy_matrix(
        self,
        info: Info,
        version: Annotated[
            str | None, strawberry.argument(description="By name or digest; what runs if left out.")
        ] = None,
        type: Annotated[str | None, strawberry.argument(description="Of this type alone.")] = None,
        purpose: Annotated[str | None, strawberry.argument(description="For this purpose alone.")] = None,
    ) -> list[PolicyMark] | None:
        """Every mark of the matrix."""
        marks = info.context.policies.marks(version, type, purpose)
        return None if marks is None else list(marks)

    @plumbing("Node", "The object with this identifier, or null.")
    def node(self, id: strawberry.ID) -> Node | None: ...

    @plumbing("MessengerAccount", "One member of the messenger, by exactly one of the arguments, or null.")
    def messenger_account(
        self,
        id: strawberry.ID | None = None,
        phone: Annotated[
            PhoneNumber | None, argument("MessengerAccount.phone", "The member's phone number.")
        ] = None,
    ) -> MessengerAccount | None: ...

    @plumbing(
        "MessengerAccount",
        "Members of the messenger: those named by `ids` or `phoneNumbers`, or a page of all.",
    )
    def messenger_accounts(
        self,
        ids: Identifiers = None,
        phone_numbers: Annotated[
            list[PhoneNumber] | None,
            argument(
                "MessengerAccount.phone",
                "Those with these numbers, in this order, each once; not together with other arguments. "
                "At most 1,000.",
                # A business looks customers up one by one: who is one does not stand where numbers do, so
                # on a sharded store many numbers would tell which of them has an account at all.
                unless=Mark.TAKES_PART,
            ),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: MessengerAccountFilter | None = None,
        order_by: MessengerAccountOrder | None = None,
    ) -> MessengerAccountConnection: ...

    @plumbing("SocialAccount", "One member of the social network, or null.")
    def social_account(self, id: strawberry.ID) -> SocialAccount | None: ...

    @plumbing("SocialAccount", "Members of the social network: those named by `ids`, or a page of all.")
    def social_accounts(
        self,
        ids: Identifiers = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: SocialAccountFilter | None = None,
        order_by: SocialAccountOrder | None = None,
    ) -> SocialAccountConnection: ...

    @plumbing("Business", "One business, or null.")
    def business(self, id: strawberry.ID) -> Business | None: ...

    @plumbing("Business", "Businesses: those named by `ids`, or a page of all.")
    def businesses(
        self,
        ids: Identifiers = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: BusinessOrder | None = None,
    ) -> BusinessConnection: ...

    @plumbing("BusinessConversation", "One conversation of either channel, or null.")
    def business_conversation(self, id: strawberry.ID) -> BusinessConversation | None: ...

    @plumbing("BusinessConversation", "Conversations on the first messenger: those named, or a page of all.")
    def messenger_conversations(
        self,
        ids: Identifiers = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: BusinessConversationFilter | None = None,
        order_by: BusinessConversationOrder | None = None,
    ) -> MessengerConversationConnection: ...

    @plumbing("BusinessConversation", "Conversations on the second messenger: those named, or a page of all.")
    def social_conversations(
        self,
        ids: Identifiers = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: BusinessConversationFilter | None = None,
        order_by: BusinessConversationOrder | None = None,
    ) -> SocialConversationConnection: ...

    @probes(
        Purpose.FRIEND_SUGGESTIONS,
        "The member with this number, or null: typed into the profile, or shared by the messenger unless "
        "the person objected. Of several, one whose number the messenger shared, then the lowest account.",
    )
    def social_account_by_phone(
        self, phone: Annotated[PhoneNumber, strawberry.argument(description="The number to search for.")]
    ) -> SocialAccount | None:
        """Friend search, which the terms of 2016 name: whoever asks has the number already.

        The purpose sees no number as a field. What a search tells is that somebody who may be found has
        this number, and who; whoever tries many numbers learns that of each. It does not tell where the
        number came from, nor of an objector whether they exist: theirs reads like one that nobody has.
        """

    @own(
        PrincipalKind.SUBJECT,
        "All that this purpose may say about the person to whom the token is bound, and about no one else. "
        "Null, beside an error, if a list of it cannot be read now.",
    )
    def subject(self) -> Subject | None: ...

    @plumbing("Offer", "The offers of the token's merchant.", kind=OWN_OFFERS)
    def offers(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> OfferConnection: ...

    @plumbing("CustomerList", "Customer lists, in the order of their first upload.")
    def customer_lists(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> CustomerListConnection: ...

    @belongs(
        Purpose.AUDIT,
        "The history of objections in the order of recording, under pseudonyms. What was recorded a few "
        "seconds ago may be missing.",
        OBJECTION,
    )
    async def objections(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="So many; 1,000 at most.")] = 100,
        after: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only what follows the one of this number.")
        ] = None,
        person: Annotated[
            str | None, strawberry.argument(description="Of the person with this pseudonym alone.")
        ] = None,
    ) -> list[AuditedObjection]:
        """A page of the history."""
        if not 0 <= first <= MAX_PAGE:
            raise Refusal(Code.BAD_USER_INPUT)
        return list(await info.context.audit.objections(first, number_of(after), person))

    @belongs(
        Purpose.AUDIT,
        "The terms that a person accepted who recorded something, in the order of accepting; of others none.",
        TERMS_ACCEPTANCE,
    )
    async def terms_acceptances(
        self,
        info: Info,
        person: Annotated[str, strawberry.argument(description="Whose: the pseudonym in `objections`.")],
    ) -> list[TermsAcceptance]:
        """Of one person, because nobody else has a name."""
        return list(await info.context.audit.terms(person))

    @belongs(Purpose.AUDIT, "How many members object to each purpose now.", OBJECTION)
    async def objections_in_force(self, info: Info) -> list[ObjectionsInForce]:
        """A line for each objectable purpose."""
        return list(await info.context.audit.in_force())

    @belongs(
        Purpose.AUDIT,
        "Notices to clients that received data to the use of which the person objects since, in order.",
        OBJECTION,
    )
    async def recalls(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="So many; 1,000 at most.")] = 100,
        after: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only what follows the one of this number.")
        ] = None,
        client: Annotated[str | None, strawberry.argument(description="To this client alone.")] = None,
        overdue: Annotated[
            bool, strawberry.argument(description="Those alone that should be acknowledged and are not.")
        ] = False,
    ) -> list[AuditedRecall]:
        """A page of them."""
        if not 0 <= first <= MAX_PAGE:
            raise Refusal(Code.BAD_USER_INPUT)
        return list(await info.context.audit.recalls(first, number_of(after), client, overdue))

    @belongs(
        Purpose.AUDIT,
        "Answers and the people whom they told of, by day, client and purpose; of the last 30 days if no "
        "span is given. At most 10,000 lines.",
        DISCLOSURE,
    )
    async def disclosure_counts(
        self, info: Info, since: Since = None, until: Until = None
    ) -> list[DisclosureCount]:
        """Of the access ledger."""
        return list(await info.context.statistics.disclosures(since, until))

    @belongs(
        Purpose.AUDIT, "The same by purpose alone, each person once in the whole span; likewise.", DISCLOSURE
    )
    async def people_by_purpose(
        self, info: Info, since: Since = None, until: Until = None
    ) -> list[PeopleByPurpose]:
        """Of the access ledger."""
        return list(await info.context.statistics.people(since, until))

    @belongs(
        Purpose.AUDIT,
        "How many members object to each purpose, day by day; the last 90 days if no span is given.",
        OBJECTION,
    )
    async def objections_over_time(
        self, info: Info, since: Since = None, until: Until = None
    ) -> list[ObjectionsOnDay]:
        """A line for each day and objectable purpose."""
        return list(await info.context.statistics.objections(since, until))

    @belongs(
        Purpose.AUDIT,
        "One of the reports of `gateway ledger report`; of the last 30 days if no span is given.",
        DISCLOSURE,
    )
    async def ledger_report(
        self, info: Info, name: LedgerReportName, since: Since = None, until: Until = None
    ) -> LedgerReport | None:
        """Read with the rights of the ledger's owner, and about nobody."""
        return await info.context.reports.report(name, since, until)

    @belongs(
        Purpose.AUDIT,
        "Requests that were refused or slow, by hour, client, purpose and what became of them; of the last "
        "30 days if no span is given. At most 10,000 lines. Those of the last minute may be missing.",
    )
    async def request_tally(self, info: Info, since: Since = None, until: Until = None) -> list[RequestTally]:
        """What all processes counted."""
        return list(await info.context.statistics.requests(since, until))

    @plumbing(
        "Disclosure",
        "Who received data, in the order of time: under subject access one's own data, also the answers to "
        "oneself. What is being answered just now is not among it yet.",
    )
    async def disclosures(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="So many; 1,000 at most.")] = 100,
        after: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only what follows the one of this number.")
        ] = None,
        person: Annotated[
            str | None, argument("Disclosure.people", "Of the person with this reference alone.")
        ] = None,
        client: Annotated[str | None, strawberry.argument(description="To this client alone.")] = None,
    ) -> list[Disclosure]:
        """A page of the ledger."""
        if not 0 <= first <= MAX_PAGE:
            raise Refusal(Code.BAD_USER_INPUT)
        return list(await info.context.disclosures.page(first, after, person, client))

    @belongs(PREFERENCES, "What the person may do about each purpose, and until when.")
    async def objection_eligibility(self, info: Info) -> list[ObjectionEligibility]:
        """Not planned but asked, like a mutation: the answer depends on the time."""
        return await info.context.objections.eligibility()
