"""Puts values that mean something in the place of some made-up ones.

The fuzzer makes values of the schemas alone. Hardly any of them is the id of a
department or of a person, so that without this most calls would end at "there
is no such department", and the replies of successes would not be seen. What
exists is learned from the replies, and from the environment.
"""

import base64
import datetime
import functools
import hashlib
import hmac
import json
import os
import re
import time
import urllib.parse
import urllib.request
import zlib

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
MADE = {}  # what calls have made, by kind
MOST = 5000  # that is kept of a kind

# Which kind a member or parameter is of, by its name in small letters without "_".
KINDS = {
    "dept": "department deptid departmentid deptids deptidlist parentid parentdeptid autheddept outerpermitdepts deptpermits deptperimits",
    "user": "userid userids useridlist manageruserid deptmanageruseridlist orgdeptowner userpermits userperimits outerpermitusers autheduser",
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
        kind = kind_of(name, path)
        pool = POOL.get(kind)
        if pool is not None and value not in pool and len(pool) < MOST:
            pool.append(value)
            if re.search("create|add_", path):
                MADE.setdefault(kind, []).append(value)


def call(path, **params):
    body = urllib.parse.urlencode({**params, "access_token": ENV["token"]}).encode()
    with urllib.request.urlopen(ENV["url"] + path, body) as reply:
        learn(json.load(reply), path)


for dept in POOL["dept"]:  # which grows meanwhile
    call("/topapi/v2/department/listsubid", dept_id=dept)
    call("/topapi/user/listid", dept_id=dept)
# What can be changed and deleted: the roles of the demo cannot.
for n in range(20):
    spare = f"Spare {time.time_ns()}"
    call("/topapi/v2/department/create", name=spare, parent_id=1)
    call("/topapi/v2/user/create", name=spare, mobile=12 * 10**9 + time.time_ns() % 10**9, dept_id_list=1)
    call("/role/add_role_group", name=spare)
    call("/role/add_role", roleName=spare, groupId=MADE["group"][-1])


def day(ago):
    shanghai = datetime.timezone(datetime.timedelta(hours=8))
    return (datetime.datetime.now(shanghai) - datetime.timedelta(days=ago)).strftime("%Y%m%d")


def signed():
    stamp = str(int(time.time() * 1000))
    text = stamp + "\n" + ENV["suite_ticket"]
    mac = hmac.new(ENV["suite_secret"].encode(), text.encode(), hashlib.sha256)
    return {"timestamp": stamp, "signature": base64.b64encode(mac.digest()).decode()}


# Values that need not exist, made of a number: days that can be read, and what
# must be new.
FRESH = {
    "querydate": lambda n: day(2 + n % 24),
    "name": "Name {}".format,
    "rolename": "Role {}".format,
    "mobile": lambda n: str(13 * 10**9 + n % (6 * 10**9)),
    "userid": "new{}".format,
    "email": "new{}@example.com".format,
}


def knows(name, path):
    """Whether there are values for a parameter that mean something."""
    return kind_of(name, path) is not None or name.lower().replace("_", "") in FRESH


def value(name, path, n):
    """The n-th of the values for a parameter: one that exists or one that is new.

    A number stands for a value, as there are more values each time.
    """
    plain = name.lower().replace("_", "")
    kind, fresh = kind_of(name, path), FRESH.get(plain)
    if fresh is not None and (kind is None or n % 3 == 0 or not POOL[kind]):
        return fresh(n)
    pool = POOL[kind] or [1]
    if "delete" in path or kind in ("role", "group") and re.search("add|remove|update", path):
        pool = MADE[kind][-20:]  # with nothing in it, mostly
    if not re.search(r"(department|ids|list|perimits|permits|permitdepts|permitusers)$", plain):
        return pool[n % len(pool)]
    separator = "," if path.startswith("/topapi/") else "|"
    return separator.join(str(pool[(n + i) % len(pool)]) for i in range(1 + n % 3))


def consistent(values):
    """A signature is over a time that is now."""
    return {**values, **signed()} if "signature" in values and "timestamp" in values else values


def meant(context, values):
    """The values with some or all of those that mean something put in."""
    if not isinstance(values, dict):
        return st.just(values)
    path = context.operation.path
    choices = {
        name: st.integers(0, 10**12).map(functools.partial(value, name, path)) for name in values if knows(name, path)
    }
    everything = st.fixed_dictionaries(choices)
    put = st.fixed_dictionaries({}, optional=choices) | everything | everything

    def fill(chosen):
        filled = {**values, **chosen}
        return consistent(filled) if "suiteTicket" in chosen else filled

    return put.map(fill)


def plain_value(name, schema, path, n):
    """A value of a parameter that should do."""
    if knows(name, path):
        return value(name, path, n)
    schema = schema.get("anyOf", [schema])[0]
    if "enum" in schema:
        return schema["enum"][0]
    if "examples" in schema:
        return schema["examples"][0]
    return {"integer": schema.get("minimum", 1), "boolean": False}.get(schema.get("type"), "x")


@schemathesis.hook
def before_add_examples(context, examples):
    """Some calls of each operation that should be answered with success."""
    operation = context.operation
    raw, path = operation.definition.raw, operation.path
    first = 2 * zlib.crc32(operation.label.encode())  # what is new is new in each operation
    for n in range(first, first + 12 * 7919, 7919):
        # One half has what is required, the other all that is known.
        wanted = functools.partial(knows, path=path) if n % 2 else lambda name: False
        placed = {"query": {"access_token": ENV["token"]} if raw.get("security") else {}, "path": {}}
        for p in raw.get("parameters", []):
            if p.get("required") or wanted(p["name"]):
                placed[p["in"]][p["name"]] = plain_value(p["name"], p["schema"], path, n)
        parts = {"query": consistent(placed["query"]), "path_parameters": placed["path"]}
        content = raw.get("requestBody", {}).get("content", {})
        if content:
            media_type = sorted(content)[n // 2 % len(content)]
            schema = content[media_type]["schema"]
            names = [x for x in schema["properties"] if x in schema.get("required", []) or wanted(x)]
            body = {name: plain_value(name, schema["properties"][name], path, n) for name in names}
            parts |= {"body": consistent(body), "media_type": media_type}
        examples.append(operation.Case(**parts))


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
