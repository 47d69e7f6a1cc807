package pinyin

import (
	"bytes"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// lastListed is behind the last character with an entry; beyond it keys are just
// code points.
const lastListed = 0x2BFFF

func key(k *Keyer, name string) string { return string(k.AppendKey(nil, name)) }

func TestOrder(t *testing.T) {
	k := New()
	for _, list := range [][]string{
		{"", " Li", "-", "007", "10", "2", "Alice", "Bob", "Zoe", "Ωmega", "Иван", "한국", "あい", "😀", "阿宝", "安平", "白云", "张伟"},
		// Surnames in the order of their pinyin.
		{
			"阿牛", "艾青", "安然", "巴金", "白居易", "贝聿铭", "薄冰", "卜算", "蔡文姬", "岑参", "车胤", "陈平", "种师道", "储光羲",
			"楚云飞", "丁一", "窦娥", "都穆", "范进", "盖叫天", "葛优", "句践", "郭靖", "过百龄", "哈森", "韩信", "黑云", "洪七公", "华佗",
			"纪昀", "贾宝玉", "阚泽", "里克", "李白", "林黛玉", "令狐冲", "柳永", "鲁迅", "罗成", "马超", "缪缪", "那英", "佴奇", "聂耳", "乜先", "宁静", "欧阳锋", "区寄",
			"潘安", "逄蒙", "朴树", "繁星", "戚继光", "齐白石", "秦叔宝", "覃勇", "求平", "仇英", "任盈盈", "芮成钢",
			"单雄信", "邵飘萍", "召公", "折德扆", "佘太君", "沈括", "宋江", "澹台明", "涂山", "拓跋珪", "王维", "尉缭",
			"吴用", "伍子胥", "武松", "西门庆", "洗星海", "萧峰", "肖邦", "谢安", "解缙", "徐庶", "荀彧", "燕青", "闫妮", "杨过",
			"乐毅", "云中", "员半千", "曾国藩", "查良镛", "翟让", "祭公", "占星", "张飞", "长孙无忌", "赵云",
		},
		{"山", "善人", "单田芳", "汤"},
		{"山", "善人", "單田芳", "汤"},
		{"缠", "单于飞", "昌"},
		{"岑", "层", "怎", "增", "增一", "曾", "曾一", "赠"},
		{"莫言", "墨子", "万俟卨", "牟", "万一", "王"},
		{"尉缭", "玉", "裕", "尉迟恭", "尉遲恭", "元"},
		// A surname is one only at the start.
		{"王丹", "王单", "王善"},
		{"王层", "王曾", "王增"},
		{"a单", "a善"},
		{"妈", "马", "木"},
		// Accents, then case, only where all else is equal.
		{"resume", "Resume", "RESUME", "resumé", "résumé", "Résumé", "resumes"},
		{"cote", "coté", "côte", "côté"},
		{"Li Na", "Li Na 2", "Li-Na", "Lí-Na", "Li, Na", "LiNa", "lina b", "Linda"},
		{"muller", "Muller", "müller", "Müller", "mullera"},
		{"zhang", "Zhang", "ZHANG", "zhang san", "Zhang San"},
		{"李", "李 明", "李a", "李明"},
		{"王小明", "王小明 ", "王小明a", "王小明明"},
	} {
		for i := 1; i < len(list); i++ {
			if a, b := list[i-1], list[i]; key(k, a) >= key(k, b) {
				t.Errorf("%q must be before %q: %x %x", a, b, key(k, a), key(k, b))
			}
		}
	}
}

func TestCanonicallyEqual(t *testing.T) {
	k := New()
	for _, names := range [][2]string{
		{"é", "e\u0301"},
		{"Å", "\u212B"},
		{"豈", "\uF900"},
		{"각", "\u1100\u1161\u11A8"},
		{"ế", "e\u0302\u0301"},
		{"й", "и\u0306"},
		{"q\u0323\u0307", "q\u0307\u0323"},
	} {
		if key(k, names[0]) != key(k, names[1]) {
			t.Errorf("%+q and %+q are canonically equal", names[0], names[1])
		}
	}
	for _, names := range [][2]string{
		{"a\u200db", "ab\u200d"},
		{"a\u200d", "a"},
		{"\x00", ""},
		{"\xff", "\xfe"},
		{"\xff", "\uFFFD"},
		{"A", "Ａ"},
		{"祝", "㊗"},
		{"fi", "ﬁ"},
		{"あ", "ア"},
		{"e\u0301e", "ee\u0301"},
		{"ǅ", "DŽ"},
		{"单", "善"},
		{"曾", "增"},
		{"李\x00", "李"},
		{"\u00ad", "\u200b"},
	} {
		if key(k, names[0]) == key(k, names[1]) {
			t.Errorf("%+q and %+q must differ", names[0], names[1])
		}
	}
}

// TestEachCharacter holds for all characters what the others show for some.
func TestEachCharacter(t *testing.T) {
	k := New()
	seen := map[string]rune{}
	latin, han := key(k, "zzz"), key(k, "吖")
	for r := rune(0); r <= lastListed; r++ {
		s := string(r)
		if norm.NFC.String(s) != s || !utf8.ValidRune(r) {
			continue
		}
		got := key(k, s)
		if other, ok := seen[got]; ok {
			t.Fatalf("%U and %U have the key %x", r, other, got)
		}
		seen[got] = r
		if isHan(r) && got <= latin {
			t.Fatalf("%U is not behind Latin", r)
		}
		// Radicals, enclosed ideographs and the like count as what they are made of.
		if !isHan(r) && got >= han && (r < 0x2E80 || r > 0x33FF) {
			t.Fatalf("%U is not before Han", r)
		}
	}
}

func TestLength(t *testing.T) {
	k := New()
	for name, most := range map[string]int{
		"张伟": 4, "王小明": 6, "尉迟敬德": 8, "Alice Zhang": 16, "alice": 5, "ANNE-MARIE LEE": 28, "José García": 20, "김민준": 9, "㐀𠀀": 8,
	} {
		if got := k.AppendKey(nil, name); len(got) > most {
			t.Errorf("%s has a key of %d bytes: %x", name, len(got), got)
		}
	}
}

// TestSurnameTable checks the form of the table, and that each surname is at
// its stand-in.
func TestSurnameTable(t *testing.T) {
	k := New()
	seen := map[string]bool{}
	for text, like := range surnameReadings() {
		if seen[text] || utf8.RuneCountInString(text) != utf8.RuneCountInString(like) || text == like {
			t.Errorf("%s=%s", text, like)
		}
		seen[text] = true
		if !norm.NFC.IsNormalString(text + like) {
			t.Errorf("%s=%s is not NFC", text, like)
		}
		// Behind the stand-in with anything after it; the letter keeps the stand-in
		// itself from being taken for a surname.
		if key(k, "x"+like+"鿿")[1:] >= key(k, text) {
			t.Errorf("%s is not behind %s", text, like)
		}
		if key(k, text) == key(k, "x"+text)[1:] {
			t.Errorf("%s has its usual place", text)
		}
	}
}

func collator() *collate.Collator {
	return collate.New(language.MustParse("zh-u-co-pinyin"), collate.IgnoreCase, collate.IgnoreDiacritics)
}

// TestAgainstCollator takes the collation as the oracle of level 1 for names
// without special surnames.
func TestAgainstCollator(t *testing.T) {
	k, c := New(), collator()
	r := rand.New(rand.NewPCG(1, 2))
	var special []rune
	for text := range surnameReadings() {
		first, _ := utf8.DecodeRuneInString(text)
		special = append(special, first)
	}
	latin := []rune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -.'éèüößñçøłžÅæαβΓждЙ")
	common := []rune("的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起发当没成只如事把还用第样道想作种开美明伟芳娜敏静丽强磊军洋勇艳杰娟涛超秀霞平刚桂英华")
	var buf collate.Buffer
	name := func() []rune {
		out := make([]rune, 1+r.IntN(4))
		set := r.IntN(4)
		for i := range out {
			switch {
			case set == 0:
				out[i] = latin[r.IntN(len(latin))]
			case set == 1 || set == 2 && r.IntN(2) == 0:
				out[i] = common[r.IntN(len(common))]
			default:
				out[i] = 0x4E00 + r.Int32N(0x51A6)
			}
		}
		return out
	}
	usual := func(n []rune) bool {
		if slices.Contains(special, n[0]) {
			return false
		}
		for _, x := range n {
			// The collation has characters without a reading before all others.
			buf.Reset()
			if p := c.Key(&buf, []byte(string(x))); p[0]&0x80 != 0 && p[0] < 0x96 {
				return false
			}
		}
		return true
	}
	compared := 0
	for range 200_000 {
		x, y := name(), name()
		if r.IntN(2) == 0 { // a common start, to get further
			y = append(slices.Clone(x[:1+r.IntN(len(x))]), y...)
		}
		if !usual(x) || !usual(y) {
			continue
		}
		a, b := string(x), string(y)
		want := c.CompareString(a, b)
		if want == 0 {
			continue
		}
		compared++
		if got := strings.Compare(key(k, a), key(k, b)); got != want {
			t.Fatalf("%q and %q compare %d, collation has %d", a, b, got, want)
		}
	}
	if compared < 100_000 {
		t.Errorf("only %d names compared", compared)
	}
}

// TestLatinLevels compares accents and case, too. The oracle is the root
// collation: the one for Chinese has the letters of pinyin before the plain ones.
func TestLatinLevels(t *testing.T) {
	k, c := New(), collate.New(language.Und)
	r := rand.New(rand.NewPCG(3, 4))
	set := []rune("aAbBeEéÉèêëüÜñ é")
	name := func() string {
		out := make([]rune, 1+r.IntN(4))
		for i := range out {
			out[i] = set[r.IntN(len(set))]
		}
		return string(out)
	}
	for range 100_000 {
		a, b := name(), name()
		if got, want := strings.Compare(key(k, a), key(k, b)), c.CompareString(a, b); got != want {
			t.Fatalf("%q and %q compare %d, collation has %d", a, b, got, want)
		}
	}
}

// TestHanOrder compares all Han characters with a reading, not only random ones.
func TestHanOrder(t *testing.T) {
	k, c := New(), collator()
	var buf collate.Buffer
	type char struct{ want, got string }
	var all []char
	for r := rune(0x3400); r <= 0x9FFF; r++ {
		buf.Reset()
		if want := string(c.Key(&buf, []byte(string(r)))); isHan(r) && want[0] == 0x96 {
			all = append(all, char{want, key(k, " "+string(r))})
		}
	}
	if len(all) < 26_000 {
		t.Fatalf("only %d characters have a reading", len(all))
	}
	slices.SortFunc(all, func(a, b char) int { return strings.Compare(a.want, b.want) })
	if !slices.IsSortedFunc(all, func(a, b char) int { return strings.Compare(a.got, b.got) }) {
		t.Error("the order of Han characters is not that of the collation")
	}
}

// TestRuns is about names longer than one byte can count.
func TestRuns(t *testing.T) {
	k := New()
	var last string
	for n := 1200; n >= 0; n-- {
		name := strings.Repeat("a", n) + "é" + strings.Repeat("a", 1200-n)
		got := key(k, name)
		if got <= last {
			t.Fatalf("accent at %d is not behind accent at %d", n, n+1)
		}
		last = got
	}
	last = ""
	for n := 1200; n >= 0; n-- {
		name := strings.Repeat("a", n) + "A" + strings.Repeat("a", 1200-n)
		got := key(k, name)
		if got <= last {
			t.Fatalf("capital at %d is not behind capital at %d", n, n+1)
		}
		last = got
	}
}

// TestVersion fails when keys come out differently. Then Version has to change,
// because there are stored keys, and so has the sum here.
func TestVersion(t *testing.T) {
	const (
		version = 1
		sum     = 0x9f4425dfa89cd717
	)
	k := New()
	h := fnv.New64a()
	for r := rune(0); r <= lastListed; r++ {
		h.Write(k.AppendKey(nil, string(r)))
		h.Write(k.AppendKey(nil, "a"+string(r)))
	}
	for text := range surnameReadings() {
		h.Write(k.AppendKey(nil, text))
	}
	if Version != version || h.Sum64() != sum {
		t.Errorf("Version is %d, sum is %#x; want %d and %#x", Version, h.Sum64(), version, uint64(sum))
	}
}

func TestConcurrent(t *testing.T) {
	k := New()
	names := []string{"王小明", "Alice Zhang", "单田芳", "José", "尉迟恭", "e\u0301", "\xff", "한국"}
	var want [][]byte
	for _, n := range names {
		want = append(want, k.AppendKey(nil, n))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				for i, n := range names {
					if !bytes.Equal(k.AppendKey(nil, n), want[i]) {
						t.Errorf("other key for %q", n)
					}
				}
			}
		})
	}
	wg.Wait()
}

