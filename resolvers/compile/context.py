"""The context in which a purpose's plans are made: its schema, its sources and its cursors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import GraphQLSchema

from resolvers.compile.policy_text import Texts, policy_texts, version_texts
from resolvers.plan.cursors import Cursors
from resolvers.plan.identifiers import (
    IdentifierArguments,
    IdentifierScope,
    PlainArguments,
    SealedArguments,
)
from resolvers.sources.catalogue import Relation
from resolvers.sources.words import ObjectSource
from resolvers.universe.readings import objects_for
from resolvers.universe.views import Owned, owned_relations
from schema.build import build_schemas, fields_of
from schema.policy.matrix import digest
from schema.purposes import Purpose
from schema.query import Query
from schema.terms.words import Belongs, Plumbing, terms_of
from schema.types.disclosures import Disclosure

# The root fields that ordinary resolvers answer, because no plan can.
ASKED = frozenset(
    name
    for name, field in fields_of(Query).items()
    if isinstance(terms_of(field), Belongs) or terms_of(field) == Plumbing(Disclosure.__name__)
)
# Those of them whose answers are about people: all but the policy itself, and the counts of refusals.
TELLS_OF_PEOPLE = ASKED - {"policyMatrix", "requestTally"}

PLAIN, SEALED = PlainArguments(), SealedArguments()


@dataclass(frozen=True)
class PurposeContext:
    """What compiling needs besides the operation: the purpose's schema and the source of every field.

    `constants`: JSON texts for the roots that no store holds, of one object or several. `cursors` opens
    cursors; `policy` is the digest of the policy. `sharded`: the stores are spread over machines, so links
    between groups must be cut. `owned`: the relations of which a token sees only the rows of its principal.
    `names_people`: the answers tell the ledger which people they are about; only a bench does without.
    `identifiers`: how they are read from arguments.
    """

    schema: GraphQLSchema
    objects: Mapping[str, ObjectSource]
    constants: Mapping[str, Texts | tuple[Texts, ...]]
    cursors: Cursors
    purpose: Purpose
    policy: str
    sharded: bool = False
    owned: Mapping[Relation, Owned] = field(default_factory=dict)
    names_people: bool = True
    identifiers: IdentifierArguments = PLAIN

    @property
    def sealed_for(self) -> str:
        """The purpose and the version of the policy, for which each cursor is sealed."""
        return f"{self.purpose}|{self.policy}"


def build_contexts(
    objects: Mapping[str, ObjectSource],
    cursors: Cursors,
    sharded: bool = False,
    *,
    names_people: bool = True,
    scope: IdentifierScope = IdentifierScope.PLAIN,
) -> dict[Purpose, PurposeContext]:
    """The contexts of all purposes. MissingTerms if a field has none, PolicyGap if no view can keep them.

    Each request's variables bring the seal that opens the identifiers of this scope.
    """
    policy = digest()
    return {
        purpose: PurposeContext(
            schema=schema,
            objects=objects_for(objects, purpose),
            constants={"policy": policy_texts(purpose), "policyVersions": version_texts(purpose)},
            cursors=cursors,
            purpose=purpose,
            policy=policy,
            sharded=sharded,
            owned=owned_relations(objects, purpose),
            names_people=names_people,
            identifiers=PLAIN if scope is IdentifierScope.PLAIN else SEALED,
        )
        for purpose, schema in build_schemas().items()
    }
