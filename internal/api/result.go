package api

import "rollcall/internal/wire"

// What several replies have in common.

// userid is the id of a person in a reply.
func userid() wire.Schema { return wire.Text.Like(`"manager4220"`) }

// pageOf is one page of a list of things of a kind (contract D5).
func pageOf(of wire.Schema, doc string) wire.Schema {
	return wire.Object(
		wire.Prop("has_more", wire.Boolean, "Whether there are more pages."),
		wire.Prop("list", wire.List(of), doc),
		wire.Optional("next_cursor", wire.Integer.Like("10"), "only when has_more is true", "Where the next page begins."),
	)
}

// internalOnly says that a member is withheld from third-party apps.
const internalOnly = "only for internal apps"

// tokenResult is a token under some name, and how long it lives.
func tokenResult(name, doc string) wire.Schema {
	return wire.Object(
		wire.Prop(name, wire.Text.Like(`"e89b34b7bf66094d507217ca8a54239a7b321905"`), doc),
		wire.Prop("expires_in", wire.Integer.Like("7200"), "For how many seconds it is good from now on."),
	)
}
