#!/usr/bin/python3
"""A mail server for tests: takes every message and keeps it in a Maildir.

Prints "listening HOST:PORT" once it listens. Needs Debian's python3-aiosmtpd.
"""
import argparse
import asyncio
import mailbox

from aiosmtpd.smtp import SMTP


class Keep:
    def __init__(self, folder):
        self.box = mailbox.Maildir(folder)

    async def handle_DATA(self, server, session, envelope):
        self.box.add(envelope.content)
        return "250 OK"


async def main():
    args = argparse.ArgumentParser()
    args.add_argument("--dir", required=True)
    args.add_argument("--port", type=int, default=0)
    opts = args.parse_args()
    keep = Keep(opts.dir)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(keep, enable_SMTPUTF8=True, hostname="localhost"), "127.0.0.1", opts.port)
    print("listening 127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
