package e2e

// This file fills in what the page of "assay debug" can be told beside a token, and compares two.

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"assay.example/jwt/jwttest"
)

// TestFields gives the page what the command has flags for.
func TestFields(t *testing.T) {
	d := debug(t, "-insecure-loopback-http", "-issuer", issuer.URL, "-audience", jwttest.Audience)
	p := open(t, d, wide())
	p.until(`document.querySelector("#issuer").value !== ""`)
	p.paste("#token", issuer.Token(jwttest.Claims{"scope": "read:messages", "client_id": "app"}))
	p.source("jwks")
	p.paste("#jwks", issuer.URL+".well-known/jwks.json")
	p.stamps("UNVERIFIED")
	verify := func(stamps string) {
		t.Helper()
		p.click("#verify")
		p.stamps(stamps)
	}
	verify("VALID, SIGNATURE VERIFIED")
	for _, c := range []struct{ id, wrong, right, say string }{
		{"scopes", "admin", "read:messages", "scope"},
		{"clients", "other", "other app", "client"},
		{"at", "2036-01-01T00:00:00Z", "", "Expired"},
	} {
		p.set(c.id, c.wrong)
		verify("REFUSED, SIGNATURE VERIFIED")
		if say := p.text("#say"); !strings.Contains(say, c.say) {
			t.Errorf("%s: %s", c.id, say)
		}
		if c.id == "at" {
			if times := p.text("#times"); !strings.Contains(times, "as you asked") {
				t.Errorf("the time is judged %s", times)
			}
		}
		p.set(c.id, c.right)
		verify("VALID, SIGNATURE VERIFIED")
	}

	// A field that cannot be used is named, opened and given the focus.
	p.click("#more summary")
	p.set("at", "tomorrow")
	p.click("#verify")
	p.until(`document.activeElement.id === "at" && document.querySelector("#at-fault").checkVisibility() && document.querySelector("#at").getAttribute("aria-describedby") === "at-fault"`)
	p.set("at", "")
	p.until(`!document.querySelector("#at-fault") && !document.querySelector("#at").hasAttribute("aria-describedby")`)

	// An issuer of many tenants asks which.
	if value[bool](p, `document.querySelector("#tenants").checkVisibility()`) {
		t.Error("one issuer is asked for its tenants")
	}
	p.set("issuer", "https://login.microsoftonline.com/{tenantid}/v2.0")
	p.until(`document.querySelector("#tenants").checkVisibility()`)
	p.set("tenants", "contoso")
	p.until(`document.querySelector("#tenants-fault")?.innerText.includes("GUID")`)
	p.picture("tenants-light")
}

// TestBase64Secret verifies with a secret in standard base64.
func TestBase64Secret(t *testing.T) {
	d := debug(t)
	p := open(t, d, wide())
	secret := strings.Repeat("~?>", 12)
	p.source("secret")
	p.paste("#issuer", "https://issuer.example")
	p.paste("#audience", "api")
	p.paste("#token", hs256(t, secret))
	p.paste("#secret", base64.StdEncoding.EncodeToString([]byte(secret)))
	p.stamps("REFUSED, UNVERIFIED")
	p.click("#base64")
	p.stamps("VALID, SIGNATURE VERIFIED")
}

