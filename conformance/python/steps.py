"""Runs the steps of a scenario and reports each in a line, as the runner reads it."""

import os
import sys
import traceback
from contextlib import contextmanager


class Surprise(Exception):
    """The answer is not the expected one."""


_out = sys.stdout
_failed = False
# Some SDKs print as they go; the runner reads nothing but the steps.
sys.stdout = sys.stderr


@contextmanager
def step(name):
    global _failed
    try:
        yield
    except Exception as e:
        _failed = True
        traceback.print_exc(file=sys.stderr)
        why = str(e) if isinstance(e, Surprise) else "%r: %s" % (e, e)
        print("FAILED %s: %s" % (name, " ".join(why.split())), file=_out, flush=True)
    else:
        print("ok " + name, file=_out, flush=True)


def equal(what, got, want):
    if got != want:
        raise Surprise("%s is %r, not %r" % (what, got, want))


def refused(kind, code, call, read=lambda e: e.errcode):
    """Makes a call that has to end in an exception of the SDK with a code; returns it."""
    try:
        got = call()
    except kind as e:
        equal("the code of %r: %s" % (e, e), read(e), code)
        return e
    raise Surprise("it is not refused, but answers %r" % (got,))


def answers(code, reply):
    """Is for SDKs that hand on the reply, whatever its errcode is; returns it."""
    equal("errcode of %r" % (reply,), reply.get("errcode"), code)
    return reply


def env(name):
    """What the runner tells: URL, CORPID, or APP_APPKEY and APP_APPSECRET of an app."""
    return os.environ["CONFORMANCE_" + name]


def end():
    sys.exit(1 if _failed else 0)
