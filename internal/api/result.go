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
