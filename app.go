package rollcall

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// AppType says whose program an app is.
type AppType string

// The app types.
const (
	Internal   AppType = "internal"
	ThirdParty AppType = "third_party"
)

// Permission is the name of a permission point.
type Permission string

// The permission points (contract 2 to 7).
const (
	PermBase             Permission = "qyapi_base"
	PermISVBase          Permission = "isvapi_base"
	PermMember           Permission = "qyapi_get_member"
	PermDepartmentMember Permission = "qyapi_get_department_member"
	PermMemberByMobile   Permission = "qyapi_get_member_by_mobile"
	PermDepartmentList   Permission = "qyapi_get_department_list"
	PermManageAddress    Permission = "qyapi_manage_addresslist"
	PermLiveness         Permission = "qyapi_liveness_base"
	PermFieldMobile      Permission = "fieldMobile"
	PermFieldEmail       Permission = "fieldEmail"
	PermContactMobile    Permission = "Contact.User.mobile" // newer name of fieldMobile

	// Of our own calls.
	PermSignInWrite    Permission = "rollcall_signin_write"    // record sign-ins
	PermSignInBackfill Permission = "rollcall_signin_backfill" // also for days that are closed
	PermActivityRead   Permission = "rollcall_activity_read"   // every question about sign-ins
	PermContactsRead   Permission = "rollcall_contacts_read"   // the whole organization, and what changes
	PermSandbox        Permission = "rollcall_sandbox"         // set the clock of a sandbox
)

// Permissions lists every permission point there is.
func Permissions() []Permission {
	return []Permission{
		PermBase, PermISVBase, PermMember, PermDepartmentMember, PermMemberByMobile,
		PermDepartmentList, PermManageAddress, PermLiveness, PermFieldMobile, PermFieldEmail, PermContactMobile,
		PermSignInWrite, PermSignInBackfill, PermActivityRead, PermContactsRead, PermSandbox,
	}
}

// App is a client program that may call.
type App struct {
	Appkey      string       `json:"appkey"`
	Name        string       `json:"name"`
	Type        AppType      `json:"type"`
	Permissions []Permission `json:"permissions"`
	// ScopeDepts is the contact scope; no entry, and none in ScopeUsers, means
	// the whole organization (contract D13).
	ScopeDepts []DeptID `json:"scope_depts,omitempty"`
	// ScopeUsers are people by userid who belong to the contact scope beside
	// the departments. They count for calls about one person only (contract
	// D13); with people alone no department is in the scope.
	ScopeUsers []string `json:"scope_users,omitempty"`
	// AllowedIPs are the addresses from which the app may call; no entry means
	// any.
	AllowedIPs []netip.Prefix `json:"allowed_ips,omitempty"`
	// Rate is how often a second the app may make one and the same call; 0 is
	// as often as it likes.
	Rate int `json:"rate,omitempty"`
	// TicketGeneration counts how often the suite ticket of a third-party app
	// was made anew.
	TicketGeneration int `json:"ticket_generation,omitempty"`
	// AnyTicket marks a third-party app whose suite ticket is not looked at, as
	// with apps that were made to order for one organization.
	AnyTicket bool `json:"any_ticket,omitempty"`
	// SecretHash is a keyed hash of the appsecret, in hex. The key lies
	// outside the database, so that the hash alone is of no use.
	SecretHash string `json:"secret_hash"`
	// SecretSealed is the appsecret of a third-party app, encrypted under the
	// same outside key: signatures cannot be checked without it.
	SecretSealed string `json:"secret_sealed,omitempty"`
	// SecretGeneration counts the secrets the app has had, from 1. A token
	// belongs to one generation and dies with it.
	SecretGeneration int     `json:"secret_generation"`
	CreatedAt        Instant `json:"created_at"`
}

// Update takes over what [AppUpdated] changes: all but the appkey, the type, the
// secret and the time of creation.
func (a *App) Update(to *App) {
	a.Name, a.Permissions = to.Name, to.Permissions
	a.ScopeDepts, a.ScopeUsers, a.AllowedIPs, a.Rate = to.ScopeDepts, to.ScopeUsers, to.AllowedIPs, to.Rate
	a.TicketGeneration, a.AnyTicket = to.TicketGeneration, to.AnyTicket
}

// ResetSecret takes over what [AppSecretReset] changes.
func (a *App) ResetSecret(to *App) {
	a.SecretHash, a.SecretSealed, a.SecretGeneration = to.SecretHash, to.SecretSealed, to.SecretGeneration
}

// RenameUser returns the people of a contact scope with one of them under
// another userid.
func RenameUser(scope []string, from, to string) []string {
	renamed := slices.Clone(scope)
	for i := range renamed {
		if renamed[i] == from {
			renamed[i] = to
		}
	}
	return renamed
}

// Holds reports whether the app has a permission point.
func (a *App) Holds(p Permission) bool { return slices.Contains(a.Permissions, p) }

var appkeyPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{4,64}$`)

// Validate checks the app's own values; that the departments and people exist
// is checked where they are known.
func (a *App) Validate() error {
	if !appkeyPattern.MatchString(a.Appkey) {
		return Invalid("appkey", "%q is not 4 to 64 letters, digits, dots, - or _", a.Appkey)
	}
	if err := validName(a.Name); err != nil {
		return err
	}
	if a.Type != Internal && a.Type != ThirdParty {
		return Invalid("type", "%q is neither internal nor third_party", a.Type)
	}
	if len(a.Permissions) == 0 {
		return Invalid("permission", "an app needs at least one permission point; there are: %s", permissionList())
	}
	for _, p := range a.Permissions {
		if !slices.Contains(Permissions(), p) {
			return Invalid("permission", "%q is not a permission point; there are: %s", p, permissionList())
		}
	}
	for _, d := range a.ScopeDepts {
		if d < 1 {
			return Invalid("scope-dept", "%d is less than 1", d)
		}
	}
	for _, u := range a.ScopeUsers {
		if err := validText("scope-user", u, 64); err != nil {
			return err
		}
		if u == "" {
			return Invalid("scope-user", "is empty")
		}
	}
	for _, p := range a.AllowedIPs {
		if !p.IsValid() || p != p.Masked() || p.Addr().Is4In6() {
			return Invalid("allow-ip", "%s is not a network", p)
		}
	}
	if a.Rate < 0 || a.Rate > maxRate {
		return Invalid("rate", "%d is not 0 to %d calls a second", a.Rate, maxRate)
	}
	if a.AnyTicket && a.Type != ThirdParty {
		return Invalid("any-ticket", "only a third-party app has a suite ticket")
	}
	return nil
}

const maxRate = 1_000_000

// ParseNetwork reads one entry of [App.AllowedIPs]: a network such as
// 10.0.0.0/8 or 2001:db8::/32, or a single address.
func ParseNetwork(s string) (netip.Prefix, error) {
	wrong := Invalid("allow-ip", "%q is neither an address nor a network such as 10.0.0.0/8", s)
	p, err := netip.ParsePrefix(s)
	if err != nil {
		addr, err := netip.ParseAddr(s)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, wrong
		}
		p = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
	}
	if p.Addr().Is4In6() {
		return netip.Prefix{}, wrong
	}
	return p.Masked(), nil
}

func permissionList() string {
	var names []string
	for _, p := range Permissions() {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}
