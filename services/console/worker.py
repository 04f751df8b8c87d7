"""The console's shell: the application made of what it is given, the server that hands it requests, the sweeping."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from intergestan_db.bells import Bells
from intergestan_db.database import Database
from intergestan_erp.people.invitations import sweep_invitations
from intergestan_erp.people.once import sweep_once
from intergestan_erp.people.sessions import STRICT, USUAL, Lifetime, sweep_sessions
from intergestan_erp.people.throttle import sweep_throttles
from intergestan_operations.acting.ringing import ring_with
from intergestan_operations.opening.outage import ANY_REFUSAL, tell_outage
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.health import HealthServer
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.service import Loop
from intergestan_runtime.settings import ConsoleSettings, HeartbeatSettings, NoticeSettings, SiteSettings
from intergestan_runtime.tracing import NO_TRACER, Tracer
from services.console.access.second_factor import SecondFactors
from services.console.app import ROUTES
from services.console.asgi import Application
from services.console.fixed import Fixed
from services.console.known_site import KnownSite
from services.console.pictures import Pictures
from services.console.readers import Readers
from services.console.rendering import Renderer

if TYPE_CHECKING:
    from intergestan_exchange.mail_accounts.discovery import Ask
    from intergestan_operations.checks.checkup import CheckedSettings
    from intergestan_operations.sign_in.openid import OpenIdLogin
    from services.console.live import Watcher
    from services.console.working import Runs

_log = structlog.get_logger(__name__)
_PORT_S = 2.0
_SWEEP_S = 3600.0
_STOP_S = 2
_TICK_S = 0.5


class NothingSet:
    """The settings of a site that sets nothing."""

    def __init__(self) -> None:
        self.site = SiteSettings()
        self.notices = NoticeSettings()
        self.heartbeats = HeartbeatSettings()


class Console:
    """What all pages share: the database, the settings, templates, static files, and who the site is."""

    def __init__(
        self,
        database: Database,
        own: ConsoleSettings,
        answer_hours: int,
        broker: BellBroker | None = None,
        tracer: Tracer = NO_TRACER,
        metrics: Metrics | None = None,
        key_file: Path | None = None,
        checked: CheckedSettings | None = None,
    ) -> None:
        """:param broker: by which it rings for what an act made due; without one the dispatcher finds it.
        :param key_file: of second factors; without one nobody sets one up.
        :param checked: the settings that the diagnosis looks at; those of a site that sets nothing.
        """
        self.database = database
        self.own = own
        self.second_factors = SecondFactors(key_file)
        self.tracer = tracer
        self.answer_hours = answer_hours
        self.checked = checked or NothingSet()
        self._metrics = metrics
        self._broker = broker
        self._later: list[tuple[datetime, Bells]] = []
        self._later_lock = threading.Lock()
        self.fixed = Fixed.read()
        self.renderer = Renderer(self.fixed.urls)
        self.site = KnownSite(database)
        self.pictures = Pictures(database, answer_hours)
        self.readers = Readers()
        self.lifetime: Lifetime = STRICT if own.strict_sessions else USUAL
        self.application = Application(self, ROUTES)

    def note_answer(self, page: str, status: int, seconds: float) -> None:
        """Count an answer by its page and the first digit of its status."""
        if self._metrics is not None:
            self._metrics.observe("page_seconds", seconds, page=page, status=f"{status // 100}xx")

    @cached_property
    def watcher(self) -> Watcher:
        """By whom those who listen are woken."""
        from services.console.live import Watcher

        return Watcher(self.database)

    def end_streams(self) -> None:
        """Let those who listen go, where anybody ever did."""
        if "watcher" in self.__dict__:
            self.watcher.end()

    @cached_property
    def firm_login(self) -> OpenIdLogin | None:
        """The firm's own login, where it has one."""
        from intergestan_operations.sign_in.openid import OpenIdLogin
        from intergestan_runtime.secrets import Secrets

        own, site = self.own, self.checked.site
        if own.oidc_issuer is None or own.oidc_client_id is None:
            return None
        return OpenIdLogin(
            issuer=own.oidc_issuer,
            client_id=own.oidc_client_id,
            client_secret=lambda: (
                None
                if own.oidc_secret is None
                else Secrets(site.secrets_dir).get(own.oidc_secret).get_secret_value().strip()
            ),
            clock=lambda: self.database.now().timestamp(),
            ca_file=None if own.oidc_ca_file is None else str(own.oidc_ca_file),
        )

    @cached_property
    def runs(self) -> Runs:
        """The runs of invoices that go on beside the pages."""
        from services.console.working import Runs

        return Runs(self.database)

    def end_runs(self) -> None:
        """Let them finish what they write, where there ever was one."""
        if "runs" in self.__dict__:
            self.runs.end()

    @cached_property
    def network(self) -> Ask:
        """How the servers of a mail address are asked for."""
        from intergestan_operations.mail_trial.network import Network

        return Network().ask()

    def ring(self, bells: Bells, at: datetime | None = None) -> None:
        """Ring for what became due, or will be at that instant. A lost bell costs seconds."""
        if self._broker is None:
            return
        if at is None:
            ring_with(self._broker, bells)
        else:
            with self._later_lock:
                self._later.append((at, bells))

    def ring_what_is_due(self) -> None:
        """Ring for what has become due meanwhile."""
        if self._broker is None or not self._later:
            return
        now = self.database.now()
        with self._later_lock:
            due = [bells for at, bells in self._later if at < now]
            self._later = [(at, bells) for at, bells in self._later if at >= now]
        for bells in due:
            ring_with(self._broker, bells)


