//go:build browser

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var shots = flag.String("browser.shots", "", "directory for pictures of the page")

// browser is a browser that shows the page of a demo server.
type browser struct {
	t      *testing.T
	ctx    context.Context
	server *liveServer
	url    string // of the page

	mu         sync.Mutex
	complaints []string // of the browser
}

// openBrowser starts a demo and a browser with nothing in its profile.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	b := &browser{t: t}
	b.server = startServer(t, "--demo", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", "json")
	ready := b.server.waitLog("ready")
	b.url = fmt.Sprintf("http://%s/docs", ready["listen"])
	// Arguments that the allocator has of itself are not repeated here.
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.WSURLReadTimeout(2*patience),
	)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	b.ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b.do()
	watch(b, log.EntryAdded, func(e log.EventEntryAdded) string {
		if e.Entry.Level == log.EntryLevelVerbose {
			return "" // advice
		}
		return e.Entry.Text + " " + e.Entry.URL
	})
	watch(b, runtime.ExceptionThrown, func(e runtime.EventExceptionThrown) string { return e.ExceptionDetails.Text })
	watch(b, runtime.ConsoleAPICalled, func(e runtime.EventConsoleAPICalled) string { return "console." + string(e.Type) })
	watch(b, network.RequestWillBeSent, func(e network.EventRequestWillBeSent) string {
		to := e.Request.URL
		if strings.HasPrefix(to, strings.TrimSuffix(b.url, "docs")) || strings.HasPrefix(to, "data:") || to == "about:blank" {
			return ""
		}
		return "a request to " + to
	})
	b.do(protocol(log.Enable, cdp.Empty{}), protocol(runtime.Enable, cdp.Empty{}),
		protocol(network.Enable, network.EnableParams{}), b.screen(1280, 900, "light"))
	b.open("")
	return b
}

// watch notes what the browser complains of, from now on: errors, breaches of
// the page's policy, requests to anybody else.
func watch[E any](b *browser, event cdp.Event[E], complaint func(E) string) {
	events := chromedp.Events(b.ctx, event)
	go func() {
		for e, err := range events {
			if err != nil {
				return // the browser has ended
			}
			if text := complaint(e); text != "" {
				b.mu.Lock()
				b.complaints = append(b.complaints, text)
				b.mu.Unlock()
			}
		}
	}()
}

// protocol is an action that sends a command of the browser's protocol.
func protocol[P any](c cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx := b.ctx
	if len(actions) > 0 { // the first time starts the browser, which must outlive it
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("%v; the browser complains of %q", err, b.complaints)
	}
}

// open goes to the page and waits until it is filled.
func (b *browser) open(hash string) {
	b.t.Helper()
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(b.url+hash), chromedp.WaitReady(chromedp.CSS("#calls .call")))
}

func (b *browser) screen(width, height int64, scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(
		chromedp.EmulateViewport(width, height),
		protocol(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}),
	)
}

