"""A real mail server (aiosmtpd) for the tests.

Started with: FOLDER PORT [starttls|smtps] [USER PASSWORD]; ca.crt, server.crt and server.key are in FOLDER where TLS is wanted.
It prints `listening PORT`, keeps every mail it took as FOLDER/mail/NUMBER.json, and ends with its standard input.
What it does wrong is written into FOLDER/mode at any time:
    refuse ADDRESS   550 for this recipient
    later            451 for every recipient
    content          554 after the content
    sender           553 for our own address
    silent           no greeting, no answer at all
    slow SECONDS     so long before each answer to RCPT and DATA
    late SECONDS     the mail is kept at once, the answer to DATA comes so long afterwards
"""
import asyncio
import itertools
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

FOLDER = pathlib.Path(sys.argv[1])
PORT = int(sys.argv[2])
TLS = sys.argv[3] if len(sys.argv) > 3 else "plain"
LOGIN = tuple(part.encode() for part in sys.argv[4:6])
COUNT = itertools.count(len(list((FOLDER / "mail").glob("*.json"))))


def mode():
    try:
        words = (FOLDER / "mode").read_text().split()
    except FileNotFoundError:
        words = []
    return (words + ["", ""])[:2]


class Post:
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if mode()[0] == "sender":
            return "553 5.7.1 Sender address rejected: not owned by you"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        word, value = mode()
        if word == "slow":
            await asyncio.sleep(float(value))
        if word == "refuse" and value == address:
            return f"550 5.1.1 <{address}>: there is no such canary-answer"
        if word == "later":
            return "451 4.7.1 Greylisted, please come back"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        word, value = mode()
        if word == "slow":
            await asyncio.sleep(float(value))
        if word == "content":
            return "554 5.7.1 Message content rejected: canary-answer"
        kept = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None or TLS == "smtps",
            "authenticated": bool(session.authenticated),
            "content": envelope.content.decode("ascii"),
        }
        number = next(COUNT)
        draft = FOLDER / "mail" / f"{number}.part"
        draft.write_text(json.dumps(kept))
        draft.rename(FOLDER / "mail" / f"{number}.json")
        if word == "late":
            await asyncio.sleep(float(value))
        return f"250 2.0.0 Ok: queued as {number}"


def known(server, session, envelope, mechanism, credentials):
    good = isinstance(credentials, LoginPassword) and (credentials.login, credentials.password) == LOGIN
    return AuthResult(success=good, handled=True) if good else AuthResult(success=False, handled=False)


class Silent(asyncio.Protocol):
    """Takes connections and never says a word."""


def connection(context):
    def make():
        if mode()[0] == "silent":
            return Silent()
        more = {}
        if TLS == "starttls":
            more |= {"tls_context": context, "require_starttls": True}
        if LOGIN:
            more |= {"authenticator": known, "auth_required": True, "auth_require_tls": TLS == "starttls"}
        return SMTP(Post(), hostname="mail.test", loop=asyncio.get_running_loop(), **more)

    return make


async def main():
    context = None
    if TLS != "plain":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(FOLDER / "server.crt", FOLDER / "server.key")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        connection(context), "127.0.0.1", PORT, ssl=context if TLS == "smtps" else None
    )
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    # At once, whatever is under way: a server that goes down asks nobody.
    sys.exit(0)


(FOLDER / "mail").mkdir(exist_ok=True)
asyncio.run(main())
