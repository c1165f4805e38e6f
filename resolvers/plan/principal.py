"""What a request's caller adds to its variables: the token's principal, and the seal of its identifiers.

Under some purposes a token speaks for one person, merchant or business and sees what belongs to them. The
catalogue names the columns that say whose a row is. The renderer compares them with an `OwnKey` wherever the
relation is used. Its value comes with the variables of the request, so one plan serves all tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graphql.execution.values import VariableValues

from resolvers.plan.identifiers import Seal
from resolvers.plan.parameters import Parameter
from resolvers.sources.catalogue import Store
from schema.purposes import ABOUT, PrincipalKind, Purpose


class Own(StrEnum):
    """The owner of a row; the value is the name of the field of `Principal` that holds the key."""

    MESSENGER = "messenger_id"
    SOCIAL = "social_id"
    MERCHANT = "merchant_id"
    BUSINESS = "business_id"

    __hash__ = str.__hash__

    @property
    def store(self) -> Store | None:
        """The store whose account the key names; None if it names no person's account."""
        return {"messenger_id": Store.MESSENGER, "social_id": Store.SOCIAL}.get(self)


@dataclass(frozen=True, slots=True)
class Principal:
    """What a token speaks for; NO_PRINCIPAL if it speaks for nothing.

    A subject is a person: their account on the messenger, on the social network, or both.
    """

    messenger_id: int | None = None
    social_id: int | None = None
    merchant_id: int | None = None
    business_id: int | None = None

    def under(self, purpose: Purpose) -> Principal | None:
        """The part of it that counts under the purpose; None if the purpose needs one that is not there."""
        match ABOUT[purpose].principal:
            case None:
                return NO_PRINCIPAL
            case PrincipalKind.SUBJECT if self.messenger_id is not None or self.social_id is not None:
                return Principal(messenger_id=self.messenger_id, social_id=self.social_id)
            case PrincipalKind.MERCHANT if self.merchant_id is not None:
                return Principal(merchant_id=self.merchant_id)
            case PrincipalKind.BUSINESS if self.business_id is not None:
                return Principal(business_id=self.business_id)
        return None

    def __str__(self) -> str:
        """As the command line takes it: ``subject ma_5, subject sa_7``; empty for NO_PRINCIPAL."""
        named = (
            ("subject ma_", self.messenger_id),
            ("subject sa_", self.social_id),
            ("merchant ", self.merchant_id),
            ("business ", self.business_id),
        )
        return ", ".join(f"{name}{number}" for name, number in named if number is not None)


NO_PRINCIPAL = Principal()


class CallerVariables(VariableValues):
    """A request's variables, its token's principal, and its seal; None where identifiers are plain."""

    principal: Principal
    seal: Seal | None


def with_caller(variables: VariableValues, principal: Principal, seal: Seal | None = None) -> CallerVariables:
    """The variables, for identifiers in arguments and statements that ask for the principal's own rows."""
    complete = CallerVariables(*variables)
    complete.principal, complete.seal = principal, seal
    return complete


def seal_of(variables: VariableValues) -> Seal | None:
    """The seal of the request's identifiers, in its arguments and its answer."""
    return variables.seal if isinstance(variables, CallerVariables) else None


@dataclass(frozen=True, eq=False)
class OwnKey(Parameter):
    """A parameter whose value is the principal's key; NULL, which equals no key, if there is none."""

    own: Own


def _own_key(own: Own) -> OwnKey:
    # Variables without a principal have no such attribute: a mistake fails, and never reads all rows.
    return OwnKey("bigint", lambda variables: getattr(variables.principal, own), own)  # type: ignore[attr-defined]


OWN_KEYS = {own: _own_key(own) for own in Own}


def caller_text(variables: VariableValues) -> str:
    """The caller's part of what a cursor is sealed for: another principal's token cannot use it.

    Where identifiers are a client's own, cursors are too: they name the same objects.
    """
    if not isinstance(variables, CallerVariables):
        return ""
    client = f"client {variables.seal.client}|" if variables.seal and variables.seal.client else ""
    return client if variables.principal is NO_PRINCIPAL else f"{client}{variables.principal}|"