// get evaluates an expression.
func get[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// script carries out statements in the page.
func (b *browser) script(statements string) {
	b.t.Helper()
	get[bool](b, "(() => {"+statements+"; return true })()")
}

// fill types a text into a field in the place of what is there.
func (b *browser) fill(selector, text string) {
	b.t.Helper()
	b.script(fmt.Sprintf("const e = document.querySelector(%q); e.value = ''; e.dispatchEvent(new Event('input', {bubbles: true}))", selector))
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// becomes waits until an expression has a value.
func (b *browser) becomes(expression, want string) {
	b.t.Helper()
	got := ""
	limit := time.Now().Add(patience)
	for time.Now().Before(limit) {
		if got = get[string](b, expression); got == want {
			return
		}
	}
	b.t.Fatalf("%s is %q, not %q", expression, got, want)
}

func textOf(selector string) string {
	return fmt.Sprintf("document.querySelector(%q).textContent", selector)
}

// shoot takes a picture of what is on the screen.
func (b *browser) shoot(name string) {
	b.t.Helper()
	if *shots == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// credentials are those that the demo tells.
func (b *browser) credentials() (appkey, appsecret string) {
	b.t.Helper()
	told := regexp.MustCompile(`appkey=([^&\s]+)&appsecret=([^,\s]+),`)
	eventually(b.t, "the demo tells its credentials", func() bool { return told.MatchString(b.server.log()) })
	m := told.FindStringSubmatch(b.server.log())
	return m[1], m[2]
}

// TestPageInABrowser reads the page and tries calls from it, mostly with the
// keyboard, as a person would.
func TestPageInABrowser(t *testing.T) {
	b := openBrowser(t)
	appkey, appsecret := b.credentials()

	// Everything in the document is on the page.
	var doc struct {
		Paths map[string]any `json:"paths"`
	}
	resp, err := http.Get(strings.TrimSuffix(b.url, "docs") + "openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil || len(doc.Paths) == 0 {
		t.Fatalf("%d paths, %v", len(doc.Paths), err)
	}
	for path := range doc.Paths {
		if n := get[int](b, fmt.Sprintf("document.querySelectorAll('[id=%q]').length", path)); n != 1 {
			t.Errorf("%s is on the page %d times", path, n)
		}
	}
	b.shoot("light")

	// Without a token there is no call; a wrong secret gets none.
	b.open("#/topapi/user/count")
	const count = `[id="/topapi/user/count"]`
	const state, reply = count + " [role=status]", count + " [role=status] + div"
	b.do(chromedp.Click(chromedp.CSS(count + " button.main")))
	b.becomes(textOf(state), "Get a token first, at the top of the page.")
	b.do(chromedp.SendKeys(chromedp.CSS("#appkey"), appkey), chromedp.SendKeys(chromedp.CSS("#appsecret"), "wrong"+kb.Enter))
	b.becomes(textOf("#token-state"), "No token: 40096 Illegal appKey or appSecret")
	b.fill("#appsecret", appsecret+kb.Enter)
	b.becomes(textOf("#token-state"), "There is a token.")
	if v := get[string](b, `document.querySelector('#appsecret').value`); v != "" {
		t.Errorf("the field of the secret holds %q", v)
	}

	// A call, as a form, as JSON and as a GET.
	result := `JSON.stringify(JSON.parse(` + textOf(reply) + ` || '{}').result ?? '')`
	b.do(chromedp.SendKeys(chromedp.CSS(count+" [name=only_active]"), "false"), chromedp.Click(chromedp.CSS(count+" button.main")))
	b.becomes(result, `{"count":304}`)
	for _, choose := range []string{"form.elements['(format)'].value = 'json'", "form.elements['(method)'].value = 'GET'"} {
		b.script(`const form = document.querySelector('` + count + ` form'); ` + choose + `
			document.querySelector('` + reply + `').replaceChildren()
			form.dispatchEvent(new Event('change'))`)
		b.do(chromedp.Click(chromedp.CSS(count + " button.main")))
		b.becomes(result, `{"count":304}`)
	}

	// The curl line has no secret in it until that is asked for.
	line := textOf(count + " pre")
	origin := strings.TrimSuffix(b.url, "/docs")
	b.becomes(line, `curl -s -G '`+origin+`/topapi/user/count' -d "access_token=$TOKEN" --data-urlencode 'only_active=false'`)
	b.do(chromedp.Click(chromedp.CSS(count + ` [name="(reveal)"]`)))
	if got := get[string](b, line); !regexp.MustCompile(`-d 'access_token=[0-9a-f]{40}' `).MatchString(got) {
		t.Errorf("the line with the token is %s", got)
	}
	b.shoot("call")

	// Nothing is kept, and nothing is in the address.
	if kept := get[string](b, `[localStorage.length, sessionStorage.length, document.cookie, location.href].join()`); kept != "0,0,,"+b.url+"#/topapi/user/count" {
		t.Errorf("the page keeps %s", kept)
	}
	b.do(chromedp.Click(chromedp.CSS("#forget")))
	b.becomes(textOf("#token-state"), "There is no token yet.")
	b.quiet()
}

// TestPageWithTheKeyboard goes where a mouse is not needed.
func TestPageWithTheKeyboard(t *testing.T) {
	b := openBrowser(t)
	focused := `document.activeElement.id || document.activeElement.className`
	b.do(chromedp.KeyEvent(kb.Tab))
	b.becomes(focused, "skip")
	b.do(chromedp.KeyEvent("/"))
	b.becomes(focused, "filter")
	// A person's slash is not typed; that of the browser's protocol is, so that
	// the field is emptied first.
	b.fill("#filter", "inactive day")
	b.becomes(`[...document.querySelectorAll('.call')].filter(x => !x.hidden).map(x => x.id).join()`, "/topapi/inactive/user/v2/get")
	b.fill("#filter", "nonsense")
	b.becomes(`[...document.querySelectorAll('.call, .family, #nothing')].filter(x => x.checkVisibility()).map(x => x.id).join()`, "nothing")
	b.fill("#filter", "listsub ")
	b.do(chromedp.Focus(chromedp.CSS(`[id="/topapi/v2/department/listsub"] summary`)), chromedp.KeyEvent(kb.Enter))
	b.becomes(`String(document.querySelector('[id="/topapi/v2/department/listsub"]').open)`, "true")
	// Whatever takes a value has a name that is read out.
	b.becomes(`[...document.querySelectorAll('input, select')].filter(x => !x.labels?.length && !x.ariaLabel).map(x => x.name || x.id).join()`, "")

	b.do(chromedp.Focus(chromedp.CSS("#language")), chromedp.KeyEvent(" "))
	b.becomes(`document.documentElement.lang + ' ' + `+textOf("#token-title"), "zh-CN 访问令牌")
	// No word of the page is left in English.
	b.becomes(`[...document.querySelectorAll('[data-t]')].filter(x => words.en[x.dataset.t] === x.textContent && words.zh[x.dataset.t] !== x.textContent).map(x => x.dataset.t).join()`, "")
	b.becomes(`Object.keys(words.en).filter(k => !words.zh[k]).concat(Object.keys(words.zh).filter(k => !words.en[k])).join()`, "")
	b.shoot("chinese")
	b.do(chromedp.KeyEvent(" "))
	b.becomes(`document.documentElement.lang + ' ' + `+textOf("#token-title"), "en Token")
	b.quiet()
}

// TestPageOnEveryScreen: nothing is cut off on a phone, and what is written can
// be read in light and in dark (contrast 4.5, as WCAG has it for text).
func TestPageOnEveryScreen(t *testing.T) {
	b := openBrowser(t)
	const openAll = `document.querySelectorAll('details').forEach(d => d.open = true)`
	const overflow = `[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('pre, .scroll, .skip')).map(e => e.outerHTML.slice(0, 80)).slice(0, 5).join('\n')`
	const faint = `(() => {
		const style = getComputedStyle(document.documentElement)
		const light = name => {
			const c = style.getPropertyValue(name).trim().slice(1)
			const rgb = (c.length === 3 ? [...c].map(x => x + x) : c.match(/../g)).map(x => parseInt(x, 16) / 255)
			const [r, g, b] = rgb.map(x => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4)
			return .2126 * r + .7152 * g + .0722 * b
		}
		const contrast = (a, b) => (Math.max(light(a), light(b)) + .05) / (Math.min(light(a), light(b)) + .05)
		const pairs = ['text', 'soft', 'accent', 'good', 'bad', 'key', 'value'].flatMap(x => [['--' + x, '--back'], ['--' + x, '--raised']])
		return pairs.concat([['--on-accent', '--accent'], ['--text', '--mark']]).filter(([a, b]) => !(contrast(a, b) >= 4.5)).join(' ')
	})()`
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{320, 390, 800, 1280} {
			b.do(b.screen(width, 800, scheme))
			b.open("#/topapi/user/listsimple")
			b.shoot(fmt.Sprintf("%s-%d", scheme, width))
			b.script(openAll)
			b.do(chromedp.WaitReady(chromedp.CSS(`[id="/gettoken"] table`)))
			if got := get[string](b, overflow); got != "" {
				t.Errorf("%s, %d wide: cut off:\n%s", scheme, width, got)
			}
		}
		if got := get[string](b, faint); got != "" {
			t.Errorf("%s: not enough contrast: %s", scheme, got)
		}
		if got, want := get[string](b, `getComputedStyle(document.body).backgroundColor`), map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 29)"}[scheme]; got != want {
			t.Errorf("the page is %s in %s", got, scheme)
		}
	}
	b.quiet()
}

// quiet fails for everything that the browser complained of.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		b.t.Errorf("the browser complains: %s", c)
	}
}
