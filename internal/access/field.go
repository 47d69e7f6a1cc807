package access

import "rollcall"

// fields are the groups of a person's fields that an app gets to see (contract
// 5.2). What is withheld has no key in a reply.
type fields struct{ mobile, personal, private bool }

func fieldsOf(app *rollcall.App) fields {
	own := app.Type == rollcall.Internal
	return fields{
		mobile:   own && (app.Holds(rollcall.PermFieldMobile) || app.Holds(rollcall.PermContactMobile)),
		personal: own && app.Holds(rollcall.PermFieldEmail),
		private:  own,
	}
}

// ShowsMobile reports whether the app gets the keys mobile and state_code of a
// person: an internal app with the permission point for it.
func (g *Grant) ShowsMobile() bool { return g.shows.mobile }

// ShowsPersonal reports whether the app gets the keys email, org_email,
// work_place, remark and extension of a person: an internal app with the
// permission point fieldEmail.
func (g *Grant) ShowsPersonal() bool { return g.shows.personal }

// ShowsPrivate reports whether the app gets the keys telephone and hired_date
// of a person and, in lists, exclusive_account: any internal app.
func (g *Grant) ShowsPrivate() bool { return g.shows.private }
