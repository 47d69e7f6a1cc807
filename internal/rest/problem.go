package rest

import (
	"errors"
	"net/http"

	"rollcall"
	"rollcall/internal/wire"
)

// problem is one row of the table of failures: an HTTP status, and a code by
// which programs decide.
type problem struct {
	status int
	code   string
	en, zh string
	param  string // what it is about, if anything
	detail string // more, in English
}

// Error implements error.
func (p problem) Error() string { return p.code + ": " + p.en }

// about returns the problem for a subject.
func (p problem) about(param string) problem {
	p.param = param
	return p
}

// The table of failures; immutable.
var (
	problemNoToken    = problem{status: http.StatusUnauthorized, code: "token_missing", en: "There is no token: send Authorization: Bearer and the access_token", zh: "缺少令牌：请发送 Authorization: Bearer 和 access_token"}
	problemToken      = problem{status: http.StatusUnauthorized, code: "token_invalid", en: "The token is unknown, expired or revoked", zh: "令牌未知、已过期或已撤销"}
	problemAddress    = problem{status: http.StatusForbidden, code: "address_denied", en: "The app may not call from this address", zh: "该应用不允许从此地址调用"}
	problemPermission = problem{status: http.StatusForbidden, code: "permission_missing", en: "The app does not hold the permission point", zh: "应用没有所需的权限点"}
	problemScope      = problem{status: http.StatusForbidden, code: "scope_limited", en: "The contact scope of the app is not the whole organization", zh: "应用的通讯录范围不是整个组织"}
	problemRate       = problem{status: http.StatusTooManyRequests, code: "rate_exceeded", en: "The app calls more often than it may", zh: "应用的调用次数超过限制"}
	problemPath       = problem{status: http.StatusNotFound, code: "path_unknown", en: "There is no such call", zh: "没有这个接口"}
	problemMethod     = problem{status: http.StatusMethodNotAllowed, code: "method_unknown", en: "The call does not take this method", zh: "该接口不支持此请求方法"}
	problemParam      = problem{status: http.StatusBadRequest, code: "parameter_invalid", en: "A parameter is missing or not allowed", zh: "参数缺失或不合法"}
	problemMissing    = problem{status: http.StatusNotFound, code: "not_found", en: "What is named does not exist", zh: "指定的对象不存在"}
	problemConflict   = problem{status: http.StatusConflict, code: "conflict", en: "It exists already, or two things exclude each other", zh: "对象已存在或互相冲突"}
	problemDenied     = problem{status: http.StatusForbidden, code: "denied", en: "The app may not do or see this", zh: "应用无权执行或查看"}
	problemNoSandbox  = problem{status: http.StatusConflict, code: "no_sandbox", en: "The clock can be set only where every organization of the server has the setting sandbox", zh: "仅当服务器的所有组织都启用sandbox设置时才能调整时钟"}
	problemVersion    = problem{status: http.StatusGone, code: "version_gone", en: "There is no such version (any more): begin anew with departments and users", zh: "该版本不存在或已失效：请重新读取全部部门和人员"}
	problemTooLarge   = problem{status: http.StatusRequestEntityTooLarge, code: "too_large", en: "The body is larger than 64 MiB", zh: "请求体超过64 MiB"}
	problemFull       = problem{status: http.StatusTooManyRequests, code: "queue_full", en: "Too many sign-ins are being recorded; send them again after a moment", zh: "签到队列已满，请稍后重发"}
	problemNotYet     = problem{status: http.StatusServiceUnavailable, code: "version_not_here", en: "The version that was asked for has not come to this node yet; try again", zh: "所请求的版本尚未到达此节点，请稍后再试"}
	problemBusy       = problem{status: http.StatusServiceUnavailable, code: "busy", en: "It cannot be done just now; try again", zh: "系统繁忙，请稍后再试"}
)

// problemOf finds the row for an error.
func problemOf(err error) problem {
	if errors.Is(err, rollcall.ErrNotYet) {
		return problemNotYet
	}
	var e *rollcall.Error
	if !errors.As(err, &e) {
		return problemBusy
	}
	p := problemBusy
	switch e.Kind {
	case rollcall.KindMissing, rollcall.KindMalformed, rollcall.KindInvalid:
		p = problemParam
	case rollcall.KindNotFound:
		p = problemMissing
	case rollcall.KindConflict:
		p = problemConflict
	case rollcall.KindDenied:
		p = problemDenied
	default:
		return p
	}
	p.param, p.detail = e.Param, e.Detail
	return p
}

// write answers with the problem.
func (p problem) write(w http.ResponseWriter, l rollcall.Language) {
	text := p.en
	if l == rollcall.Chinese {
		text = p.zh
	} else if p.detail != "" {
		text += ": " + p.detail
	}
	var b wire.Buffer
	b.Raw(`{"error":{"code":`).String(p.code).Raw(`,"message":`).String(text)
	if p.param != "" {
		b.Raw(`,"param":`).String(p.param)
	}
	b.Raw("}}\n")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.status)
	_, _ = w.Write(b) // the client may have gone
}
