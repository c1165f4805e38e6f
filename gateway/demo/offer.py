"""The demo's part of the console: tokens of made-up people, and example questions about their data.

Both are explained in the console's two languages, English and German.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.console.facts import DemoOffer
from gateway.demo.examples import EXAMPLES, SIDE_BY_SIDE, SIDES
from gateway.demo.persons import ADA, BEN, CLEO, DEMO_BOUND, Person
from resolvers.plan.principal import NO_PRINCIPAL, Principal
from schema.purposes import Purpose

# The field `registeredAt` does not exist for ads.
COMPARED = SIDE_BY_SIDE.replace("phone usage", "phone registeredAt usage")
OWN_PURPOSES = (Purpose.SUBJECT_ACCESS, Purpose.PREFERENCES)


@dataclass(frozen=True)
class Holder:
    """The holder of a token in the demo's console, and its purposes; `person` if it is one of PERSONS."""

    name: str
    about: Mapping[str, str]
    purposes: tuple[Purpose, ...]
    principal: Principal
    person: Person | None = None


def _of(name: str, person: Person, *, english: str, german: str) -> Holder:
    about = {"en": f"{person.name}: {english}", "de": f"{person.name}: {german}"}
    return Holder(name, about, OWN_PURPOSES, Principal(person.member, person.person), person)


HOLDERS = (
    Holder(
        "EXPLORER",
        {"en": "All purposes, to look around", "de": "Alle Zwecke, zum Umsehen"},
        tuple(Purpose),
        DEMO_BOUND,
    ),
    _of(
        "ADA",
        ADA,
        english="objected, sees her own data",
        german="hat widersprochen, sieht ihre eigenen Daten",
    ),
    _of("BEN", BEN, english="may still object", german="darf noch widersprechen"),
    _of("CLEO", CLEO, english="joined too late to object", german="kam zu spät, um zu widersprechen"),
    Holder(
        "OFFICER",
        {"en": "Data protection officer", "de": "Datenschutzbeauftragte"},
        (Purpose.AUDIT,),
        NO_PRINCIPAL,
    ),
)

# What to look at in each answer, in German; EXAMPLES has the English sentences.
GERMAN = {
    Purpose.ADS_PERSONALIZATION: "Die Frage nennt Ada und Ben. Ada hat widersprochen: Sie fehlt, auch in "
    "der Anzahl.",
    Purpose.OFFER_MATCHING: "Das Token eines Händlers: seine eigenen Angebote und Listen. Wem ein Angebot "
    "gezeigt wird, steht in keinem Feld.",
    Purpose.FRIEND_SUGGESTIONS: "Eva steht in beiden Adressbüchern. Ada hat widersprochen: Für sie ist Eva "
    "nur eine Freundin von Ben, und die Nummer aus dem Messenger findet niemanden.",
    Purpose.INFRASTRUCTURE: "Diesem Zweck kann man nicht widersprechen: Adas Nummer ist sichtbar. Das "
    "soziale Netzwerk ist es nicht. Gruppen unter hundert fehlen in den Zählungen.",
    Purpose.SECURITY: "Gefunden über die Nummer, die Werbung nicht sehen darf; Namen und die Größe des "
    "Adressbuchs sind da.",
    Purpose.BUSINESS_MESSAGING: "Das Token eines Unternehmens: Dass Ada auch mit einem anderen spricht, "
    "steht nicht da. Manche haben kein Konto im Netzwerk.",
    Purpose.SUBJECT_ACCESS: "Adas Token: alles, was über sie da ist, in einer Frage; von allen ist nur sie "
    "da. Ihr Widerspruch verbirgt ihr selbst nichts.",
    Purpose.PREFERENCES: "Auch ihres: Seit wann sie dabei ist, entscheidet, ob sie widersprechen darf; keine "
    "Nummer, kein Name, kein Adressbuch.",
    Purpose.AUDIT: "Die Datenschutzbeauftragte: wie viele widersprechen, der Verlauf unter Pseudonymen, und "
    "was gilt.",
}


def offer(tokens: Mapping[str, str]) -> DemoOffer:
    """Return the tokens and examples that the console shows. `tokens` maps holders' names to tokens."""
    return DemoOffer(
        tokens=[
            {
                "name": holder.name,
                "about": holder.about,
                "purposes": holder.purposes,
                "token": tokens[holder.name],
                "messenger": holder.person and f"ma_{holder.person.member}",
                "social": holder.person and f"sa_{holder.person.person}",
            }
            for holder in HOLDERS
        ],
        examples=[
            *(
                {
                    "purpose": purpose,
                    "document": example.document,
                    "variables": {},
                    "look": {"en": example.look, "de": GERMAN[purpose]},
                }
                for purpose, example in EXAMPLES.items()
            ),
            {
                "purpose": SIDES[0],
                "beside": SIDES[1],
                "document": COMPARED,
                "variables": {"id": f"sa_{ADA.person}"},
                "look": {
                    "en": "Ada objected to ads. Where objecting is not possible, nothing changes.",
                    "de": "Ada hat Werbung widersprochen. Wo das nicht möglich ist, ändert sich nichts.",
                },
            },
        ],
    )
