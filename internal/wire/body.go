package wire

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	maxBody  = 1 << 20  // bytes of a body (contract D2)
	firstBuf = 64 << 10 // most that is reserved on the word of a client
)

// read takes the parameters and the token from the query string and the body
// (contract D11). It returns what is wrong with them; the error is about a body
// that did not arrive.
func (c *Call) read() (flaw, error) {
	if c.family == OAuth {
		return c.readOAuth()
	}
	c.in = append(c.in[:0], c.req.RawQuery...)
	end := len(c.in)
	bodyFlaw, err := c.fetch()
	if err != nil {
		return sound, fmt.Errorf("the body did not arrive: %w", err)
	}
	result := c.readForm(c.in[:end])
	if bodyFlaw == sound {
		queryToken := c.token
		if bodyFlaw = c.readBody(c.in[end:]); bodyFlaw != sound {
			c.token = queryToken // a broken body counts for nothing
		}
	}
	if bodyFlaw != sound {
		return bodyFlaw, nil
	}
	return result, nil
}

// fetch appends the body to c.in.
func (c *Call) fetch() (flaw, error) {
	body := c.req.Body
	if body == nil || c.req.Length == 0 {
		return sound, nil
	}
	if c.req.Length > maxBody {
		return tooBig, nil
	}
	// One byte of room beyond the end lets one Read see the end.
	end := len(c.in) + maxBody
	c.in = slices.Grow(c.in, int(min(max(c.req.Length, 511)+1, firstBuf)))
	for idle := 0; ; idle++ {
		if len(c.in) == cap(c.in) {
			c.in = slices.Grow(c.in, 1)
		}
		n, err := body.Read(c.in[len(c.in):cap(c.in)])
		if n > 0 {
			c.in = c.in[:len(c.in)+n]
			idle = 0
		}
		switch {
		case len(c.in) > end:
			return tooBig, nil
		case err == io.EOF:
			return sound, nil
		case err != nil:
			return sound, err
		case idle > 100:
			return sound, io.ErrNoProgress
		}
	}
}

// readBody reads a JSON or a form body. Its content type says too little: there
// are clients that send JSON as a form and the other way about (contract 1.5),
// so that its first byte decides where it can.
func (c *Call) readBody(b []byte) flaw {
	start := bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	start = bytes.TrimLeft(start, " \t\r\n")
	if len(start) == 0 {
		return sound
	}
	if start[0] == '{' {
		return c.readJSON(start)
	}
	switch mediaOf(c.req.ContentType) {
	case mediaJSON:
		if !looksLikeForm(start) {
			return badJSON
		}
		b = start
	case mediaOther:
		return badType
	}
	return c.readForm(b)
}

// looksLikeForm tells a form from JSON that is no object.
func looksLikeForm(b []byte) bool {
	c := b[0] | 0x20
	return ('a' <= c && c <= 'z' || b[0] == '_' || b[0] == '%') && bytes.IndexByte(b, '=') > 0
}

// media is what a content type announces.
type media uint8

const (
	mediaForm  media = iota // a form, or nothing in particular
	mediaJSON               // JSON
	mediaOther              // what cannot be read, multipart above all
)

func mediaOf(contentType string) media {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.TrimSpace(t)
	hasPrefix := func(prefix string) bool { return len(t) >= len(prefix) && strings.EqualFold(t[:len(prefix)], prefix) }
	switch {
	case hasPrefix("application/x-www-form-urlencoded"):
		return mediaForm
	case hasPrefix("application/json"), len(t) > 5 && strings.EqualFold(t[len(t)-5:], "+json"):
		return mediaJSON
	case hasPrefix("multipart/"):
		return mediaOther
	}
	return mediaForm
}
