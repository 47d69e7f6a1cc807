// Package rollcall is the vocabulary of the system and the contracts between
// its parts. It imports only the standard library; everything else imports it.
//
// # What the system is
//
// Rollcall keeps one or more organizations: who is in them, in which
// departments, and on which days each person signed in. It answers in the wire
// format of the DingTalk server API, so that a program written for that API
// runs against it with only its base URL changed.
//
// Three ideas carry everything:
//
//   - One write path. Whatever changes an organization becomes a list of
//     [Change] values from one closed set. They are checked against the newest
//     state, committed with the organization's next version number, and only
//     then visible and acknowledged: durable, then visible, then answered. One
//     transaction is one version.
//   - One read model. Each organization in memory hangs on one root. A request
//     loads the root once and reads one version from start to end, without a
//     lock and without SQL. Whoever holds an old root keeps that version.
//   - One log. The committed changes, in version order, are what other
//     processes follow and what an audit reads.
//
// Sign-ins are not changes and do not move the version; they are bitmaps, one
// for each day, that move a feed number of their own. The first sign-in of a
// person activates the account, and that is a change.
//
// # Glossary
//
//   - organization, corp: one tenant. Nothing is shared between two of them.
//   - department, dept_id: a node of the organization's tree; the root is 1.
//   - person, user, userid: a member of the organization. The same userid is
//     the same person for ever, also after leaving and coming back.
//   - ordinal: the dense number that a person gets on first coming in. It is
//     never reused; bitmaps and arrays are indexed by it.
//   - membership: a person's belonging to one department, with the order,
//     leader mark and title there.
//   - active, activated: the account was used at least once. Unrelated to
//     signing in on a given day.
//   - day: a calendar day in the organization's time zone.
//   - roster of a day: who belonged to the organization at the end of the day.
//   - version: counts the committed transactions of an organization.
//   - feed: counts the committed batches of sign-ins of an organization.
//   - app, appkey, appsecret: a client program and its credentials.
//   - permission point: a right that an app holds, such as qyapi_get_member.
//   - contact scope: the departments, with all below them, that an app may see.
//   - walk: the reading of one department's list page by page.
package rollcall
