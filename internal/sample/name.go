package sample

import "strings"

// word is a piece of a name with its spelling in plain Latin letters.
type word struct{ text, plain string }

// person is what a made-up person is called.
type person struct {
	name, nameEN string
	handle       string // the name in small letters without blanks, for ids
}

// han makes a Chinese name.
func han(d *dice) (p person, surname string) {
	first := surnames[d.front(len(surnames))]
	one := pick(d, givenNames)
	p.name, p.handle = first.text+one.text, first.plain+one.plain
	if d.below(4) > 0 {
		if two := pick(d, givenNames); two != one {
			p.name += two.text
			p.handle += two.plain
		}
	}
	return p, title(first.plain)
}

// latin makes a name in Latin letters.
func latin(d *dice) person {
	first, last := pick(d, firstNames), pick(d, lastNames)
	return person{name: first.text + " " + last.text, handle: first.plain + last.plain}
}

// makePerson makes a name: one of latinIn is a Latin one. Of those with a
// Chinese name, permilleEN of 1000 get an English one too.
func makePerson(d *dice, latinIn, permilleEN int) person {
	if d.below(latinIn) == 0 {
		return latin(d)
	}
	p, surname := han(d)
	if d.permille(permilleEN) {
		p.nameEN = pick(d, firstNames).text + " " + surname
	}
	return p
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// surnames is immutable. The more frequent ones are at the front.
var surnames = []word{
	{"王", "wang"},
	{"李", "li"},
	{"张", "zhang"},
	{"刘", "liu"},
	{"陈", "chen"},
	{"杨", "yang"},
	{"赵", "zhao"},
	{"黄", "huang"},
	{"周", "zhou"},
	{"吴", "wu"},
	{"徐", "xu"},
	{"孙", "sun"},
	{"胡", "hu"},
	{"朱", "zhu"},
	{"高", "gao"},
	{"林", "lin"},
	{"何", "he"},
	{"郭", "guo"},
	{"马", "ma"},
	{"罗", "luo"},
	{"梁", "liang"},
	{"宋", "song"},
	{"郑", "zheng"},
	{"谢", "xie"},
	{"韩", "han"},
	{"唐", "tang"},
	{"冯", "feng"},
	{"董", "dong"},
	{"程", "cheng"},
	{"曹", "cao"},
	{"袁", "yuan"},
	{"邓", "deng"},
	{"许", "xu"},
	{"傅", "fu"},
	{"沈", "shen"},
	{"曾", "zeng"},
	{"彭", "peng"},
	{"苏", "su"},
	{"卢", "lu"},
	{"蒋", "jiang"},
	{"蔡", "cai"},
	{"丁", "ding"},
	{"魏", "wei"},
	{"薛", "xue"},
	{"叶", "ye"},
	{"余", "yu"},
	{"潘", "pan"},
	{"杜", "du"},
	{"戴", "dai"},
	{"夏", "xia"},
	{"钟", "zhong"},
	{"田", "tian"},
	{"姜", "jiang"},
	{"范", "fan"},
	{"方", "fang"},
	{"石", "shi"},
	{"姚", "yao"},
	{"谭", "tan"},
	{"邹", "zou"},
	{"金", "jin"},
	{"陆", "lu"},
	{"孔", "kong"},
	{"白", "bai"},
	{"崔", "cui"},
	{"毛", "mao"},
	{"秦", "qin"},
	{"顾", "gu"},
	{"邵", "shao"},
	{"孟", "meng"},
	{"段", "duan"},
	{"钱", "qian"},
	{"尹", "yin"},
	{"黎", "li"},
	{"贺", "he"},
	{"龚", "gong"},
	{"单", "shan"},
	{"解", "xie"},
	{"仇", "qiu"},
	{"欧阳", "ouyang"},
	{"诸葛", "zhuge"},
	{"上官", "shangguan"},
	{"司徒", "situ"},
}

// givenNames is immutable.
var givenNames = []word{
	{"伟", "wei"},
	{"芳", "fang"},
	{"娜", "na"},
	{"敏", "min"},
	{"静", "jing"},
	{"丽", "li"},
	{"强", "qiang"},
	{"磊", "lei"},
	{"洋", "yang"},
	{"艳", "yan"},
	{"勇", "yong"},
	{"杰", "jie"},
	{"涛", "tao"},
	{"明", "ming"},
	{"超", "chao"},
	{"霞", "xia"},
	{"平", "ping"},
	{"刚", "gang"},
	{"桂", "gui"},
	{"英", "ying"},
	{"华", "hua"},
	{"玉", "yu"},
	{"红", "hong"},
	{"梅", "mei"},
	{"鹏", "peng"},
	{"浩", "hao"},
	{"宇", "yu"},
	{"轩", "xuan"},
	{"涵", "han"},
	{"欣", "xin"},
	{"怡", "yi"},
	{"嘉", "jia"},
	{"梓", "zi"},
	{"雨", "yu"},
	{"晨", "chen"},
	{"佳", "jia"},
	{"思", "si"},
	{"琪", "qi"},
	{"诗", "shi"},
	{"雪", "xue"},
	{"婷", "ting"},
	{"文", "wen"},
	{"博", "bo"},
	{"俊", "jun"},
	{"逸", "yi"},
	{"天", "tian"},
	{"睿", "rui"},
	{"晓", "xiao"},
	{"东", "dong"},
	{"海", "hai"},
	{"峰", "feng"},
	{"建", "jian"},
	{"国", "guo"},
	{"志", "zhi"},
	{"春", "chun"},
	{"秋", "qiu"},
	{"云", "yun"},
	{"松", "song"},
	{"波", "bo"},
	{"鑫", "xin"},
	{"斌", "bin"},
	{"凯", "kai"},
	{"辉", "hui"},
	{"毅", "yi"},
	{"亮", "liang"},
	{"健", "jian"},
	{"宁", "ning"},
	{"瑞", "rui"},
	{"琳", "lin"},
	{"瑶", "yao"},
	{"璐", "lu"},
	{"倩", "qian"},
	{"颖", "ying"},
	{"慧", "hui"},
	{"莹", "ying"},
	{"蕾", "lei"},
	{"岚", "lan"},
	{"清", "qing"},
	{"远", "yuan"},
	{"航", "hang"},
	{"舟", "zhou"},
	{"安", "an"},
	{"然", "ran"},
	{"若", "ruo"},
	{"兰", "lan"},
	{"墨", "mo"},
	{"一", "yi"},
	{"凡", "fan"},
}

// firstNames is immutable.
var firstNames = []word{
	{"Alice", "alice"},
	{"Amélie", "amelie"},
	{"Anna", "anna"},
	{"Arjun", "arjun"},
	{"Bella", "bella"},
	{"Carlos", "carlos"},
	{"Clara", "clara"},
	{"Daniel", "daniel"},
	{"David", "david"},
	{"Elena", "elena"},
	{"Emma", "emma"},
	{"Eric", "eric"},
	{"Fatima", "fatima"},
	{"Felix", "felix"},
	{"Grace", "grace"},
	{"Hannah", "hannah"},
	{"Henry", "henry"},
	{"Ines", "ines"},
	{"Ivan", "ivan"},
	{"Jack", "jack"},
	{"Jasmine", "jasmine"},
	{"José", "jose"},
	{"Julia", "julia"},
	{"Kevin", "kevin"},
	{"Laura", "laura"},
	{"Leo", "leo"},
	{"Linda", "linda"},
	{"Łukasz", "lukasz"},
	{"Marco", "marco"},
	{"Maria", "maria"},
	{"Michael", "michael"},
	{"Nadia", "nadia"},
	{"Nina", "nina"},
	{"Oliver", "oliver"},
	{"Olivia", "olivia"},
	{"Paul", "paul"},
	{"Peter", "peter"},
	{"Rachel", "rachel"},
	{"Robert", "robert"},
	{"Samuel", "samuel"},
	{"Sarah", "sarah"},
	{"Simon", "simon"},
	{"Søren", "soren"},
	{"Sophie", "sophie"},
	{"Thomas", "thomas"},
	{"Tina", "tina"},
	{"Victor", "victor"},
	{"Wendy", "wendy"},
	{"Yara", "yara"},
	{"Zoë", "zoe"},
}

// lastNames is immutable.
var lastNames = []word{
	{"Adams", "adams"},
	{"Álvarez", "alvarez"},
	{"Bauer", "bauer"},
	{"Bennett", "bennett"},
	{"Costa", "costa"},
	{"Cruz", "cruz"},
	{"Dubois", "dubois"},
	{"Ekström", "ekstrom"},
	{"Evans", "evans"},
	{"Fischer", "fischer"},
	{"Fontaine", "fontaine"},
	{"Gupta", "gupta"},
	{"Hansen", "hansen"},
	{"Hoffmann", "hoffmann"},
	{"Ivanova", "ivanova"},
	{"Jensen", "jensen"},
	{"Keller", "keller"},
	{"Kowalski", "kowalski"},
	{"Lambert", "lambert"},
	{"Lindqvist", "lindqvist"},
	{"Marino", "marino"},
	{"Meyer", "meyer"},
	{"Müller", "muller"},
	{"Nguyen", "nguyen"},
	{"Novák", "novak"},
	{"O'Connor", "oconnor"},
	{"Okafor", "okafor"},
	{"Patel", "patel"},
	{"Popescu", "popescu"},
	{"Quinn", "quinn"},
	{"Ramírez", "ramirez"},
	{"Reed", "reed"},
	{"Rossi", "rossi"},
	{"Sato", "sato"},
	{"Schmidt", "schmidt"},
	{"Silva", "silva"},
	{"Tanaka", "tanaka"},
	{"Taylor", "taylor"},
	{"van Dijk", "vandijk"},
	{"Walker", "walker"},
	{"Weber", "weber"},
	{"Young", "young"},
}

// ranks is immutable: titles that anybody may have.
var ranks = []string{
	"专员", "助理", "工程师", "高级工程师", "主管", "顾问", "分析师", "经理",
	"Engineer", "Senior Engineer", "Consultant", "Analyst", "Specialist", "Project Manager",
}
