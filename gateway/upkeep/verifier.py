"""Judges both stores every second, and opens or closes the gates of the objectable purposes.

A process has one verifier. It has one connection to each database, as the roles that write objections. A new
connection of an objectable purpose waits for a judgement that began after it was opened (`judged`), so that
no connection to an unverified server is ever used.

    no doubt     the store's gate is open to the server that was judged
    a doubt      the gate is closed: STORE_UNAVAILABLE for the objectable purposes of this store alone
    unbound      the gate is closed: a look at the store's effect found that an objection may not bind
    undecided    objections came in all the time: the gate stays as it is, until it closes itself

A doubt that the gateway can repair wakes the reconciler. A store that is ahead of `control` means that
`control` was restored: the verifier records that once, and `TokenBook` refuses the tokens from before.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.upkeep.effect import log_differences, unbinding
from resolvers.changes.history import Ask, note
from resolvers.changes.verification import REPAIRABLE, Doubt, Verdict, judge
from resolvers.sources.catalogue import Store
from resolvers.stores.gate import StoreGate
from resolvers.stores.pool import StoreUnavailable
from resolvers.stores.serial_connection import SerialConnection

if TYPE_CHECKING:
    from resolvers.stores.pool import StoreLogin
    from resolvers.universe.difference import Difference

log = logging.getLogger("gateway.upkeep.verifier")

VERIFY_SECONDS = 1.0
# Of each statement, so that a store that hangs is found before the other store's gate closes itself.
STORE_TIMEOUT_SECONDS = 3.0
KEEPERS = (Store.SOCIAL, Store.MESSENGER)

_RESTORED = "SELECT control.note_restoration()"
_UNCOVERED = """
SELECT r.tokens FROM control.revision r
WHERE EXISTS (SELECT FROM control.store_state s WHERE s.tokens < r.tokens)
"""
_COVERED = "UPDATE control.store_state SET tokens = $1 WHERE tokens < $1"

ADVICE: Mapping[Doubt, str] = {
    Doubt.UNREACHABLE: "check the store and the role {store}_objections",
    Doubt.STANDBY: "let GATEWAY_{setting}_DSN lead to the primary server",
    Doubt.AHEAD: "run `gateway objection rebuild`",
    Doubt.BEHIND: "a running gateway repairs it within seconds, or run `gateway objection recover`",
    Doubt.DIFFERS: "a running gateway repairs it within seconds, or run `gateway objection recover`",
    Doubt.UNBOUND: "run `gateway doctor`, which says what differs",
    Doubt.OTHER_SERVER: "a running gateway verifies it within seconds, or run `gateway objection recover`",
    Doubt.UNVERIFIED: "the first start of a gateway does, or run `gateway objection recover`",
}


def sentence_of(store: str, doubt: Doubt) -> str:
    """Why the store is refused for objectable purposes, and what to do."""
    return f"{doubt.value}: {ADVICE[doubt].format(store=store, setting=store.upper())}"


class StoreVerifier:
    """The gates of both stores, and the reason why one is closed.

    `monotonic` is a clock that never jumps. `repairable` is set while the reconciler has something to repair.
    """

    def __init__(self, logins: Mapping[str, StoreLogin], monotonic: Callable[[], float]) -> None:
        self.gates: Mapping[Store, StoreGate] = {store: StoreGate(self.judged) for store in KEEPERS}
        self.doubts: dict[str, Doubt] = {}
        self.unbound: set[Store] = set()
        self.repairable = asyncio.Event()
        self._connections = {
            name: SerialConnection(replace(login, request_timeout_s=STORE_TIMEOUT_SECONDS))
            for name, login in logins.items()
        }
        self._monotonic = monotonic
        self._judged_at = -math.inf
        self._is_compared = False
        self._wanted = asyncio.Event()
        self._judgements = asyncio.Condition()

    async def judged(self) -> bool:
        """Return after a judgement that began after this call: whether any store was compared."""
        begun = self._monotonic()
        async with self._judgements:
            self._wanted.set()
            await self._judgements.wait_for(lambda: self._judged_at >= begun)
            return self._is_compared

    async def compared(self) -> None:
        """Return once `control` was compared with a store, after this call.

        If `control` was restored from a backup, that is recorded there before this returns.
        """
        while not await self.judged():
            await asyncio.sleep(VERIFY_SECONDS)

    async def keep_judging(self) -> None:
        """Judge every second, and when asked to, until cancelled."""
        while True:
            await self.judge_now()
            with suppress(TimeoutError):
                async with asyncio.timeout(VERIFY_SECONDS):
                    await self._wanted.wait()

    async def judge_now(self) -> None:
        """Judge both stores once, and set their gates."""
        if self._wanted.is_set():
            # A new connection may have reached another server than these, which are older.
            self._reconnect(self._connections)
        self._wanted.clear()
        begun = self._monotonic()
        is_compared = False
        try:
            verdicts = await judge(self._control, self._stores)
            self._take(verdicts)
            await self._follow(verdicts)
            is_compared = any(each.doubt is not Doubt.UNREACHABLE for each in verdicts.values())
        except StoreUnavailable:
            # The gates close by themselves unless a later judgement comes in time.
            log.warning("The stores could not be verified: a database does not answer.")
        except Exception as exception:
            log.warning("The stores could not be verified.", exc_info=exception)
        # Together: another judgement may begin before those who wait have read them.
        self._judged_at, self._is_compared = begun, is_compared
        async with self._judgements:
            self._judgements.notify_all()

    def take_effect(self, store: Store, found: Sequence[Difference]) -> None:
        """Keep the store's gate closed from now on if an objection may not bind because of a difference.

        `found`: all differences of the latest look at the store (`gateway/upkeep/effect.py`).
        """
        log_differences(store, found)
        if unbinding(found):
            self.unbound.add(store)
            self.gates[store].close()
            self._note_doubt(store.value, Doubt.UNBOUND)
        else:
            self.unbound.discard(store)

    def refused(self) -> dict[str, str]:
        """Why objectable purposes are refused a store, and what to do, by the store's name."""
        return {
            store.value: sentence_of(store, self.doubts.get(store.value, Doubt.UNREACHABLE))
            for store, gate in self.gates.items()
            if not gate.is_open
        }

    def close(self) -> None:
        """Close the connections and the gates."""
        self._reconnect(self._connections)
        for gate in self.gates.values():
            gate.close()

    def _reconnect(self, names: Iterable[str]) -> None:
        for name in names:
            self._connections[name].close()

    @property
    def _control(self) -> Ask:
        return self._connections["control"].run

    @property
    def _stores(self) -> list[tuple[str, Ask]]:
        return [(store.value, self._connections[store].run) for store in KEEPERS]

    def _take(self, verdicts: Mapping[str, Verdict]) -> None:
        for store, gate in self.gates.items():
            verdict = verdicts.get(store)
            if verdict is None:
                continue
            doubt = verdict.doubt or (Doubt.UNBOUND if store in self.unbound else None)
            if doubt is None and verdict.incarnation is not None:
                gate.open_to(verdict.incarnation)
                if self.doubts.pop(store.value, None):
                    log.warning("A store is verified again.", extra={"store": store.value})
                continue
            gate.close()
            self._reconnect([store])
            self._note_doubt(store.value, doubt)

    def _note_doubt(self, store: str, doubt: Doubt | None) -> None:
        if doubt is not None and self.doubts.get(store) is not doubt:
            self.doubts[store] = doubt
            log.error(
                "A store is refused for objectable purposes.",
                extra={"store": store, "why": sentence_of(store, doubt)},
            )

    async def _follow(self, verdicts: Mapping[str, Verdict]) -> None:
        """Wake the reconciler, record that control was restored, or let the stores cover a new token."""
        doubts = {each.doubt for each in verdicts.values()}
        if Doubt.AHEAD in doubts:
            await self._control(_RESTORED)
        elif doubts & REPAIRABLE:
            self.repairable.set()
        elif doubts == {None}:
            await self._cover_tokens()

    async def _cover_tokens(self) -> None:
        """Bring the stores' position beyond the latest change of a token.

        If `control` is restored to before that change, the stores are ahead of it.
        """
        for (tokens,) in await self._control(_UNCOVERED):
            await note(self._stores, self._control)
            await self._control(_COVERED, tokens)


@asynccontextmanager
async def open_verifier(
    logins: Mapping[str, StoreLogin], monotonic: Callable[[], float]
) -> AsyncIterator[StoreVerifier]:
    """A verifier that judged once, and judges every second while the block runs."""
    verifier = StoreVerifier(logins, monotonic)
    await verifier.judge_now()
    judging = asyncio.create_task(verifier.keep_judging(), name="verifier")
    try:
        yield verifier
    finally:
        judging.cancel()
        await asyncio.gather(judging, return_exceptions=True)
        verifier.close()
