package wire

import (
	"strconv"
	"strings"

	"rollcall"
)

const (
	okTail   = `"errcode":0,"errmsg":"ok"`
	okHead   = "{" + okTail
	okResult = okHead + `,"result":`
)

// begin starts the envelope of a success, in the hope that it will be one.
func (c *Call) begin() {
	c.out = c.out[:0]
	switch {
	case c.ep.Result.Beside:
		c.out = append(c.out, '{')
	case c.family == TOP:
		c.out = append(c.out, okResult...)
	}
	c.mark = len(c.out)
}

// end finishes the envelope of a success (contract D5).
func (c *Call) end() {
	switch {
	case len(c.out) <= c.mark: // no result
		c.out = append(c.out[:0], okHead...)
		c.close()
	case c.ep.Result.Beside:
		c.out = append(c.out, ","+okTail...)
		c.close()
	case c.family == TOP:
		c.close()
	}
}

// fail makes the reply a fault's (contract D4, D5). Subject is what the fault is
// about, detail what else is to be said; both may be empty.
func (c *Call) fail(f Fault, subject, detail string) {
	f = c.family.own(f)
	c.code, c.about = f.Code, subject
	if c.family == OAuth {
		c.failOAuth(f, subject)
		return
	}
	text := f.text(c.lang, subject)
	if detail != "" {
		text += ": " + detail
	}
	c.out = append(c.out[:0], `{"errcode":`...)
	switch {
	case c.family == TOP && f.Sub:
		c.code = codeWrapped
		sub := strconv.Itoa(f.Code)
		c.out.Int(codeWrapped).Raw(`,"sub_code":`).String(sub).Raw(`,"sub_msg":`).String(text)
		text = "ding talk error[subcode=" + sub + ",submsg=" + text + "]"
	case f.Code == codeInvalidMethod:
		c.out.Int(codeInvalidMethod).Raw(`,"sub_msg":`).String(text)
		text = "Invalid method[submsg=" + text + "]"
	default:
		c.out.Int(int64(f.Code))
	}
	c.out.Raw(`,"errmsg":`).String(text)
	c.close()
}

// failWith makes the reply that of an error of Serve.
func (c *Call) failWith(e *rollcall.Error, row FaultRow) {
	detail := ""
	if row.Detail && c.lang != rollcall.Chinese { // details are in English
		detail = e.Detail
	}
	c.fail(row.Fault, e.Param, detail)
}

// close ends the object, with the request_id where the family has one.
func (c *Call) close() {
	if c.family == TOP {
		c.out.Raw(`,"request_id":"`).Bytes(c.requestID()).Raw(`"}`)
	} else {
		c.out.Raw("}")
	}
}

// maxPath is how much of an unknown path is shown: more is nobody's mistake.
const maxPath = 256

// apiName is the name of the method behind a path under /topapi (contract 1.2).
func apiName(path string) string {
	return "dingtalk.oapi." + strings.ReplaceAll(path[len(topPrefix):min(len(path), maxPath)], "/", ".")
}

// loggedPath is what the log gets to see of an unknown path: what a name can
// be, and nothing behind it. Where a client puts "&" in the place of "?", that
// would be a secret.
func loggedPath(path string) string {
	path = path[:min(len(path), maxPath)]
	for i, c := range []byte(path) {
		named := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !named && !strings.ContainsRune("/_.-", rune(c)) {
			return path[:i]
		}
	}
	return path
}

const (
	idLen   = 12 // of a request_id (contract D5)
	uuidLen = 36 // of the requestid of the newer host
)

// requestID returns the id of the call, as its reply and the log have it.
func (c *Call) requestID() []byte {
	if c.family == OAuth {
		return c.id[:]
	}
	return c.id[:idLen]
}

// name gives the call its id.
func (c *Call) name(random func() uint64) {
	if c.family == OAuth {
		formatUUID(&c.id, random(), random())
		return
	}
	formatID(c.id[:idLen], random())
}

// formatID writes characters of 0-9a-z (contract D5).
func formatID(id []byte, n uint64) {
	for i := range id {
		id[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[n%36]
		n /= 36
	}
}
