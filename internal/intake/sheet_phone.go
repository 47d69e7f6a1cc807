package intake

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// phoneNumber brings a mobile number into the form in which the wire has it
// (contract 5.4): the 11 digits of one of the mainland, else +code-digits.
// Wrong says what is wrong with one that is neither.
func phoneNumber(text string) (number, wrong string) {
	text = strings.TrimSuffix(text, ".0") // a program took it for a number with decimals
	if scientific.MatchString(text) {
		digits, ok := wholeDigits(text)
		if !ok {
			return "", digitsLost
		}
		text = digits
	}
	s := strings.Map(func(r rune) rune {
		switch r = narrow(r); {
		case unicode.IsSpace(r), r == '-', r == '(', r == ')', r == '.':
			return -1
		}
		return r
	}, text)
	if after, zeros := strings.CutPrefix(s, "00"); zeros {
		s = "+" + after
	}
	digits, abroad := strings.CutPrefix(s, "+")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", "is not a phone number"
	}
	if !abroad {
		if len(digits) == 13 {
			digits = strings.TrimPrefix(digits, "86")
		}
		if !mainlandMobile(digits) {
			return "", notMainland
		}
		return digits, ""
	}
	code := digits[:min(callingCode(digits), len(digits))]
	local := digits[len(code):]
	switch {
	case code == "86" && mainlandMobile(local):
		return local, ""
	case code == "86":
		return "", notMainland
	case code[0] == '0', len(local) < 4, len(digits) > 15:
		return "", "is not a phone number"
	}
	return "+" + code + "-" + local, ""
}

const notMainland = "is no mobile number of the mainland, which has 11 digits and begins with 1; others begin with + and the code of the country"

const digitsLost = "a spreadsheet program has cut digits off; format the column as text and enter it again"

// scientific is how spreadsheet programs show numbers that are too long for
// them.
var scientific = regexp.MustCompile(`^[0-9](\.[0-9]+)?[eE]\+?[0-9]+$`)

func mainlandMobile(digits string) bool { return len(digits) == 11 && digits[0] == '1' }

// callingCode returns how long the country code is with which a number begins
// (ITU-T E.164): one digit in North America and Russia, else two or three.
func callingCode(digits string) int {
	const two = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98"
	switch {
	case digits[0] == '1', digits[0] == '7':
		return 1
	case len(digits) > 1 && strings.Contains(two, digits[:2]):
		return 2
	}
	return 3
}

// wholeDigits writes a number such as 1.3800000001E+10 with its digits, if it
// has all of them: where zeros would have to be added nobody knows what was
// there.
func wholeDigits(s string) (digits string, ok bool) {
	mantissa, exponent, _ := strings.Cut(strings.ToUpper(s), "E")
	first, rest, _ := strings.Cut(mantissa, ".")
	e, err := strconv.Atoi(strings.TrimPrefix(exponent, "+"))
	return first + rest, err == nil && len(rest) == e
}