def serving(console: Console, health: HealthServer) -> Loop:
    """A loop that serves the pages. A port that somebody else has is waited for: orders do not end over it."""
    state = _Serving()
    health.ready_when("pages", lambda: state.wrong)

    def serve(stop: threading.Event) -> None:
        listening = _listen(console.own, stop, state)
        if listening is not None:
            _serve(console, listening, stop, state)

    return serve


class _Serving:
    """Whether the pages are there. `ticked`: when the loop of events last came round."""

    def __init__(self) -> None:
        self.wrong: str | None = "The pages do not listen yet."
        self.ticked = time.monotonic()

    async def tick(self) -> None:
        self.ticked = time.monotonic()


def _listen(own: ConsoleSettings, stop: threading.Event, state: _Serving) -> socket.socket | None:
    while not stop.is_set():
        try:
            family = socket.AF_INET6 if ":" in own.address else socket.AF_INET
            listening = socket.create_server((own.address, own.port), family=family, backlog=256)
        except OSError as error:
            said = f"Port {own.port} of {own.address} cannot be opened: {error.strerror}."
            if said != state.wrong:
                _log.warning("The pages wait for their port.", address=own.address, port=own.port, why=error.strerror)
            state.wrong = said
            stop.wait(_PORT_S)
        else:
            state.wrong = None
            _log.info("The pages listen.", address=own.address, port=listening.getsockname()[1], url=own.url)
            return listening
    return None


def _serve(console: Console, listening: socket.socket, stop: threading.Event, state: _Serving) -> None:
    import uvicorn

    from services.console.access.peers import Peers

    own = console.own
    server = uvicorn.Server(
        uvicorn.Config(
            Peers(console.application, own) if own.behind_proxy else console.application,
            http="httptools",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            limit_concurrency=200,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=_STOP_S,
            timeout_notify=5,
            callback_notify=state.tick,
            ssl_certfile=own.tls_certificate_file,
            ssl_keyfile=own.tls_key_file,
        )
    )
    failed: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(server.serve(sockets=[listening]))
        except BaseException as error:  # noqa: BLE001 - the loop raises it
            failed.append(error)

    state.ticked = time.monotonic()
    thread = threading.Thread(target=run, name="pages", daemon=True)
    thread.start()
    while not stop.wait(_TICK_S):
        if not thread.is_alive():
            raise RuntimeError("The server of the pages ended.") from (failed[0] if failed else None)
        if time.monotonic() - state.ticked > own.live_seconds:
            raise RuntimeError("The server of the pages does not come round.")
    console.end_streams()
    console.end_runs()
    server.should_exit = True
    thread.join(_STOP_S * 2)


def ringing(console: Console) -> Loop:
    """A loop that rings for what may be taken back no more; what is lost with the process the dispatcher finds."""

    def ring(stop: threading.Event) -> None:
        while not stop.wait(_TICK_S):
            console.ring_what_is_due()

    return ring


def sweeping(database: Database) -> Loop:
    """A loop that deletes sessions, invitations, counts of tries and outcomes of forms that are over."""

    def sweep(stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                now: Any = database.now()
                with database.transaction() as connection:
                    sweep_sessions(connection, now)
                    sweep_invitations(connection, now)
                    sweep_throttles(connection, now)
                    sweep_once(connection, now)
            except ANY_REFUSAL as error:
                tell_outage(error, "What is over of sessions stays for now.")
            stop.wait(_SWEEP_S)

    return sweep