// TestKept gives the page another token, and loads it anew. What it is held against stays; tokens and
// secrets do not.
func TestKept(t *testing.T) {
	d := debug(t, "-issuer", "https://from.the.command.example")
	p := open(t, d, wide())
	p.click(`[data-example="good"]`)
	p.stamps("VALID, SIGNATURE VERIFIED")
	good := value[string](p, `document.querySelector("#token").value`)
	key := value[string](p, `document.querySelector("#key").value`)
	p.set("clients", "mobile-app")
	p.stamps("VALID, SIGNATURE VERIFIED")

	p.click("#clear")
	p.stamps("UNVERIFIED")
	p.paste("#token", good)
	p.stamps("VALID, SIGNATURE VERIFIED")

	p.do(chromedp.Reload())
	p.until(`document.querySelector("#issuer").value === "https://login.example.com/" && document.querySelector("#clients").checkVisibility()`)
	fields := value[string](p, `["token", "audience", "clients", "key"].map((id) => document.querySelector("#" + id).value).join("|") + source()`)
	if want := "|https://api.example.com|mobile-app|" + key + "key"; fields != want {
		t.Errorf("after a reload the fields are %s, want %s", fields, want)
	}
	p.paste("#token", good)
	p.stamps("VALID, SIGNATURE VERIFIED")

	// A secret and a private key are not stored.
	const private = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`
	p.paste("#key", private)
	p.until(`document.querySelector("#key-fault")?.innerText.includes("private key")`)
	p.source("secret")
	p.paste("#secret", "0123456789abcdef0123456789abcdef")
	p.stamps("REFUSED, UNVERIFIED")
	if stored := value[string](p, `JSON.stringify(Object.entries(sessionStorage)) + JSON.stringify(Object.entries(localStorage)) + JSON.stringify(history.state) + name`); strings.Contains(stored, "eyJ") || strings.Contains(stored, "0123456789") || strings.Contains(stored, "nWGxne") || !strings.Contains(stored, "mobile-app") {
		t.Errorf("stored are %s", stored)
	}
	p.do(chromedp.Reload())
	p.until(`document.querySelector("#secret").checkVisibility() && document.querySelector("#secret").value === "" && document.querySelector("#key").value === ""`)

	p.click("#forget")
	p.until(`document.querySelector("#issuer").value === "https://from.the.command.example" && document.querySelector("#clients").value === "" && document.activeElement.id === "token"`)
	if stored := value[string](p, `JSON.stringify(Object.entries(sessionStorage))`); strings.Contains(stored, "mobile-app") {
		t.Errorf("stored are %s", stored)
	}
}

// TestCompare holds two tokens against each other, in sight of both.
func TestCompare(t *testing.T) {
	d := debug(t, "-insecure-loopback-http", "-issuer", issuer.URL, "-audience", jwttest.Audience)
	for _, look := range []struct {
		name   string
		screen step
		theme  string
	}{{"light", wide(), "light"}, {"dark", wide(), "dark"}, {"phone", phone(), "light"}} {
		p := open(t, d, look.screen, theme(look.theme))
		p.until(`document.querySelector("#issuer").value !== ""`)
		p.source("jwks")
		p.paste("#jwks", issuer.URL+".well-known/jwks.json")
		p.paste("#token", issuer.Token(jwttest.Claims{"sub": "ada-0815", "scope": "read:messages write:messages", "roles": []string{"user"}}))
		p.stamps("UNVERIFIED")
		p.click("#compare")
		p.until(`document.activeElement.id === "other" && document.querySelector("#token-label").innerText === "Token A"`)
		p.paste("#other", issuer.Token(jwttest.Claims{"sub": "ada-0815", "scope": "read:messages", "aud": "https://other.example", "roles": []string{"user"}}))
		p.until(`document.querySelector("#comparison").checkVisibility()`)
		p.click("#verify")
		p.stamps("A: VALID, B: REFUSED")
		if say := p.text("#say"); say != "They differ in aud and scope." {
			t.Errorf("%s: %s", look.name, say)
		}
		rows := value[string](p, `[...document.querySelectorAll("#rows > table")].map((t) => [...t.querySelectorAll("tbody")].map((b) => b.dataset.row).join(", ")).join("; ")`)
		if !strings.HasPrefix(rows, "check Is it meant for this application?, payload aud, payload scope; payload ") || !strings.HasSuffix(rows, "payload jti") {
			t.Errorf("%s: the rows are %s", look.name, rows)
		}
		if note := p.text(`[data-row="payload scope"] .note:last-child`); note != "Only A has write:messages." {
			t.Errorf("%s: of the scopes it says %s", look.name, note)
		}
		if report := value[string](p, `document.querySelector("#plain").textContent`); strings.Contains(report, "ada-0815") || strings.Contains(report, "eyJ") || !strings.Contains(report, "They differ in aud") {
			t.Errorf("%s: the report is %s", look.name, report)
		}
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((d) => d.open = true)`))
		p.looksRight("comparison on " + look.name)
		p.accessible("comparison on " + look.name)
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((d) => d.open = false); scrollTo(0, 0)`))
		p.picture("compare-" + look.name)
		p.click("#swap")
		p.click("#verify")
		p.stamps("A: REFUSED, B: VALID")
		p.click("#compare")
		p.until(`!document.querySelector("#comparison").checkVisibility() && !document.querySelector("#other").checkVisibility() && document.querySelector("#payload").checkVisibility()`)
	}
}

// TestFold wants the decoded token beside the encoded one without scrolling.
func TestFold(t *testing.T) {
	d := debug(t)
	p := open(t, d, wide(), still("light"))
	p.click(`[data-example="expired"]`)
	p.stamps("REFUSED, SIGNATURE VERIFIED")
	places := value[string](p, `(() => {
		const at = (id) => document.querySelector(id).getBoundingClientRect();
		const editor = at("#editor"), payload = at("#payload"), header = at("#header"), banner = at("#banner");
		return [scrollY === 0, editor.bottom < 900, payload.bottom < 900, header.left > editor.right, banner.bottom < header.top, header.bottom < payload.top].join(" ");
	})()`)
	if places != "true true true true true true" {
		t.Errorf("above the fold: %s", places)
	}
	p.frames()
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	p.leave("fold", png)
}

// TestWidths looks at the page from 320 to 1600 pixels, in both themes, in each of its states.
func TestWidths(t *testing.T) {
	d := debug(t)
	p := open(t, d, wide())
	p.click(`[data-example="expired"]`)
	p.stamps("REFUSED, SIGNATURE VERIFIED")
	p.source("secret")
	p.set("secret", "short")
	p.until(`document.querySelector("#secret-fault")`)
	p.set("issuer", "https://login.microsoftonline.com/{tenantid}/v2.0")
	p.set("at", "tomorrow")
	p.until(`document.querySelector("#at-fault")`)
	for _, width := range []int{320, 375, 600, 768, 1024, 1280, 1600} {
		for _, name := range []string{"light", "dark"} {
			p.do(chromedp.EmulateViewport(int64(width), 900), still(name))
			p.looksRight(fmt.Sprintf("at %d pixels, %s", width, name))
			p.picture(fmt.Sprintf("width-%d-%s", width, name))
		}
	}
}

// TestAccessibility has the rules of axe-core find nothing.
func TestAccessibility(t *testing.T) {
	d := debug(t)
	for _, look := range []struct {
		name   string
		screen step
		theme  string
	}{{"light", wide(), "light"}, {"dark", wide(), "dark"}, {"narrow", chromedp.EmulateViewport(320, 640), "light"}} {
		p := open(t, d, look.screen, theme(look.theme))
		p.accessible("start, " + look.name)
		for _, kind := range []string{"good", "expired"} {
			p.click(`[data-example="` + kind + `"]`)
			p.until(`document.querySelector("#say").innerText.startsWith("` + map[string]string{"good": "Every check", "expired": "Expired"}[kind] + `")`)
			p.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((d) => d.open = true)`))
			p.accessible(kind + ", " + look.name)
		}
		p.set("key", "nonsense")
		p.until(`document.querySelector("#key-fault")`)
		p.accessible("a bad key, " + look.name)
	}
}
