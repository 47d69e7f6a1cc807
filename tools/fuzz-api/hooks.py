"""Puts values that exist in the organization in the place of some made-up ones.

The fuzzer makes values of the schemas alone. Hardly any of them is the id of a
department or of a person, so that without this most calls would end at "there
is no such department", and the replies of successes would not be seen.
"""

import datetime
import json
import os
import urllib.parse
import urllib.request

import schemathesis
from hypothesis import strategies as st

BASE = os.environ["ROLLCALL_URL"]
TOKEN = os.environ["ROLLCALL_TOKEN"]


def call(path, **params):
    params["access_token"] = TOKEN
    body = urllib.parse.urlencode(params).encode()
    with urllib.request.urlopen(BASE + path, body) as reply:
        return json.load(reply)["result"]


def tree(dept):
    for child in call("/topapi/v2/department/listsubid", dept_id=dept)["dept_id_list"]:
        yield child
        yield from tree(child)


def days():
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()
    return [(today - datetime.timedelta(days=n)).strftime("%Y%m%d") for n in range(2, 25)]


DEPTS = [1, *tree(1)]
USERS = [u for d in DEPTS[:20] for u in call("/topapi/user/listid", dept_id=d)["userid_list"]]

# By the name of the parameter, in small letters without "_".
KNOWN = {
    "deptid": DEPTS,
    "deptids": [",".join(map(str, DEPTS[i : i + 3])) for i in range(0, len(DEPTS), 3)],
    "querydate": days(),
    "appkey": [os.environ["ROLLCALL_APPKEY"]],
    "appsecret": [os.environ["ROLLCALL_APPSECRET"]],
}


def known(values):
    """Values with some of those whose parameter is known put in."""
    if not isinstance(values, dict):
        return st.just(values)
    choices = {name: KNOWN[key(name)] for name in values if key(name) in KNOWN}
    some = st.fixed_dictionaries({}, optional={name: st.sampled_from(c) for name, c in choices.items()})
    return some.map(lambda chosen: {**values, **chosen})


def key(name):
    return name.lower().replace("_", "")


@schemathesis.hook
def flatmap_query(context, query):
    return known(query)


@schemathesis.hook
def flatmap_body(context, body):
    return known(body)
