"""Root fields. Each exists only in the schemas of purposes that see rows of the type that it leads to."""

from __future__ import annotations

from typing import Annotated

import strawberry

from schema.mutation import Info
from schema.purposes import PrincipalKind, Purpose
from schema.refusals import Code, Refusal
from schema.terms.marks import Mark
from schema.terms.words import argument, belongs, own, plumbing, probes
from schema.types import arguments
from schema.types.audit import (
    OBJECTION,
    TERMS_ACCEPTANCE,
    AuditedObjection,
    AuditedRecall,
    ObjectionsInForce,
    history_place,
    number_of,
)
from schema.types.business import (
    Business,
    BusinessConnection,
    BusinessConversation,
    MessengerConversationConnection,
    SocialConversationConnection,
)
from schema.types.disclosures import Disclosure
from schema.types.messenger import MessengerAccount, MessengerAccountConnection
from schema.types.objections import PREFERENCES, ObjectionEligibility
from schema.types.offers import OWN_OFFERS, CustomerListConnection, OfferConnection
from schema.types.privacy import PolicyMark, PolicyVersion
from schema.types.social import SocialAccount, SocialAccountConnection
from schema.types.statistics import (
    DISCLOSURE,
    DisclosureCount,
    LedgerReport,
    ObjectionsOnDay,
    PeopleByPurpose,
    RequestTally,
    Since,
    Until,
)
from schema.types.subject import Subject, TermsAcceptance
from schema.values.paging import MAX_PAGE, After, Before, First, Identifiers, Last, Node
from schema.values.phones import PhoneNumber


