"""Puts values that mean something in the place of some made-up ones.

The fuzzer makes values of the schemas alone. Hardly any of them is the id of a
department or of a person, so that without this most calls would end at "there
is no such department", and the replies of successes would not be seen. What
exists is learned from the replies, and from the environment.
"""

import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import time
import urllib.parse
import urllib.request

import schemathesis
from hypothesis import strategies as st

ENV = {name[9:].lower(): value for name, value in os.environ.items() if name.startswith("ROLLCALL_")}

# What is known to exist, by kind.
POOL = {
    "dept": [1],
    "user": [],
    "unionid": [],
    "mobile": [],
    "role": [],
    "group": [],
    "corp": [ENV["corp"]],
    "key": [ENV["appkey"]],
    "secret": [ENV["appsecret"]],
    "suitekey": [ENV["suite_key"]],
    "suitesecret": [ENV["suite_secret"]],
    "ticket": [ENV["suite_ticket"]],
}
MOST = 5000  # that is kept of a kind

# Which kind a member or parameter is of, by its name in small letters without "_".
KINDS = {
    "dept": "deptid departmentid deptids deptidlist parentid parentdeptid autheddept outerpermitdepts deptpermits",
    "user": "userid userids useridlist manageruserid deptmanageruseridlist orgdeptowner userpermits outerpermitusers autheduser",
    "unionid": "unionid",
    "mobile": "mobile",
    "role": "roleid roleids",
    "group": "groupid",
    "corp": "corpid authcorpid",
    "key": "appkey clientid",
    "secret": "appsecret clientsecret corpsecret",
    "suitekey": "suitekey accesskey",
    "suitesecret": "suitesecret",
    "ticket": "suiteticket",
}
KIND = {name.lower(): kind for kind, names in KINDS.items() for name in names.split()}


def kind_of(name, path):
    """Which kind a name stands for; an id alone is that of the noun in the path."""
    name = name.lower().replace("_", "")
    if name in ("id", "ids"):
        for noun, kind in (("/department/", "dept"), ("/role/", "role")):
            if noun in path:
                return kind
    return KIND.get(name)


def learn(value, path, name=""):
    """Notes what a reply shows to exist."""
    if isinstance(value, dict):
        for member, inner in value.items():
            learn(inner, path, member)
    elif isinstance(value, list):
        for inner in value:
            learn(inner, path, name)
    elif isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
        pool = POOL.get(kind_of(name, path))
        if pool is not None and value not in pool and len(pool) < MOST:
            pool.append(value)


def call(path, **params):
    body = urllib.parse.urlencode({**params, "access_token": ENV["token"]}).encode()
    with urllib.request.urlopen(ENV["url"] + path, body) as reply:
        learn(json.load(reply).get("result"), path)


for dept in POOL["dept"]:  # which grows meanwhile
    call("/topapi/v2/department/listsubid", dept_id=dept)
    call("/topapi/user/listid", dept_id=dept)


def day(ago):
    shanghai = datetime.timezone(datetime.timedelta(hours=8))
    return (datetime.datetime.now(shanghai) - datetime.timedelta(days=ago)).strftime("%Y%m%d")


def signed():
    stamp = str(int(time.time() * 1000))
    text = stamp + "\n" + ENV["suite_ticket"]
    mac = hmac.new(ENV["suite_secret"].encode(), text.encode(), hashlib.sha256)
    return {"timestamp": stamp, "signature": base64.b64encode(mac.digest()).decode()}


# Values that need not exist: days that can be read, and what must be new.
FRESH = {
    "querydate": st.integers(2, 25).map(day),
    "name": st.integers(0, 10**12).map("Name {}".format),
    "rolename": st.integers(0, 10**12).map("Role {}".format),
    "mobile": st.integers(13 * 10**9, 19 * 10**9).map(str),
    "userid": st.integers(0, 10**12).map("new{}".format),
    "email": st.integers(0, 10**12).map("new{}@example.com".format),
}


def taken(kind, many, separator):
    """One of what exists, or several where a list is wanted."""

    def of(indexes):
        pool = POOL[kind] or [1]
        chosen = [pool[i % len(pool)] for i in indexes]
        return separator.join(map(str, chosen)) if many else chosen[0]

    # Numbers are drawn and not the values, as there are more of these each time.
    return st.lists(st.integers(0, MOST), min_size=1, max_size=3 if many else 1).map(of)


def strategy(name, path):
    """What may be put in for a parameter; None where nothing is known."""
    plain = name.lower().replace("_", "")
    kind, fresh = kind_of(name, path), FRESH.get(plain)
    if kind is None:
        return fresh
    many = re.search(r"(ids|list|permits|permitdepts|permitusers)$", plain) is not None
    some = taken(kind, many, ",")
    if many and not path.startswith("/topapi/"):
        some = some | taken(kind, many, "|")
    return some if fresh is None else some | fresh


def meant(context, values):
    """The values with some or all of those that mean something put in."""
    if not isinstance(values, dict):
        return st.just(values)
    path = context.operation.path
    choices = {name: strategy(name, path) for name in values}
    choices = {name: s for name, s in choices.items() if s is not None}
    everything = st.fixed_dictionaries(choices)
    put = st.fixed_dictionaries({}, optional=choices) | everything | everything

    def fill(chosen):
        filled = {**values, **chosen}
        if chosen.get("suiteTicket") and "signature" in filled:
            filled.update(signed())
        return filled

    return put.map(fill)


@schemathesis.hook
def flatmap_query(context, query):
    return meant(context, query)


@schemathesis.hook
def flatmap_body(context, body):
    return meant(context, body)


@schemathesis.hook
def flatmap_path_parameters(context, path_parameters):
    return meant(context, path_parameters)


@schemathesis.hook
def after_call(context, case, response):
    try:
        learn(json.loads(response.content), case.operation.path)
    except ValueError:
        pass  # the checks tell of it