func FuzzAppendKey(f *testing.F) {
	for _, names := range [][2]string{
		{"", "a"},
		{"王小明", "王晓明"},
		{"单田芳", "善"},
		{"José", "Jose\u0301"},
		{"\xff", "\xfe"},
		{"\u0301", "a\u0301\u0323"},
		{"한국", "\u1112\u1161\u11ab"},
		{"ﷺ", "ǅ"},
		{"\u200d", "\u200b"},
		{"尉迟", "尉"},
		{"a\x00b", "ab"},
		{"😀", "\U000e0001"},
		{"aaaaaaaaaB", "aaaaaaaaab"},
		{"あ", "ア"},
		{"鿿", "\U00030000"},
	} {
		f.Add(names[0], names[1])
	}
	k, again := New(), New()
	f.Fuzz(func(t *testing.T, a, b string) {
		ka, kb := k.AppendKey(nil, a), k.AppendKey([]byte("before"), b)
		if !bytes.HasPrefix(kb, []byte("before")) {
			t.Fatal("dst is changed")
		}
		kb = kb[len("before"):]
		if !bytes.Equal(ka, again.AppendKey(nil, a)) {
			t.Fatalf("%q has different keys", a)
		}
		if equal := norm.NFC.String(a) == norm.NFC.String(b); equal != bytes.Equal(ka, kb) {
			t.Fatalf("%+q and %+q: canonically equal %t, keys %x %x", a, b, equal, ka, kb)
		}
		// A longer name is behind its start, unless they are one character, or
		// one surname, together.
		if c := a + " " + b; len(a) > 0 && bytes.Compare(ka, k.AppendKey(nil, c)) >= 0 && utf8.ValidString(c) && norm.NFC.String(c) == norm.NFC.String(a)+norm.NFC.String(" "+b) {
			t.Fatalf("%q is not before %q", a, c)
		}
	})
}

func BenchmarkAppendKey(b *testing.B) {
	k := New()
	for _, name := range []string{"王小明", "Alice Zhang", "张伟", "单田芳", "José García", "Jose\u0301", "김민준"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf = k.AppendKey(buf[:0], name)
			}
			b.ReportMetric(float64(len(buf)), "bytes/key")
		})
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New()
	}
}
