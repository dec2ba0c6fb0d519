//go:build moreclients

package moreclients

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "a folder for pictures of the pages that the tests visit")

// within is how long one step in a browser may take on a busy machine.
const within = time.Minute

// seen is what the tests ask pages by.
const seen = `window.seen = {
	names: (selector) => [...document.querySelectorAll(selector)].map(e => e.innerText.trim()).join("|"),
	rows: (row, cell) => [...document.querySelectorAll(row)].filter(r => r.checkVisibility()).map(r => [...r.querySelectorAll(cell)].map(c => c.innerText.trim()).join("|")).join("\n"),
	one: (selector, text) => [...document.querySelectorAll(selector)].find(e => e.innerText.trim() === text),
}`

// tab is one tab of a headless Chromium.
type tab struct {
	t         *testing.T
	ctx       context.Context
	downloads string
	faults    string // a selector of what the program shows its errors in

	mu       sync.Mutex
	troubles []string // guarded by mu: what went wrong in the page
	done     chan string
}

// openChromium starts Chromium with an empty profile. It reaches this machine
// alone. A program that shows its errors in faults is to show none.
func openChromium(t *testing.T, faults string) *tab {
	t.Helper()
	profile := t.TempDir()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("/usr/bin/chromium"), chromedp.NoSandbox, chromedp.UserDataDir(profile),
		chromedp.WindowSize(1400, 1000), chromedp.Flag("lang", "en"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), chromedp.Flag("no-proxy-server", true),
		chromedp.Env("HOME="+profile))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, end := chromedp.NewContext(ctx)
	p := &tab{t: t, ctx: ctx, downloads: t.TempDir(), faults: faults, done: make(chan string, 1)}
	t.Cleanup(func() {
		if t.Failed() && *screenshots != "" {
			p.shot("failed")
		}
		end()
		stop()
	})
	chromedp.ListenTarget(ctx, p.event)
	p.do("start", chromedp.ActionFunc(func(ctx context.Context) error {
		return browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllowAndName).
			WithDownloadPath(p.downloads).WithEventsEnabled(true).Do(ctx)
	}), network.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(seen).Do(ctx)
		return err
	}))
	return p
}

func (p *tab) event(ev any) {
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		p.trouble(ev.ExceptionDetails.URL + " " + ev.ExceptionDetails.Error())
	case *network.EventResponseReceived:
		if ev.Response.Status >= 400 {
			p.trouble(fmt.Sprintf("%s: %d", ev.Response.URL, ev.Response.Status))
		}
	case *browser.EventDownloadProgress:
		if ev.State == browser.DownloadProgressStateCompleted {
			p.done <- ev.GUID
		}
	}
}

func (p *tab) trouble(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.troubles = append(p.troubles, text)
}

// do does a step, which has to succeed.
func (p *tab) do(step string, actions ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, within)
	defer cancel()
	if step == "start" { // chromedp ties the browser's life to the first context that it is given
		ctx = p.ctx
	}
	if err := chromedp.Run(ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v\nthe page shows\n%s", step, err, p.whole())
	}
}

// whole returns the text of the page, as far as it can be had.
func (p *tab) whole() string {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	var text string
	if err := chromedp.Run(ctx, chromedp.Evaluate("document.body.innerText", &text)); err != nil {
		return err.Error()
	}
	return text
}

func (p *tab) open(url string) {
	p.t.Helper()
	p.do("open "+url, chromedp.ActionFunc(func(ctx context.Context) error {
		for {
			err := chromedp.Navigate(url).Do(ctx)
			if err == nil || !strings.Contains(err.Error(), "net::ERR_ABORTED") { // by the end of a download before it
				return err
			}
		}
	}))
}

// await waits until an expression of JavaScript is true.
func (p *tab) await(condition string) {
	p.t.Helper()
	p.do("await "+condition, chromedp.ActionFunc(func(ctx context.Context) error { return p.poll(ctx, condition) }))
}

// poll waits until a condition is true, also over the loads of other pages.
func (p *tab) poll(ctx context.Context, condition string) error {
	condition = "(() => { try { return !!(" + condition + ") } catch (e) { return false } })()"
	return chromedp.Run(ctx, again(chromedp.Poll(condition, nil, chromedp.WithPollingTimeout(within))))
}

func (p *tab) click(selector string) {
	p.t.Helper()
	p.do("click "+selector, again(chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible)))
}

// clickText clicks the one of the elements that has a text.
func (p *tab) clickText(selector, text string) {
	p.t.Helper()
	p.do("click "+text, again(chromedp.Click(fmt.Sprintf("seen.one(%q, %q)", selector, text), chromedp.ByJSPath)))
}

// again does a step again whose element went as the page was changed or loaded.
func again(step chromedp.Action) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for {
			err := step.Do(ctx)
			var gone *cdproto.Error
			if !errors.As(err, &gone) {
				return err
			}
		}
	})
}

func (p *tab) fill(selector, text string) {
	p.t.Helper()
	p.do("fill "+selector, chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.SetValue(selector, text, chromedp.ByQuery),
		chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).dispatchEvent(new Event("change", {bubbles: true}))`, selector), nil))
}

// shows waits until an expression of JavaScript is a text.
func (p *tab) shows(expression, want string) {
	p.t.Helper()
	quoted, err := json.Marshal(want)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(p.ctx, within)
	defer cancel()
	if err := p.poll(ctx, "("+expression+") === "+string(quoted)); err != nil {
		p.t.Fatalf("%s: %v\nit is\n%s\nwant\n%s", expression, err, p.eval(expression), want)
	}
}

// eval returns the value of an expression of JavaScript, which is a string.
func (p *tab) eval(expression string) string {
	p.t.Helper()
	var got string
	p.do("eval "+expression, chromedp.Evaluate(expression, &got))
	return got
}

// download returns what a step makes the browser download.
func (p *tab) download(step func()) string {
	p.t.Helper()
	step()
	select {
	case guid := <-p.done:
		text, err := os.ReadFile(filepath.Join(p.downloads, guid))
		if err != nil {
			p.t.Fatal(err)
		}
		return string(text)
	case <-time.After(within):
		p.t.Fatalf("nothing was downloaded\n%s", p.whole())
		return ""
	}
}

// shot keeps a picture of the page where -screenshots says so, and wants the
// page to be without trouble.
func (p *tab) shot(name string) {
	p.t.Helper()
	p.mu.Lock()
	if len(p.troubles) > 0 {
		p.t.Errorf("%s: trouble in the page:\n%s", name, strings.Join(p.troubles, "\n"))
	}
	p.troubles = nil
	p.mu.Unlock()
	if faults := p.eval(fmt.Sprintf("[...document.querySelectorAll(%q)].filter(e => e.checkVisibility()).map(e => e.innerText).join('\\n')", p.faults)); faults != "" {
		p.t.Errorf("%s: the page has an error:\n%s", name, faults)
	}
	if *screenshots == "" {
		return
	}
	var picture []byte
	ctx, cancel := context.WithTimeout(p.ctx, within)
	defer cancel()
	if err := chromedp.Run(ctx, again(chromedp.FullScreenshot(&picture, 100))); err != nil {
		p.t.Errorf("screenshot %s: %v", name, err)
		return
	}
	if err := os.WriteFile(filepath.Join(*screenshots, strings.NewReplacer("/", "-", " ", "-").Replace(p.t.Name()+"-"+name)+".png"), picture, 0o600); err != nil {
		p.t.Error(err)
	}
}
