package api_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"rollcall"
	"rollcall/internal/access"
)

// placeholder is a name in braces, maybe with an argument.
var placeholder = regexp.MustCompile(`\{([a-z_]+)(?::([^{}]*))?\}`)

// filler fills in placeholders.
type filler struct {
	apps   []app
	tokens map[string]string // by name of the app
	today  rollcall.Day
	now    time.Time
	key    *access.Key // nil for a server at -url
}

func (f *filler) app(name string) (app, error) {
	for i, a := range f.apps {
		if a.name == name || name == "" && i == 0 {
			return a, nil
		}
	}
	return app{}, fmt.Errorf("there is no app %q", name)
}

// fill fills in a text. The values are escaped by nobody.
func (f *filler) fill(text string) (string, error) {
	var wrong error
	filled := placeholder.ReplaceAllStringFunc(text, func(s string) string {
		part := placeholder.FindStringSubmatch(s)
		value, err := f.value(part[1], part[2])
		if err != nil && wrong == nil {
			wrong = fmt.Errorf("%s: %w", s, err)
		}
		return value
	})
	return filled, wrong
}

func (f *filler) value(name, arg string) (string, error) {
	switch name {
	case "token", "appkey", "appsecret":
		a, err := f.app(arg)
		return map[string]string{"token": f.tokens[a.name], "appkey": a.appkey, "appsecret": a.appsecret}[name], err
	case "corpid":
		return fixtureCorp, nil
	case "ticket":
		a, err := f.app(arg)
		if err == nil && f.key == nil {
			err = errors.New("only the test's own server tells its tickets")
		}
		if err != nil {
			return "", err
		}
		return f.key.Ticket(fixtureCorp, &rollcall.App{Appkey: a.appkey}), nil
	case "millis":
		return f.millis(arg)
	case "signature":
		return f.signature(arg)
	case "today":
		n := 0
		if arg != "" {
			var err error
			if n, err = strconv.Atoi(arg); err != nil {
				return "", err
			}
		}
		return f.today.AddDays(n).String(), nil
	case "bytes":
		b, err := hex.DecodeString(arg)
		return string(b), err
	case "repeat":
		times, what, _ := strings.Cut(arg, ":")
		n, err := strconv.Atoi(times)
		if err != nil {
			return "", err
		}
		return strings.Repeat(what, n), nil
	case "unionid":
		n, err := strconv.Atoi(arg)
		return rollcall.NewUnions(fixtureCorp).Of(&rollcall.User{Ordinal: rollcall.Ordinal(n)}), err
	case "request_id":
		return requestID, nil
	case "any_token":
		return anyToken, nil
	}
	return "", fmt.Errorf("no such placeholder")
}

// millis is the time of the setup, or so many milliseconds later.
func (f *filler) millis(later string) (string, error) {
	n := 0
	if later != "" {
		var err error
		if n, err = strconv.Atoi(later); err != nil {
			return "", err
		}
	}
	return strconv.FormatInt(f.now.UnixMilli()+int64(n), 10), nil
}

// signature signs for an app, escaped for a query string. Behind the name of the
// app may come by how much later it is, and the ticket that is signed in the
// place of the app's.
func (f *filler) signature(arg string) (string, error) {
	part := strings.SplitN(arg, ":", 3)
	a, err := f.app(part[0])
	if err != nil {
		return "", err
	}
	later := ""
	if len(part) > 1 {
		later = part[1]
	}
	stamp, err := f.millis(later)
	if err != nil {
		return "", err
	}
	ticket := ""
	if len(part) > 2 {
		ticket = part[2]
	} else if ticket, err = f.value("ticket", a.name); err != nil {
		return "", err
	}
	return url.QueryEscape(access.Signature(a.appsecret, stamp, ticket)), nil
}

// In an expected body these stand for any request_id and for any token.
const (
	requestID = "\x00"
	anyToken  = "\x01"
)

var tokenInReply = regexp.MustCompile(`"[0-9a-f]{40}"`)
