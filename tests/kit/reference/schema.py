"""What the schema holds, said a second time: its lists, their types and their identifiers."""

from __future__ import annotations

PREFIXES = {
    "MessengerAccount": "ma_",
    "SocialAccount": "sa_",
    "Business": "bu_",
    "MessengerConversation": "mc_",
    "SocialConversation": "sc_",
    "Merchant": "me_",
    "Offer": "of_",
    "CustomerList": "cl_",
}
LISTED = {
    "messengerAccounts": "MessengerAccount",
    "contacts": "MessengerAccount",
    "socialAccounts": "SocialAccount",
    "friends": "SocialAccount",
    "businesses": "Business",
    "messengerConversations": "MessengerConversation",
    "socialConversations": "SocialConversation",
    "businessConversations": "MessengerConversation",
    "offers": "Offer",
    "customerLists": "CustomerList",
}
CONNECTIONS = {
    "messengerAccounts": "MessengerAccountConnection",
    "contacts": "ContactConnection",
    "socialAccounts": "SocialAccountConnection",
    "friends": "FriendConnection",
    "businesses": "BusinessConnection",
    "messengerConversations": "MessengerConversationConnection",
    "socialConversations": "SocialConversationConnection",
    "businessConversations": "BusinessConversationConnection",
    "offers": "OfferConnection",
    "customerLists": "CustomerListConnection",
}
# Root fields that find one object by its identifier, and the types that it may be of.
FOUND = {
    "socialAccount": ("SocialAccount",),
    "business": ("Business",),
    "businessConversation": ("MessengerConversation", "SocialConversation"),
}
# What is in a list, by the types that lead to it: also where the schema says no more than an interface.
HELD = {
    type_: LISTED[list_]
    for list_, connection in CONNECTIONS.items()
    for type_ in (connection, connection.replace("Connection", "Edge"))
}
DAYS = {"openedOn", "lastMessageOn"}
BIGGEST = 2**63 - 1
BAD_INPUT = "BAD_USER_INPUT"
BAD_CURSOR = "CURSOR_REFUSED"
# What a group has at least in these tests; which field of a list counts it by what; what names its entries.
SMALLEST_GROUP = 2
GROUPED = {"byCountryCode": "countryCode", "byCategory": "category", "byStatus": "status"}
NAMING = frozenset({"ids", "phoneNumbers"})
# Asked for in one place of a request, of an account that is named there.
ALONE = ("SocialAccount", "offers")
NOT_ALONE = "ONE_AT_A_TIME"
# Answered by ordinary resolvers, which have tests of their own: no plan, and no document here asks for them.
ASKED = frozenset(
    {
        "disclosureCounts",
        "disclosures",
        "ledgerReport",
        "objectionEligibility",
        "objections",
        "objectionsInForce",
        "objectionsOverTime",
        "peopleByPurpose",
        "policyMatrix",
        "recalls",
        "requestTally",
        "termsAcceptances",
    }
)