@strawberry.type(description="The queries that are possible under this purpose.")
class Query:
    """The root."""

    @plumbing("PolicyVersion", "The version of the policy that is in force.")
    def policy(self) -> PolicyVersion: ...

    @plumbing("PolicyVersion", "All recorded versions of the policy, oldest first.")
    def policy_versions(self) -> list[PolicyVersion]: ...

    @belongs(
        Purpose.AUDIT,
        "The policy matrix: a mark for each field and purpose. Null if there is no such version.",
    )
    def policy_matrix(
        self,
        info: Info,
        *,
        version: arguments.Version = None,
        type: arguments.TypeName = None,
        purpose: arguments.PurposeName = None,
    ) -> list[PolicyMark] | None:
        """The marks of the matrix."""
        marks = info.context.policies.marks(version, type, purpose)
        return None if marks is None else list(marks)

    @plumbing(
        "Node", "The object with this global identifier; null if there is none or this purpose cannot see it."
    )
    def node(self, id: arguments.Identifier) -> Node | None: ...

    @plumbing(
        "MessengerAccount",
        "The member of the messenger that the argument names; null if there is none or this purpose cannot "
        "see it. Give exactly one argument.",
    )
    def messenger_account(
        self,
        *,
        id: arguments.OptionalIdentifier = None,
        phone: Annotated[
            PhoneNumber | None, argument("MessengerAccount.phone", "The member's phone number.")
        ] = None,
    ) -> MessengerAccount | None: ...

    @plumbing(
        "MessengerAccount",
        "Members of the messenger: those that an argument names, or a page of all members.",
    )
    def messenger_accounts(
        self,
        *,
        ids: Identifiers = None,
        phone_numbers: Annotated[
            list[PhoneNumber] | None,
            argument(
                "MessengerAccount.phone",
                "Return the members with these phone numbers, in this order, each once. At most 1,000. "
                "Cannot be combined with other arguments.",
                # A business looks customers up one by one. On a sharded store another shard knows who is a
                # customer, so a batch of numbers would disclose which of them have an account at all.
                unless=Mark.TAKES_PART,
            ),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: arguments.MessengerFilter = None,
        order_by: arguments.MessengerOrder = None,
    ) -> MessengerAccountConnection: ...

    @plumbing(
        "SocialAccount",
        "The member of the social network with this identifier; null if there is none or this purpose "
        "cannot see it.",
    )
    def social_account(
        self,
        id: arguments.Identifier,
    ) -> SocialAccount | None: ...

    @plumbing(
        "SocialAccount",
        "Members of the social network: those with the given `ids`, or a page of all members.",
    )
    def social_accounts(
        self,
        *,
        ids: Identifiers = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: arguments.SocialFilter = None,
        order_by: arguments.SocialOrder = None,
    ) -> SocialAccountConnection: ...

    @plumbing("Business", "The business with this identifier; null if there is none.")
    def business(
        self,
        id: arguments.Identifier,
    ) -> Business | None: ...

    @plumbing("Business", "Businesses: those with the given `ids`, or a page of all businesses.")
    def businesses(
        self,
        *,
        ids: Identifiers = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: arguments.OrderOfBusinesses = None,
    ) -> BusinessConnection: ...

    @plumbing(
        "BusinessConversation",
        "The conversation with this identifier, on either messenger; null if there is none or this token "
        "cannot see it.",
    )
    def business_conversation(
        self,
        id: arguments.Identifier,
    ) -> BusinessConversation | None: ...

    @plumbing(
        "BusinessConversation",
        "Conversations on the first messenger: those with the given `ids`, or a page of all.",
    )
    def messenger_conversations(
        self,
        *,
        ids: Identifiers = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: arguments.ConversationFilter = None,
        order_by: arguments.ConversationOrder = None,
    ) -> MessengerConversationConnection: ...

    @plumbing(
        "BusinessConversation",
        "Conversations on the social network's messenger: those with the given `ids`, or a page of all.",
    )
    def social_conversations(
        self,
        *,
        ids: Identifiers = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: arguments.ConversationFilter = None,
        order_by: arguments.ConversationOrder = None,
    ) -> SocialConversationConnection: ...

    @probes(
        Purpose.FRIEND_SUGGESTIONS,
        "The member with this phone number; null if there is none. Considers numbers that members typed "
        "into their profiles, and numbers that the messenger shared unless the person objected. If several "
        "members have the number, it is one whose number the messenger shared, then the one with the lowest "
        "account number.",
    )
    def social_account_by_phone(
        self,
        phone: Annotated[PhoneNumber, strawberry.argument(description="The phone number to search for.")],
    ) -> SocialAccount | None:
        """Friend search, which the terms of 2016 name. The caller supplies the number.

        The purpose sees no phone number as a field. A search discloses whether a visible person has the
        number, and who that is. A client that tries many numbers learns that about each of them. A search
        does not disclose where the number came from, or whether an objector exists: the answer for an
        objector's number equals that for an unknown number.
        """

    @own(
        PrincipalKind.SUBJECT,
        "The data of the person that the token is bound to, as far as this purpose may see it. "
        "Null with an error if one of its lists is unavailable.",
    )
    def subject(self) -> Subject | None: ...

    @plumbing("Offer", "The offers of the token's merchant.", kind=OWN_OFFERS)
    def offers(
        self, *, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> OfferConnection: ...

    @plumbing("CustomerList", "Customer lists, ordered by first upload.")
    def customer_lists(
        self, *, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> CustomerListConnection: ...

    @belongs(
        Purpose.AUDIT,
        "The history of objections under pseudonyms, oldest day first. The entries of a day (UTC) appear one "
        "hour after its end.",
        OBJECTION,
    )
    async def objections(
        self,
        info: Info,
        *,
        first: arguments.Number = 100,
        after: arguments.AfterNumber = None,
        person: Annotated[
            str | None,
            strawberry.argument(description="Return only entries of the person with this pseudonym."),
        ] = None,
    ) -> list[AuditedObjection]:
        """A page of the history."""
        if not 0 <= first <= MAX_PAGE:
            raise Refusal(Code.BAD_USER_INPUT)
        return list(await info.context.audit.objections(first, history_place(after), person))

    @belongs(
        Purpose.AUDIT,
        "The versions of the terms that a person accepted, in the order of acceptance. Empty for a person "
        "without an entry in `objections`.",
        TERMS_ACCEPTANCE,
    )
    async def terms_acceptances(
        self,
        info: Info,
        *,
        person: Annotated[
            str, strawberry.argument(description="The person's pseudonym, as in `objections`.")
        ],
    ) -> list[TermsAcceptance]:
        """The terms of one person. Only people with an entry have a pseudonym."""
        return list(await info.context.audit.terms(person))

    @belongs(Purpose.AUDIT, "How many members object to each purpose at present.", OBJECTION)
    async def objections_in_force(self, info: Info) -> list[ObjectionsInForce]:
        """A row for each objectable purpose."""
        return list(await info.context.audit.in_force())

    @belongs(
        Purpose.AUDIT,
        "Notices to clients about people who object to the use of data that the client received, oldest "
        "first.",
        OBJECTION,
    )
    async def recalls(
        self,
        info: Info,
        *,
        first: arguments.Number = 100,
        after: arguments.AfterNumber = None,
        client: arguments.OneClient = None,
        overdue: arguments.Overdue = False,
    ) -> list[AuditedRecall]:
        """A page of notices."""
        if not 0 <= first <= MAX_PAGE:
            raise Refusal(Code.BAD_USER_INPUT)
        return list(await info.context.audit.recalls(first, number_of(after), client, overdue=overdue))

    @belongs(
        Purpose.AUDIT,
        "How many answers disclosed data, and about how many people, by day, client and purpose. Covers the "
        "last 30 days by default. Returns at most 10,000 rows.",
        DISCLOSURE,
    )
    async def disclosure_counts(
        self, info: Info, since: Since = None, until: Until = None
    ) -> list[DisclosureCount]:
        """Counts of ledger entries."""
        return list(await info.context.statistics.disclosures(since, until))

    @belongs(
        Purpose.AUDIT,
        "How many answers disclosed data, and about how many people, by purpose. Counts each person once in "
        "the whole span. Covers the last 30 days by default.",
        DISCLOSURE,
    )
    async def people_by_purpose(
        self, info: Info, since: Since = None, until: Until = None
    ) -> list[PeopleByPurpose]:
        """Counts of ledger entries."""
        return list(await info.context.statistics.people(since, until))

    @belongs(
        Purpose.AUDIT,
        "How many members object to each purpose, day by day. Covers the last 90 days by default.",
        OBJECTION,
    )
    async def objections_over_time(
        self, info: Info, since: Since = None, until: Until = None
    ) -> list[ObjectionsOnDay]:
        """A row for each day and objectable purpose."""
        return list(await info.context.statistics.objections(since, until))

    @belongs(
        Purpose.AUDIT,
        "One of the reports of `gateway ledger report`. Covers the last 30 days by default.",
        DISCLOSURE,
    )
    async def ledger_report(
        self,
        info: Info,
        name: arguments.ReportName,
        *,
        since: Since = None,
        until: Until = None,
    ) -> LedgerReport | None:
        """Read with the rights of the ledger's owner. The report has no data about a person."""
        return await info.context.reports.report(name, since, until)

    @belongs(
        Purpose.AUDIT,
        "How many requests were refused or slow, by hour, client, purpose and outcome. Covers the last 30 "
        "days by default. Returns at most 10,000 rows. Requests of the last minute may be missing.",
    )
    async def request_tally(self, info: Info, since: Since = None, until: Until = None) -> list[RequestTally]:
        """The counts of all processes."""
        return list(await info.context.statistics.requests(since, until))

    @plumbing(
        "Disclosure",
        "Who received data, oldest first. Under subject access: who received the subject's data, including "
        "the subject's own requests. The answer to this request is not included yet.",
    )
    async def disclosures(
        self,
        info: Info,
        *,
        first: arguments.Number = 100,
        after: arguments.AfterNumber = None,
        person: Annotated[
            str | None,
            argument("Disclosure.people", "Return only entries of the person with this reference."),
        ] = None,
        client: arguments.OneClient = None,
    ) -> list[Disclosure]:
        """A page of the ledger."""
        if not 0 <= first <= MAX_PAGE:
            raise Refusal(Code.BAD_USER_INPUT)
        return list(await info.context.disclosures.page(first, after, person, client=client))

    @belongs(PREFERENCES, "What the person may do about each objectable purpose, and until when.")
    async def objection_eligibility(self, info: Info) -> list[ObjectionEligibility]:
        """An ordinary resolver, like a mutation, because the answer depends on the time."""
        return await info.context.objections.eligibility()
