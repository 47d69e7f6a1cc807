package rollcall

import (
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
)

// Permissions lists every permission point there is.
func Permissions() []Permission {
	return []Permission{
		PermBase, PermISVBase, PermMember, PermDepartmentMember, PermMemberByMobile,
		PermDepartmentList, PermManageAddress, PermLiveness, PermFieldMobile, PermFieldEmail, PermContactMobile,
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
	// SecretHash is a keyed hash of the appsecret, in hex. The key lies
	// outside the database, so that the hash alone is of no use.
	SecretHash string `json:"secret_hash"`
	// SecretGeneration counts the secrets the app has had, from 1. A token
	// belongs to one generation and dies with it.
	SecretGeneration int     `json:"secret_generation"`
	CreatedAt        Instant `json:"created_at"`
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
	return nil
}

func permissionList() string {
	var names []string
	for _, p := range Permissions() {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}

// Token is what the store keeps of an app's access token: enough to make the
// token again with the outside key, and of no use without it.
type Token struct {
	Appkey           string
	SecretGeneration int
	Nonce            []byte
	ExpiresAt        Instant
	// Hash is the SHA-256 of the token; it shows a wrong outside key.
	Hash []byte
}
