package intake

import "testing"

func TestPhoneNumbers(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"13800000001", "13800000001"},
		{"138 0000 0001", "13800000001"},
		{"138-0000-0001", "13800000001"},
		{"１３８０００００００１", "13800000001"},
		{"+86-13800000001", "13800000001"},
		{"+86 138-0000-0001", "13800000001"},
		{"＋86 13800000001", "13800000001"},
		{"8613800000001", "13800000001"},
		{"0086 13800000001", "13800000001"},
		{"13800000001.0", "13800000001"},
		{"1.3800000001E+10", "13800000001"},
		{"1.3800000001e10", "13800000001"},
		{"+852-51234567", "+852-51234567"},
		{"+852 5123 4567", "+852-51234567"},
		{"+85251234567", "+852-51234567"},
		{"00852-51234567", "+852-51234567"},
		{"+1 (415) 555-2671", "+1-4155552671"},
		{"+44-20.7946.0958", "+44-2079460958"},
		{"+7 912 345-67-89", "+7-9123456789"},
		{"1.38E+10", digitsLost},
		{"", "is not a phone number"},
		{"+", "is not a phone number"},
		{"+85", "is not a phone number"},
		{"+0123456789", "is not a phone number"},
		{"+1234567890123456", "is not a phone number"},
		{"138x0000001", "is not a phone number"},
		{"电话", "is not a phone number"},
		{"1e", "is not a phone number"},
		{"+86-1380000000", notMainland},
		{"1380000000", notMainland},
		{"23800000001", notMainland},
		{"010-12345678", notMainland},
	} {
		number, wrong := phoneNumber(c.text)
		if number+wrong != c.want || number != "" && wrong != "" {
			t.Errorf("%q is %q, %q, wanted %q", c.text, number, wrong, c.want)
		}
		if number == "" {
			continue
		}
		if again, _ := phoneNumber(number); again != number {
			t.Errorf("%q becomes %q", number, again)
		}
	}
}
