package pinyin

import (
	"iter"
	"strings"
)

// surnames lists the surnames whose place is not the one the collation gives to
// their characters, each with characters it is read like. Those which have
// two readings are here under the one with more bearers, or not at all when
// that is the collation's. The second paragraph are surnames which the collation
// has under a wrong tone, though their characters have no other reading.
//
// A stand-in need not be a usual one as long as it has the right place: there is
// no other character nā, for instance, and 嗯 is the last one before ná.
const surnames = `
	解=谢 查=渣 单=善 單=善 曾=增 任=壬 华=画 華=画 仇=求 区=欧 區=歐
	盖=舸 蓋=舸 葛=舸 朴=瓢 燕=烟 缪=妙 繆=妙 洗=显 翟=宅 黑=贺
	乐=岳 樂=岳 折=舌 员=运 員=运 贠=运 秘=必 祕=必 繁=婆 种=崇
	召=邵 覃=秦 那=嗯 句=勾 佴=奈 能=奈 郇=荀 祭=寨 阚=看 卜=补
	都=督 哈=奤 薄=博 过=郭 過=郭 沈=审 於=淤 粘=年 炅=贵 乜=聂
	占=沾 涂=途 撒=洒 賁=奔 鈄=钭 要=腰 么=腰 干=甘 肖=萧
	闫=阎 闕=缺 蔚=裕

	李=里 伍=午 巴=八 楚=储 戚=妻 罗=萝 西=夕 卓=灼

	单于=缠于 單于=缠于 尉迟=裕迟 尉遲=裕遲 万俟=墨俟 萬俟=墨俟
	澹台=谈台 澹臺=谈臺 令狐=灵狐 拓跋=唾跋 诸葛=诸舸 諸葛=諸舸`

// surnameReadings yields the surnames and their stand-ins, which have the same
// number of characters; a character which stands for itself keeps its place.
func surnameReadings() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for field := range strings.FieldsSeq(surnames) {
			text, like, _ := strings.Cut(field, "=")
			if !yield(text, like) {
				return
			}
		}
	}
}
