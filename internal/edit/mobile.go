package edit

import (
	"strings"

	"rollcall"
)

// Mobile returns a mobile number in the form in which it is kept: eleven digits
// for one of mainland China, +xx-xxxx for all others (contract 5.4). Numbers of
// the mainland may be written either way.
func Mobile(s string) (string, error) {
	code, number := SplitMobile(s)
	foreign := code != mainland
	switch {
	case !digits(number), !digits(code):
	case foreign && len(code) <= 4 && code[0] != '0' && len(number) >= 4 && len(code)+len(number) <= 15:
		return "+" + code + "-" + number, nil
	case !foreign && len(number) == 11 && number[0] == '1':
		return number, nil
	}
	return "", rollcall.Invalid("mobile", "%q is neither a number of mainland China, of 11 digits, nor of the form +xx-xxxx", s)
}

// mainland is the country code of mobile numbers without one.
const mainland = "86"

// SplitMobile takes a mobile number apart, as replies show it: the country code
// and the number. Of no number both are empty.
func SplitMobile(s string) (stateCode, number string) {
	if s == "" {
		return "", ""
	}
	if code, number, ok := strings.Cut(s, "-"); ok && len(code) > 1 && code[0] == '+' {
		return code[1:], number
	}
	return mainland, strings.TrimPrefix(s, "+"+mainland)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
